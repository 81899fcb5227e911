import contextlib
import dataclasses
import email
import email.policy
import mailbox
import smtplib
import socket
import ssl
from collections import defaultdict
from email.message import EmailMessage

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from zope.interface.verify import verifyObject

from malonewatch.interfaces import (
    BadInput,
    DeliveryFailed,
    DeliverySettings,
    Happening,
    IChannel,
    ISender,
)
from malonewatch.notifying import mail as module
from malonewatch.notifying.mail import MailChannel, mail_of

DELIVERY = DeliverySettings(sender="bugs@example.org", bug_url="https://example.org/bugs/{bug}")


class Sink:
    """Keeps the mail that a server takes; `answers` has what it says instead, by recipient."""

    def __init__(self):
        self.taken = []
        self.connections = 0
        self.answers = {}
        self.closes_after = None

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_MAIL(self, server, session, envelope, address, options):
        if self.closes_after is not None and len(self.taken) >= self.closes_after:
            self.closes_after = None
            server.transport.close()
        if address in self.answers:
            return self.answers[address]
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address in self.answers:
            return self.answers[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        answer = self.answers.get("data")
        if answer is None:
            self.taken.append(envelope)
        return answer or "250 OK"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def sink():
    return Sink()


@pytest.fixture
def serve(sink):
    """Starts a server, and gives how to send by it."""
    with contextlib.ExitStack() as stack:

        def serve(scheme="smtp", host="127.0.0.1", **options):
            controller = Controller(sink, hostname="127.0.0.1", port=free_port(), **options)
            controller.start()
            stack.callback(controller.stop, no_assert=True)
            return dataclasses.replace(DELIVERY, transport=f"{scheme}://{host}:{controller.port}")

        yield serve


@pytest.fixture
def mail(message, settings):
    """Makes messages, to jane if to nobody else, who has subscribed once."""

    def mail(*notices, to="jane@example.com"):
        made = message(settings("mail", to), *notices)
        return dataclasses.replace(
            made, destination=dataclasses.replace(made.destination, subscriptions=(1,))
        )

    return mail


def send(delivery, *messages):
    with MailChannel().open(delivery) as sender:
        for message in messages:
            sender.send(message)


def parsed(data) -> EmailMessage:
    return email.message_from_bytes(bytes(data), policy=email.policy.default)


def defects(message):
    """What the standard library finds wrong with a mail, in any part and header."""
    return [
        defect
        for part in message.walk()
        for defect in (*part.defects, *(each for h in part.values() for each in h.defects))
    ]


# The channel.


def test_it_is_a_channel(tmp_path):
    channel = MailChannel()
    verifyObject(IChannel, channel)
    for transport in (f"maildir:{tmp_path}", "sendmail:/bin/true"):
        with channel.open(DeliverySettings(transport=transport)) as sender:
            verifyObject(ISender, sender)
    assert (channel.keeps, channel.is_prompt) == (0, False)


@pytest.mark.parametrize("address", ["ann@example.com", "a.b+c@sub.example.org"])
def test_an_address_is_accepted(settings, address):
    wanted = settings("mail", address)
    assert MailChannel().check(wanted) == wanted
    assert MailChannel().route(wanted) == "mail"


@pytest.mark.parametrize(
    "address",
    [
        "ann",
        "ann@",
        "@example.com",
        "a b@example.com",
        "a@example.com\nBcc: b@example.com",
        "<a@b>",
    ],
)
def test_what_is_no_address_is_refused(settings, address):
    with pytest.raises(BadInput, match="is not an e-mail address"):
        MailChannel().check(settings("mail", address))


# A mail.


def test_a_mail_as_it_is_sent(mail, notice):
    text = mail_of(mail(notice(happening=Happening.FIXED)), DELIVERY).decode("ascii")
    head, _, body = text.partition("\r\n\r\n")
    *lines, last = head.split("\r\n")
    assert last.startswith("Content-Type: multipart/alternative; boundary=")
    assert lines == [
        "From: malonewatch <bugs@example.org>",
        "To: jane@example.com",
        "Subject: GNOME bug 77 is fixed: Theirs",
        "Date: Mon, 06 May 2024 13:00:00 +0000",
        "Message-ID: <5f7a2c9e-8a44-4f6e-9d5e-0c2b8e1d7a11.4.1@example.org>",
        "List-Id: malonewatch <malonewatch.example.org>",
        "Auto-Submitted: auto-generated",
        "In-Reply-To: <bug-12.5f7a2c9e-8a44-4f6e-9d5e-0c2b8e1d7a11@example.org>",
        "References: <bug-12.5f7a2c9e-8a44-4f6e-9d5e-0c2b8e1d7a11@example.org>",
        "X-Malonewatch-Happening: fixed",
        "X-Malonewatch-Bug: 12",
        "X-Malonewatch-Tracker: gnome",
        "MIME-Version: 1.0",
    ]
    assert "\n" not in body.replace("\r\n", "")


@pytest.mark.parametrize("happening", list(Happening))
@pytest.mark.parametrize(
    "title", ["Theirs", "Fenster flackern – «überall»", "x" * 3000, "日本語" * 99]
)
def test_the_standard_library_finds_nothing_wrong(mail, notice, happening, title):
    made = mail(notice(happening=happening, title=title, bug_title=title, text="https://a.example"))
    sent = parsed(mail_of(made, DELIVERY))
    assert defects(sent) == []
    assert all(len(line) <= 998 for line in mail_of(made, DELIVERY).split(b"\r\n"))
    assert sent.get_content_type() == "multipart/alternative"
    plain, page = (sent.get_body([kind]).get_content() for kind in ("plain", "html"))
    assert plain.startswith(sent["Subject"].rstrip("…")[:150])
    assert f"<title>{plain.splitlines()[0]}" in page.replace("&lt;", "<")


@pytest.mark.parametrize("field", ["title", "bug_title", "text", "tracker", "new_remotestatus"])
def test_nothing_from_elsewhere_becomes_a_header(mail, notice, field):
    evil = "x\r\nBcc: eve@example.com\r\n\r\nhello\n\nX-Evil: 1"
    sent = parsed(mail_of(mail(notice(**{field: evil})), DELIVERY))
    assert (sent["Bcc"], sent["X-Evil"], defects(sent)) == (None, None, [])


def test_mails_on_a_bug_tracker_are_a_thread_of_its_own(mail, notice):
    trouble = notice(happening=Happening.TROUBLE, bug=None, watch=None, tracker="a b/c")
    sent = parsed(mail_of(mail(trouble), DELIVERY))
    assert sent["References"].startswith("<tracker-meqgel3d.")
    assert (sent["X-Malonewatch-Bug"], sent["X-Malonewatch-Tracker"]) == (None, "a b/c")


def test_what_is_of_neither_is_a_thread_too(mail, notice):
    made = notice(happening=Happening.DISABLED, bug=None, watch=None, tracker="", title="mail")
    sent = parsed(mail_of(mail(made), DELIVERY))
    assert sent["References"].startswith("<tracker-.")
    assert sent["X-Malonewatch-Tracker"] is None


def test_a_digest_is_a_mail_by_itself(mail, notice):
    sent = parsed(mail_of(mail(notice(1), notice(2)), DELIVERY))
    assert (sent["Subject"], sent["References"]) == ("2 things happened", None)
    assert sent["Date"].datetime.hour == 14


@pytest.mark.parametrize(
    ("url", "unsubscribe", "post"),
    [
        ("", None, None),
        ("http://example.org/{subscription}", "<http://example.org/1>", None),
        (
            "https://example.org/{subscription}",
            "<https://example.org/1>",
            "List-Unsubscribe=One-Click",
        ),
    ],
)
def test_a_mail_reader_can_unsubscribe(mail, notice, url, unsubscribe, post):
    delivery = dataclasses.replace(DELIVERY, unsubscribe_url=url)
    sent = parsed(mail_of(mail(notice()), delivery))
    assert (sent["List-Unsubscribe"], sent["List-Unsubscribe-Post"]) == (unsubscribe, post)


def test_a_thousand_mails_are_threads(mail, notice, tmp_path):
    delivery = dataclasses.replace(DELIVERY, transport=f"maildir:{tmp_path / 'mail'}")
    send(delivery, *(mail(notice(number, bug=number % 20)) for number in range(1000)))
    threads, ids = defaultdict(set), set()
    for each in mailbox.Maildir(tmp_path / "mail"):
        message = parsed(each.as_bytes())
        # As a mail reader does: by what is referred to first.
        root, _, _ = message["References"].partition(" ")
        threads[root].add(message["X-Malonewatch-Bug"])
        ids.add(message["Message-ID"])
    assert len(ids) == 1000
    assert sorted(len(bugs) for bugs in threads.values()) == [1] * 20


# Folders and programs.


def test_a_folder_that_cannot_be_is_said(mail, notice, tmp_path):
    (tmp_path / "mail").write_text("not a folder")
    delivery = dataclasses.replace(DELIVERY, transport=f"maildir:{tmp_path / 'mail'}")
    with pytest.raises(DeliveryFailed, match=r"^Mail cannot be put into .*mail \(") as raised:
        send(delivery, mail(notice()))
    assert not raised.value.is_permanent


@pytest.fixture
def program(tmp_path):
    """Makes a program in place of sendmail."""

    def program(script):
        path = tmp_path / "sendmail"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return dataclasses.replace(DELIVERY, transport=f"sendmail:{path}")

    return program


def test_a_program_gets_the_mail(mail, notice, program, tmp_path):
    delivery = program(f"echo $* >{tmp_path}/args; cat >{tmp_path}/mail")
    send(delivery, mail(notice()))
    assert (tmp_path / "args").read_text() == "-i -f bugs@example.org jane@example.com\n"
    assert parsed((tmp_path / "mail").read_bytes())["To"] == "jane@example.com"


def test_a_program_that_fails_is_said(mail, notice, program, tmp_path):
    with pytest.raises(DeliveryFailed) as raised:
        send(program("echo no room >&2; exit 75"), mail(notice()))
    assert str(raised.value) == (
        f"{tmp_path}/sendmail did not take the mail (exit code 75): no room"
    )


def test_a_program_that_hangs_is_said(mail, notice, program, monkeypatch):
    monkeypatch.setattr(module, "PATIENCE", 0.1)
    with pytest.raises(DeliveryFailed, match=r"took more than 0\.1 seconds"):
        send(program("exec sleep 60"), mail(notice()))


def test_a_program_that_is_not_there_is_said(mail, notice):
    delivery = dataclasses.replace(DELIVERY, transport="sendmail:/nowhere/sendmail")
    with pytest.raises(DeliveryFailed, match=r"^/nowhere/sendmail cannot be run"):
        send(delivery, mail(notice()))


# Servers.


def test_all_mail_goes_over_one_connection(mail, notice, serve, sink):
    messages = [mail(notice(number), to=f"p{number}@example.com") for number in range(5)]
    send(serve(), *messages)
    assert [each.rcpt_tos for each in sink.taken] == [[f"p{n}@example.com"] for n in range(5)]
    assert {each.mail_from for each in sink.taken} == {"bugs@example.org"}
    assert sink.connections == 1
    assert parsed(sink.taken[0].content)["Subject"] == "GNOME bug 77 is fixed: Theirs"


def test_a_connection_that_was_closed_is_opened_again(mail, notice, serve, sink):
    sink.closes_after = 2
    send(serve(), *(mail(notice(number)) for number in range(4)))
    assert len(sink.taken) == 4
    assert len({parsed(each.content)["Message-ID"] for each in sink.taken}) == 4


def test_a_server_that_wants_a_new_connection_gets_one(mail, notice, serve, sink):
    delivery = serve()
    with MailChannel().open(delivery) as sender:
        sink.answers["bugs@example.org"] = "421 too long"
        with pytest.raises(DeliveryFailed, match=r"takes no mail from bugs@example\.org \(421"):
            sender.send(mail(notice()))
        sink.answers.clear()
        sender.send(mail(notice()))
    assert len(sink.taken) == 1


@pytest.mark.parametrize(
    ("who", "answer", "said", "is_permanent"),
    [
        ("jane@example.com", "550 no such user", "does not take mail to jane@example.com", True),
        ("jane@example.com", "553 not here", "does not take mail to jane@example.com", True),
        ("jane@example.com", "451 come again", "does not take mail to jane@example.com", False),
        ("jane@example.com", "552 mailbox full", "does not take mail to jane@example.com", False),
        ("bugs@example.org", "550 who are you", "takes no mail from bugs@example.org", False),
        ("data", "554 looks like spam", "did not take the mail to jane@example.com", False),
    ],
)
def test_what_a_server_refuses_is_said(mail, notice, serve, sink, who, answer, said, is_permanent):
    sink.answers[who] = answer
    delivery = serve()
    with MailChannel().open(delivery) as sender:
        with pytest.raises(DeliveryFailed) as raised:
            sender.send(mail(notice()))
        place = delivery.transport.removeprefix("smtp://")
        assert str(raised.value) == f"The mail server {place} {said} ({answer})."
        assert raised.value.is_permanent is is_permanent
        # The next one is not to suffer for it.
        sink.answers.clear()
        sender.send(mail(notice(2)))
    assert len(sink.taken) == 1


def test_a_server_that_is_not_there_is_said(mail, notice):
    delivery = dataclasses.replace(DELIVERY, transport=f"smtp://127.0.0.1:{free_port()}")
    with pytest.raises(DeliveryFailed, match=r"^The mail server 127\.0\.0\.1:\d+ cannot be used"):
        send(delivery, mail(notice()))


def test_a_port_that_cannot_be_is_said(mail, notice):
    delivery = dataclasses.replace(DELIVERY, transport="smtp://127.0.0.1:99999999")
    with pytest.raises(DeliveryFailed, match="has no port that can be"):
        send(delivery, mail(notice()))


def test_a_server_that_hangs_is_not_waited_for(mail, notice, monkeypatch):
    monkeypatch.setattr(module, "PATIENCE", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        delivery = dataclasses.replace(
            DELIVERY, transport=f"smtp://127.0.0.1:{silent.getsockname()[1]}"
        )
        with pytest.raises(DeliveryFailed, match="timed out"):
            send(delivery, mail(notice()))


def test_a_server_that_goes_in_the_middle_is_said(mail, notice, serve, sink, monkeypatch):
    def fail(self, message):
        raise smtplib.SMTPServerDisconnected("Connection unexpectedly closed")

    delivery = serve()
    monkeypatch.setattr(smtplib.SMTP, "data", fail)
    with pytest.raises(DeliveryFailed, match="Connection unexpectedly closed"):
        send(delivery, mail(notice()))


def test_a_server_that_takes_no_data_is_said(mail, notice, serve, sink, monkeypatch):
    def refuse(self, message):
        raise smtplib.SMTPDataError(452, b"no room")

    delivery = serve()
    monkeypatch.setattr(smtplib.SMTP, "data", refuse)
    with pytest.raises(DeliveryFailed, match=r"did not take the mail .* \(452 no room\)"):
        send(delivery, mail(notice()))


# Logging in, and TLS.


def let_in(server, session, envelope, mechanism, data):
    return AuthResult(success=data.password == b"geheim", handled=False)


@pytest.mark.parametrize(
    ("reference", "problem"),
    [
        ("env:PASSWORD", None),
        ("env:WRONG", "does not let bugs in (535)"),
        ("env:NOWHERE", "The password for The mail server"),
    ],
)
def test_it_logs_in(mail, notice, serve, sink, monkeypatch, reference, problem):
    monkeypatch.setenv("PASSWORD", "geheim")
    monkeypatch.setenv("WRONG", "falsch")
    monkeypatch.delenv("NOWHERE", raising=False)
    delivery = serve(auth_require_tls=False, authenticator=let_in)
    delivery = dataclasses.replace(delivery, username="bugs", password=reference)
    if problem is None:
        send(delivery, mail(notice()))
        assert len(sink.taken) == 1
        return
    with pytest.raises(DeliveryFailed) as raised:
        send(delivery, mail(notice()))
    assert problem in str(raised.value)
    assert "falsch" not in str(raised.value)


@pytest.fixture
def tls():
    """A certificate of our own making, for this machine."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("localhost", "127.0.0.1").configure_cert(context)
    return context


def test_on_this_machine_any_certificate_will_do(mail, notice, serve, sink, tls):
    send(serve(tls_context=tls, require_starttls=True), mail(notice()))
    assert len(sink.taken) == 1


def test_tls_from_the_beginning(mail, notice, serve, sink, tls):
    send(serve("smtps", ssl_context=tls), mail(notice()))
    assert len(sink.taken) == 1


def test_elsewhere_a_certificate_has_to_be_good(mail, notice, serve, sink, tls, monkeypatch):
    delivery = serve(tls_context=tls)
    monkeypatch.setattr(module, "_LOOPBACK", module.re.compile("elsewhere"))
    with pytest.raises(DeliveryFailed, match="certificate"):
        send(delivery, mail(notice()))
    assert sink.taken == []
