"""Messages by mail.

A mail is put together here rather than by the package `email`, whose messages
take longer to build than to send; what it says of itself is as RFC 5322, 2045
to 2047, 2369, 2919 and 3834 have it.
"""

import base64
import binascii
import contextlib
import hashlib
import mailbox
import re
import smtplib
import ssl
import subprocess
from collections.abc import Iterator
from email.header import Header
from email.utils import format_datetime
from typing import Any, NoReturn
from urllib.parse import urlsplit

from zope.component import getUtility
from zope.interface import implementer

from malonewatch.cleaning import clean
from malonewatch.interfaces import (
    BadInput,
    DeliveryFailed,
    DeliverySettings,
    DestinationSettings,
    IChannel,
    ISecrets,
    ISender,
    ITexts,
    Message,
    Notice,
)
from malonewatch.notifying.texts import unsubscribe_url, values_of

#: How many seconds an answer of a server, and a program, may take.
PATIENCE = 20.0

#: What there is nobody for, for good; see RFC 5321, 4.2.3.
_NOBODY = (550, 551, 553)

#: Longer subjects are cut off.
LONGEST_SUBJECT = 200

_LOOPBACK = re.compile(r"localhost|127\.[0-9.]+|::1")


@implementer(IChannel)
class MailChannel:
    """See `IChannel`.  An address is an e-mail address."""

    title = "Mail"
    keeps = 0
    is_prompt = False
    lanes = 4

    def check(self, settings: DestinationSettings) -> DestinationSettings:
        address = settings.address
        if re.fullmatch(r"[!-;=?A-~]{1,64}@[A-Za-z0-9.-]{1,253}", address) is None:
            raise BadInput(f"{clean(address, 60)!r} is not an e-mail address that mail goes to.")
        return settings

    def route(self, settings: DestinationSettings) -> str:
        return "mail"

    @contextlib.contextmanager
    def open(self, delivery: DeliverySettings) -> Iterator[ISender]:
        scheme, _, rest = delivery.transport.partition(":")
        if scheme == "maildir":
            yield MaildirSender(rest, delivery)
        elif scheme == "sendmail":
            yield ProgramSender(rest, delivery)
        else:
            sender = SMTPSender(delivery)
            sender.connect()
            try:
                yield sender
            finally:
                sender.close()


@implementer(ISender)
class MaildirSender:
    """Puts mail into a folder; see https://cr.yp.to/proto/maildir.html."""

    def __init__(self, path: str, delivery: DeliverySettings) -> None:
        self._delivery = delivery
        self._path = path

    def send(self, message: Message) -> None:
        try:
            mailbox.Maildir(self._path).add(mail_of(message, self._delivery))
        except OSError as error:
            raise DeliveryFailed(
                f"Mail cannot be put into {self._path} ({error.strerror}); look whether there is "
                "such a folder, and room in it."
            ) from error


@implementer(ISender)
class ProgramSender:
    """Gives mail to a program that works as sendmail does."""

    def __init__(self, path: str, delivery: DeliverySettings) -> None:
        self._delivery = delivery
        self._path = path

    def send(self, message: Message) -> None:
        command = [
            self._path,
            "-i",
            "-f",
            self._delivery.sender,
            message.destination.settings.address,
        ]
        try:
            done = subprocess.run(
                command,
                input=mail_of(message, self._delivery),
                capture_output=True,
                timeout=PATIENCE,
                check=False,
            )
        except OSError as error:
            raise DeliveryFailed(
                f"{self._path} cannot be run ({error.strerror}); 'malonewatch delivery "
                "--transport' names another way."
            ) from error
        except subprocess.TimeoutExpired:
            raise DeliveryFailed(f"{self._path} took more than {PATIENCE:g} seconds.") from None
        if done.returncode:
            said = clean(done.stderr.decode(errors="replace").strip(), 200)
            raise DeliveryFailed(
                f"{self._path} did not take the mail (exit code {done.returncode}): {said}"
            )


@implementer(ISender)
class SMTPSender:
    """Sends mail over one connection; see RFC 5321."""

    def __init__(self, delivery: DeliverySettings) -> None:
        self._delivery = delivery
        url = urlsplit(delivery.transport)
        self._is_tls = url.scheme == "smtps"
        self._host = url.hostname or "localhost"
        try:
            self._port = url.port or (465 if self._is_tls else 25)
        except ValueError:
            raise DeliveryFailed(f"{delivery.transport} has no port that can be.") from None
        self._smtp: smtplib.SMTP = smtplib.SMTP(timeout=PATIENCE)

    def connect(self) -> None:
        """Connect, and log in.

        :raises DeliveryFailed: that is not possible.
        """
        try:
            if self._is_tls:
                self._smtp = smtplib.SMTP_SSL(
                    self._host, self._port, timeout=PATIENCE, context=self._tls()
                )
            else:
                self._smtp = smtplib.SMTP(self._host, self._port, timeout=PATIENCE)
            self._smtp.ehlo_or_helo_if_needed()
            if not self._is_tls and self._smtp.has_extn("starttls"):
                self._smtp.starttls(context=self._tls())
                self._smtp.ehlo()
            if self._delivery.username:
                self._smtp.login(self._delivery.username, self._password())
        except smtplib.SMTPAuthenticationError as error:
            self._smtp.close()
            raise DeliveryFailed(
                f"{self._where} does not let {self._delivery.username} in ({error.smtp_code}); "
                "look at the name and the password of 'malonewatch delivery'."
            ) from None
        except (OSError, smtplib.SMTPException) as error:
            self._smtp.close()
            self._fail(error)

    def _password(self) -> str:
        try:
            return str(getUtility(ISecrets).get(self._delivery.password))
        except BadInput as error:
            self._smtp.close()
            raise DeliveryFailed(f"The password for {self._where} cannot be had: {error}") from None

    def _tls(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        if _LOOPBACK.fullmatch(self._host):
            # What does not leave the machine needs no certificate, and servers there often have
            # one of their own making.
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context

    @property
    def _where(self) -> str:
        return f"The mail server {self._host}:{self._port}"

    def close(self) -> None:
        """End the connection, if there still is one."""
        with contextlib.suppress(OSError, smtplib.SMTPException):
            self._smtp.quit()

    def send(self, message: Message) -> None:
        address = message.destination.settings.address
        mail = mail_of(message, self._delivery)
        try:
            self._begin()
            code, said = self._smtp.rcpt(address)
            if code not in (250, 251):
                self._refuse(code, said, f"does not take mail to {address}", code in _NOBODY)
            code, said = self._smtp.data(mail)
            if code != 250:
                self._refuse(code, said, f"did not take the mail to {address}")
        except smtplib.SMTPDataError as error:
            self._refuse(error.smtp_code, error.smtp_error, f"did not take the mail to {address}")
        except (OSError, smtplib.SMTPException) as error:
            self._fail(error)

    def _begin(self) -> None:
        """Say who it is from; over another connection if the server has closed the first."""
        sender = self._delivery.sender
        try:
            code, said = self._smtp.mail(sender)
        except (OSError, smtplib.SMTPServerDisconnected):
            code, said = 421, b""
        if code == 421:
            self.close()
            self.connect()
            code, said = self._smtp.mail(sender)
        if code != 250:
            self._refuse(code, said, f"takes no mail from {sender}")

    def _refuse(
        self, code: int, said: bytes | str, what: str, is_permanent: bool = False
    ) -> NoReturn:
        """Say what the server refused; and be ready for the next mail."""
        with contextlib.suppress(OSError, smtplib.SMTPException):
            self._smtp.rset()
        text = said.decode(errors="replace") if isinstance(said, bytes) else said
        raise DeliveryFailed(
            f"{self._where} {what} ({code} {clean(text, 200)}).", is_permanent=is_permanent
        )

    def _fail(self, error: Exception) -> NoReturn:
        why = getattr(error, "strerror", None) or clean(str(error), 200) or type(error).__name__
        raise DeliveryFailed(
            f"{self._where} cannot be used ({why}); 'malonewatch delivery' shows what is set."
        ) from error


# A mail.


def mail_of(message: Message, delivery: DeliverySettings) -> bytes:
    """A message as a mail, ready to be sent, with CR LF at the end of each line."""
    values, texts = values_of(message, delivery), getUtility(ITexts)
    kind = "digest" if message.is_digest else "message"
    plain = texts(f"{kind}.txt", delivery.templates, values)
    html = texts(f"{kind}.html", delivery.templates, values)
    boundary = hashlib.sha256(message.key.encode()).hexdigest()[:32]
    lines = _headers(message, delivery, values["headline"])
    lines += [
        "MIME-Version: 1.0",
        f'Content-Type: multipart/alternative; boundary="{boundary}"',
        "",
    ]
    for subtype, text in (("plain", plain), ("html", html)):
        encoding, body = _encoded(text)
        lines += [
            f"--{boundary}",
            f"Content-Type: text/{subtype}; charset=utf-8",
            f"Content-Transfer-Encoding: {encoding}",
            "",
            body,
        ]
    lines += [f"--{boundary}--", ""]
    return "\r\n".join(lines).encode("ascii")


def _headers(message: Message, delivery: DeliverySettings, subject: str) -> list[str]:
    host = delivery.sender.rpartition("@")[2]
    first = message.notices[0]
    headers = [
        f"From: malonewatch <{delivery.sender}>",
        f"To: {message.destination.settings.address}",
        _header("Subject", clean(subject, LONGEST_SUBJECT)),
        f"Date: {format_datetime(message.notices[-1].moment)}",
        f"Message-ID: <{message.key}@{host}>",
        f"List-Id: malonewatch <malonewatch.{host}>",
        "Auto-Submitted: auto-generated",
    ]
    if not message.is_digest:
        # Whatever is told of one bug of ours, or one bug tracker, is one thread: all answer the
        # same mail, which there is none of.
        root = f"<{_root(message, first)}@{host}>"
        headers += [f"In-Reply-To: {root}", f"References: {root}"]
        headers.append(f"X-Malonewatch-Happening: {first.happening.value}")
        if first.bug is not None:
            headers.append(f"X-Malonewatch-Bug: {first.bug}")
        if first.tracker:
            headers.append(_header("X-Malonewatch-Tracker", clean(first.tracker)))
    url = unsubscribe_url(message, delivery)
    if url:
        headers.append(f"List-Unsubscribe: <{url}>")
        if url.startswith("https:"):
            # RFC 8058
            headers.append("List-Unsubscribe-Post: List-Unsubscribe=One-Click")
    return headers


def _root(message: Message, notice: Notice) -> str:
    """What all mails of a thread refer to."""
    identity = message.key.partition(".")[0]
    if notice.bug is not None:
        return f"bug-{notice.bug}.{identity}"
    name = base64.b32encode(notice.tracker.encode()).decode().rstrip("=").lower()
    return f"tracker-{name}.{identity}"


def _header(name: str, value: str) -> str:
    if value.isascii() and len(value) < 70:
        return f"{name}: {value}"
    header: Any = Header(value, "utf-8", header_name=name)
    return f"{name}: {header.encode(linesep=chr(13) + chr(10))}"


def _encoded(text: str) -> tuple[str, str]:
    """How a text is encoded, and what it is then: ASCII, with CR LF."""
    lines = text.splitlines()
    if text.isascii() and all(len(line) < 900 for line in lines):
        return "7bit", "\r\n".join(lines)
    encoded = binascii.b2a_qp("\n".join(lines).encode(), istext=True)
    return "quoted-printable", encoded.decode("ascii").replace("\n", "\r\n")
