"""How mail goes out: by SMTP, by a program as sendmail is one, or into a Maildir.

What goes out by a transport is `send`\\ ed to an address, as bytes with the
ends of lines that there are on the wire.
"""

import contextlib
import ipaddress
import smtplib
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from typing import Any, Protocol
from urllib.parse import urlsplit

from zope.component import getUtility

from malonewatch.cleaning import clean
from malonewatch.interfaces import BadInput, DeliveryFailed, DeliverySettings, ISecrets
from malonewatch.notifying.lasting import program_failure, smtp_failure

#: How many seconds there are for a message, and for saying good-bye.
PATIENCE = 50.0
PATIENCE_AT_END = 5.0

_PORTS = {"smtp": 25, "smtps": 465}

#: That says that the server closes the connection (RFC 5321, 3.8).
_CLOSING = 421

#: How many characters of what the other side says are shown.
_LONGEST = 200


class Transport(Protocol):
    """Takes mail."""

    def send(self, recipient: str, letter: bytes) -> None:
        """Have a mail brought to that address.

        :raises DeliveryFailed: it was not taken.
        """


@contextlib.contextmanager
def open_transport(delivery: DeliverySettings, patience: float = PATIENCE) -> Iterator[Transport]:
    """What the settings name, with so many seconds for each message.

    :raises DeliveryFailed: it cannot be used.
    """
    kind, _, path = delivery.transport.partition(":")
    if kind == "sendmail" and path:
        yield Sendmail(path, delivery.sender, patience)
    elif kind == "maildir" and path:
        yield Maildir(path)
    else:
        transport = SMTP(delivery, patience)
        try:
            transport.connect()
            yield transport
        finally:
            transport.close()


class Sendmail:
    """A program that is called as sendmail is, once for each mail; it reads there who it is for."""

    def __init__(self, path: str, sender: str, patience: float) -> None:
        self._path = path
        self._sender = sender
        self._patience = patience

    def send(self, recipient: str, letter: bytes) -> None:
        try:
            finished = subprocess.run(
                [self._path, "-t", "-i", "-f", self._sender],
                # As on this machine; it is the program that puts it on the wire.
                input=letter.replace(b"\r\n", b"\n"),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                timeout=self._patience,
            )
        except subprocess.TimeoutExpired:
            raise DeliveryFailed(
                f"{self._path} had not taken the mail to {recipient} after {self._patience:g} "
                "seconds; see whether it works."
            ) from None
        except OSError as error:
            raise DeliveryFailed(
                f"{self._path} cannot be started ({error.strerror}); correct what mail goes out "
                "by, with malonewatch delivery --transport."
            ) from None
        if finished.returncode:
            raise program_failure(
                f"{self._path} did not take the mail to {recipient} (exit status "
                f"{finished.returncode}{_said(finished.stderr)}); its log may say more.",
                finished.returncode,
            )


class Maildir:
    """A folder with a file for each mail; whoever the mail is for."""

    def __init__(self, path: str) -> None:
        import mailbox

        self._path = path
        try:
            self._maildir = mailbox.Maildir(path, create=True)
        except OSError as error:
            raise self._failure(error) from None

    def send(self, recipient: str, letter: bytes) -> None:
        try:
            self._maildir.add(letter.replace(b"\r\n", b"\n"))
        except OSError as error:
            raise self._failure(error) from None

    def _failure(self, error: OSError) -> DeliveryFailed:
        return DeliveryFailed(
            f"Mail cannot be written to the Maildir {self._path} ({error.strerror}); see whether "
            "that may be written to, and has room."
        )


class _Dropped(Exception):
    """The server has closed the connection."""


class SMTP:
    """A mail server, with one connection for all mails.

    TLS is used wherever there is any, and certificates are verified; except on
    this machine, where nobody listens in, and certificates are mostly
    self-signed.  A password goes to another machine by TLS only.
    """

    def __init__(self, delivery: DeliverySettings, patience: float) -> None:
        try:
            parts = urlsplit(delivery.transport)
            self._host, self._is_tls = parts.hostname or "", parts.scheme == "smtps"
            self._port = parts.port or _PORTS[parts.scheme]
            if not self._host or "@" in parts.netloc or parts.path.strip("/"):
                raise ValueError
        except (ValueError, KeyError):
            # Not shown: somebody may have put a password into it.
            raise DeliveryFailed(
                "What mail goes out by is not smtp://HOST:PORT, smtps://HOST:PORT, sendmail:PATH "
                "or maildir:PATH; correct it with malonewatch delivery --transport."
            ) from None
        self._name = f"The mail server {self._host}:{self._port}"
        self._delivery = delivery
        self._patience = patience
        self._until = 0.0
        self._smtp: Any = None
        #: What keeps everything from being sent.
        self._trouble: DeliveryFailed | None = None

    def connect(self) -> None:
        """Connect and log in.

        :raises DeliveryFailed: that is not possible; it is not tried again then.
        """
        self._until = time.monotonic() + self._patience
        self._connect()

    def _connect(self) -> None:
        try:
            self._hello()
        except DeliveryFailed as error:
            self._trouble = error
        except ssl.SSLError as error:
            why = getattr(error, "verify_message", None) or error.reason or "no TLS"
            self._trouble = DeliveryFailed(
                f"{self._name} cannot be talked to by TLS ({why}); see whether its certificate "
                "is valid for that name, and whether it has TLS at that port."
            )
        except smtplib.SMTPResponseException as error:
            self._trouble = DeliveryFailed(
                f"{self._name} does not want to talk ({error.smtp_code}"
                f"{_said(error.smtp_error)}); its log may say why."
            )
        except (OSError, smtplib.SMTPException, UnicodeError) as error:
            self._trouble = self._unreachable(error)
        if self._trouble is not None:
            self._close()
            raise self._trouble from None

    def _hello(self) -> None:
        """Connect and log in; anything may be raised."""
        is_here = is_this_machine(self._host)
        context = ssl.create_default_context()
        if is_here:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if self._is_tls:
            self._smtp = smtplib.SMTP_SSL(
                self._host, self._port, timeout=self._left(), context=context
            )
        else:
            self._smtp = smtplib.SMTP(self._host, self._port, timeout=self._left())
        self._hurry().ehlo_or_helo_if_needed()
        is_private = is_here or self._is_tls
        if not self._is_tls and self._smtp.has_extn("starttls"):
            self._hurry().starttls(context=context)
            self._hurry().ehlo()
            is_private = True
        if self._delivery.username:
            self._log_in(is_private)

    def _log_in(self, is_private: bool) -> None:
        username, reference = self._delivery.username, self._delivery.password
        if not is_private:
            raise DeliveryFailed(
                f"{self._name} has no TLS, so the password is not sent to it; let mail go out by "
                "a server that has, such as smtps://HOST:465."
            )
        try:
            password = getUtility(ISecrets).get(reference)
            self._hurry().login(username, password)
        except BadInput as error:
            raise DeliveryFailed(str(error)) from None
        except (smtplib.SMTPAuthenticationError, UnicodeError):
            # What it says may have in it what it was told.
            raise DeliveryFailed(
                f"{self._name} does not let {username} in with the password that {reference} "
                "refers to; correct them with malonewatch delivery."
            ) from None
        except smtplib.SMTPNotSupportedError:
            raise DeliveryFailed(
                f"{self._name} has no log-in; take the name away with malonewatch delivery "
                "--username ''."
            ) from None

    # Sending.

    def send(self, recipient: str, letter: bytes) -> None:
        if self._trouble is not None:
            raise self._trouble from None
        self._until = time.monotonic() + self._patience
        try:
            try:
                self._begin(recipient)
            except smtplib.SMTPServerDisconnected as error:
                if _is_late(error):
                    raise
                # It may have had enough mails, or waited for too long.
                self._close()
                self._connect()
                self._begin(recipient)
            self._ask("DATA", f"the mail to {recipient}", lambda smtp: smtp.data(letter))
        except smtplib.SMTPException as error:
            self._close()
            failure = self._unreachable(error)
            if _is_late(error):
                # Nobody else is to wait for that as well.
                self._trouble = failure
            raise failure from None

    def _begin(self, recipient: str) -> None:
        """Say from whom a mail is and for whom."""
        sender = self._delivery.sender
        # Both are plain addresses; `smtplib` would take them apart first, which takes time.
        self._ask(
            "MAIL", f"mail from {sender}", lambda smtp: smtp.docmd("mail", f"FROM:<{sender}>")
        )
        self._ask(
            "RCPT", f"mail to {recipient}", lambda smtp: smtp.docmd("rcpt", f"TO:<{recipient}>")
        )

    def _ask(self, verb: str, what: str, ask: Callable[[Any], tuple[int, bytes]]) -> None:
        """Have the server take something, by that command.

        :raises SMTPServerDisconnected: it is not there any more.
        """
        if self._smtp is None:
            raise smtplib.SMTPServerDisconnected("Connection closed before")
        try:
            code, said = ask(self._hurry())
        except smtplib.SMTPDataError as error:
            code, said = error.smtp_code, error.smtp_error  # type: ignore[assignment]
        if code // 100 == 2:
            return
        if code == _CLOSING:
            raise smtplib.SMTPServerDisconnected(f"{code}{_said(said)}")
        with contextlib.suppress(smtplib.SMTPException):
            self._hurry().rset()
        raise smtp_failure(
            f"{self._name} does not take {what} ({code}{_said(said)}); its log may say more.",
            *(verb, code, said.decode("ascii", "replace")),
        )

    def _hurry(self) -> Any:
        """The connection, with as much time as there is left."""
        self._smtp.sock.settimeout(self._left())
        return self._smtp

    def _left(self) -> float:
        return max(self._until - time.monotonic(), 0.001)

    def _unreachable(self, error: Exception) -> DeliveryFailed:
        why = clean(getattr(error, "strerror", None) or str(error), _LONGEST)
        return DeliveryFailed(
            f"{self._name} cannot be talked to ({why}); see whether it runs, and whether it is "
            "what malonewatch delivery says that mail goes out by."
        )

    def close(self) -> None:
        """Say good-bye."""
        if self._smtp is not None:
            self._until = time.monotonic() + PATIENCE_AT_END
            with contextlib.suppress(OSError):
                self._hurry().quit()
            self._close()

    def _close(self) -> None:
        if self._smtp is not None:
            self._smtp.close()
            self._smtp = None


def is_this_machine(host: str) -> bool:
    """Whether that names nothing but this machine."""
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"


def _is_late(error: smtplib.SMTPException) -> bool:
    return isinstance(error.__context__, TimeoutError)


def _said(text: bytes | str) -> str:
    """What the other side said, after something else."""
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    lines = text.strip().splitlines()
    return f": {clean(lines[0], _LONGEST)}" if lines else ""
