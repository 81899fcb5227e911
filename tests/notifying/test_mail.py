import contextlib
import mailbox
import os
import ssl
import sys
from email import message_from_bytes

import pytest
import trustme
from aiosmtpd.smtp import AuthResult
from zope.component import getUtility
from zope.interface.verify import verifyObject

from malonewatch.interfaces import BadInput, DeliveryFailed, DeliverySettings, IChannel, ISender
from malonewatch.notifying import transports
from malonewatch.notifying.transports import open_transport

from .mailserver import drop, free_port, hang, running

SENDER = "bugs@example.org"
LETTER = b"Subject: Hello\r\n\r\n.dot\r\nText\r\n"

MORE = "its log may say more."

# That is what is tested.
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")


@pytest.fixture
def channel():
    return getUtility(IChannel, "mail")


@pytest.fixture
def server():
    with running() as server:
        yield server


def delivery(where, **values):
    if not isinstance(where, str):
        where = f"smtp://127.0.0.1:{where.port}"
    return DeliverySettings(sender=SENDER, transport=where, **values)


@pytest.fixture
def opened():
    """Opens a transport; it is closed at the end."""
    with contextlib.ExitStack() as stack:
        yield lambda *args, patience=5.0, **values: stack.enter_context(
            open_transport(delivery(*args, **values), patience)
        )


def failure(call, *args, **values):
    """What is said of a failure, and whether it is for good."""
    failed = failed_by(call, *args, **values)
    assert not failed.is_refused
    return str(failed), failed.is_permanent


def failed_by(call, *args, **values):
    with pytest.raises(DeliveryFailed) as caught:
        call(*args, **values)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return caught.value


def what_lasts(failed):
    """Whom a failure is held against, for good."""
    return "address" if failed.is_permanent else "mail" if failed.is_refused else None


def test_the_interfaces_are_provided(channel, server):
    verifyObject(IChannel, channel)
    assert (channel.title, channel.keeps, channel.is_prompt) == ("Mail", 0, False)
    with channel.open(delivery(server)) as sender:
        verifyObject(ISender, sender)


@pytest.mark.parametrize(
    ("secret", "sentence"),
    [(None, "The reference env:LINKS"), ("short", "has less than 16 characters")],
)
def test_without_what_signs_its_links_no_mail_goes_out(
    channel, server, monkeypatch, secret, sentence
):
    if secret is not None:
        monkeypatch.setenv("LINKS", secret)
    desk = {"desk_url": "https://desk.example.com", "link_secret": "env:LINKS"}

    def send(**values):
        with channel.open(delivery(server, **desk, **values)):
            pass

    said, is_permanent = failure(send)
    assert sentence in said
    assert not is_permanent
    # The site's own page has no secret.
    send(unsubscribe_url="https://own.example.com/{destination}")


def test_messages_arrive_over_one_connection(channel, server, message, settings, notice):
    with channel.open(delivery(server)) as sender:
        for number in range(1, 4):
            sender.send(message(settings("mail", f"p{number}@example.com"), notice(number)))
    assert [(sender, to) for sender, to, _ in server.received] == [
        (SENDER, [f"p{number}@example.com"]) for number in range(1, 4)
    ]
    mail = message_from_bytes(server.received[0][2])
    assert (mail["To"], mail["From"]) == ("p1@example.com", f"malonewatch <{SENDER}>")
    assert mail.get_payload(0).get_payload().startswith("GNOME bug 77 is fixed: Theirs")
    assert server.connections == 1


def test_an_address_is_stored_as_it_is(channel, settings):
    checked = channel.check(settings("mail", " Jane@example.com "))
    assert checked == settings("mail", "Jane@example.com")
    assert channel.route(checked) == "mail"


@pytest.mark.parametrize(
    ("address", "values", "why"),
    [
        ("jane", {}, "'jane' is not a mail address such as jane@example.com, in plain letters; "),
        ("a@b\nBcc: c@d", {}, "'a@b Bcc: c@d' is not a mail address "),
        ("a@example.com", {"secret": "env:KEY"}, "Mail is not signed; leave out what to sign "),
    ],
)
def test_what_cannot_be_stored(address, values, why, channel, settings):
    with pytest.raises(BadInput) as caught:
        channel.check(settings("mail", address, **values))
    assert str(caught.value).startswith(why)


def test_an_address_that_nobody_checked_gets_no_mail(channel, server, message, settings, notice):
    with channel.open(delivery(server)) as sender:
        given = message(settings("mail", "a@example.com, b@example.com"), notice())
        said, is_permanent = failure(sender.send, given)
    assert said.startswith("'a@example.com, b@example.com' is not a mail address ")
    assert is_permanent
    assert server.received == []


def test_a_sender_that_is_none(channel):
    opening = channel.open(DeliverySettings(sender="malonewatch"))
    assert failure(opening.__enter__) == (
        "What mail comes from is no mail address; correct it with malonewatch delivery --sender.",
        False,
    )


# What a mail server can say.


@pytest.mark.parametrize(
    ("command", "says", "what", "lasting"),
    [
        ("RCPT", "550 5.1.1 No such user", "mail to a@example.com", "address"),
        ("RCPT", "550 5.2.1 Nobody reads that", "mail to a@example.com", "address"),
        ("RCPT", "550 No such user here", "mail to a@example.com", "mail"),
        ("RCPT", "552 5.2.2 Mailbox full", "mail to a@example.com", "mail"),
        ("RCPT", "550 5.5.0 Mailbox unavailable", "mail to a@example.com", "mail"),
        ("RCPT", "550 5.7.1 Relaying denied", "mail to a@example.com", None),
        ("RCPT", "550 relay not permitted", "mail to a@example.com", None),
        ("RCPT", "553 5.1.8 No such sender", "mail to a@example.com", None),
        ("RCPT", "530 5.7.0 Log in first", "mail to a@example.com", None),
        ("RCPT", "451 4.7.1 Greylisted", "mail to a@example.com", None),
        ("RCPT", "452 4.2.2 Mailbox full", "mail to a@example.com", None),
        ("MAIL", "550 5.1.8 No such sender", f"mail from {SENDER}", None),
        ("MAIL", "550 5.1.1 No such sender", f"mail from {SENDER}", None),
        ("MAIL", "354 What?", f"mail from {SENDER}", None),
        ("DATA", "550 5.1.1 No such user", "the mail to a@example.com", "address"),
        ("DATA", "554 5.7.1 Spam", "the mail to a@example.com", "mail"),
        ("DATA", "550 Spam", "the mail to a@example.com", "mail"),
        ("DATA", "503 Not now", "the mail to a@example.com", None),
        ("DATA", "452 4.3.1 No room", "the mail to a@example.com", None),
    ],
)
def test_a_mail_that_is_refused_spoils_no_other(command, says, what, lasting, server, opened):
    transport = opened(server)
    server.says[command] = says
    said = f"{says[:3]}: {says[4:]}"
    failed = failed_by(transport.send, "a@example.com", LETTER)
    assert (str(failed), what_lasts(failed)) == (
        f"The mail server 127.0.0.1:{server.port} does not take {what} ({said}); {MORE}",
        lasting,
    )
    server.says.clear()
    transport.send("b@example.com", LETTER)
    assert [to for _, to, _ in server.received] == [["b@example.com"]]
    assert server.connections == 1


def test_a_server_that_wants_no_data(server, opened):
    transport = opened(server)
    # It takes it for nobody, then.
    server.says["RCPT"] = "251 Elsewhere"
    said, _ = failure(transport.send, "a@example.com", LETTER)
    assert "does not take the mail to a@example.com (503: Error: need RCPT command)" in said
    server.says.clear()
    transport.send("b@example.com", LETTER)
    assert server.connections == 1


def test_a_mail_that_is_too_large(opened):
    with running(data_size_limit=10) as server:
        transport = opened(server)
        failed = failed_by(transport.send, "a@example.com", LETTER * 10)
    assert "does not take the mail to a@example.com (552: " in str(failed)
    assert what_lasts(failed) == "mail"


@pytest.mark.parametrize("command", ["MAIL", "RCPT"])
@pytest.mark.parametrize("says", ["421 Enough for now", drop])
def test_a_connection_that_was_dropped_is_opened_again(command, says, server, opened):
    transport = opened(server)
    transport.send("a@example.com", LETTER)
    left = [says]
    server.says[command] = lambda smtp: (
        left.pop() if left and left[0] != drop else (left and left.pop()(smtp))
    )
    transport.send("b@example.com", LETTER)
    transport.send("c@example.com", LETTER)
    assert [to for _, (to,), _ in server.received] == [
        *("a@example.com", "b@example.com", "c@example.com")
    ]
    assert server.connections == 2


@pytest.mark.parametrize(
    ("says", "why"),
    [("421 Enough", "421: Enough"), (drop, "Connection unexpectedly closed")],
)
def test_and_once_only(says, why, server, opened):
    transport = opened(server)
    server.says["RCPT"] = says
    said, is_permanent = failure(transport.send, "a@example.com", LETTER)
    assert said.startswith(f"The mail server 127.0.0.1:{server.port} cannot be talked to ({why}")
    assert not is_permanent
    assert server.connections == 2
    server.says.clear()
    transport.send("b@example.com", LETTER)
    assert server.connections == 3


def test_what_may_have_arrived_is_not_sent_at_once_again(server, opened):
    transport = opened(server)
    server.says["DATA"] = drop
    said, _ = failure(transport.send, "a@example.com", LETTER)
    assert "cannot be talked to (Connection unexpectedly closed" in said
    assert server.connections == 1


@pytest.mark.parametrize("command", ["MAIL", "DATA"])
def test_a_server_that_hangs_is_waited_for_once(command, server, opened):
    transport = opened(server)
    # It has been greeted by now, which on a busy machine may take its time.
    transport._patience = 1.0
    server.says[command] = hang
    said, _ = failure(transport.send, "a@example.com", LETTER)
    assert "cannot be talked to (Connection unexpectedly closed: timed out); see whether" in said
    server.says.clear()
    assert failure(transport.send, "b@example.com", LETTER)[0] == said
    assert server.connections == 1


def test_a_server_that_is_gone_is_not_looked_for_again_and_again(opened):
    with running() as server:
        transport = opened(server)
    said, _ = failure(transport.send, "a@example.com", LETTER)
    assert said == (
        f"The mail server 127.0.0.1:{server.port} cannot be talked to (Connection refused); see "
        "whether it runs, and whether it is what malonewatch delivery says that mail goes out by."
    )
    assert failure(transport.send, "b@example.com", LETTER)[0] == said


@pytest.mark.parametrize(
    ("transport", "why"),
    [
        ("smtp://127.0.0.1:{port}", "(Connection refused)"),
        ("smtp://no.such.host.invalid:25", "The mail server no.such.host.invalid:25 "),
        (f"smtp://{'x' * 80}:25", "cannot be talked to"),
    ],
)
def test_a_server_that_is_not_there(transport, why, opened):
    said, is_permanent = failure(opened, transport.replace("{port}", str(free_port())))
    assert why in said
    assert not is_permanent


@pytest.mark.parametrize(
    "transport",
    [
        *("smtp://", "smtp://me:pa55@host", "smtp://host:port", "smtp://host/path", "imap://host"),
        *("maildir:", "sendmail:", ""),
    ],
)
def test_what_mail_cannot_go_out_by(transport, opened):
    assert failure(opened, transport)[0] == (
        "What mail goes out by is not smtp://HOST:PORT, smtps://HOST:PORT, sendmail:PATH or "
        "maildir:PATH; correct it with malonewatch delivery --transport."
    )


def test_a_server_that_does_not_want_to_talk(opened, monkeypatch):
    monkeypatch.setattr("smtplib.SMTP.connect", lambda self, *args: (554, b"No\r\nservice here"))
    assert failure(opened, "smtp://mail.example.org")[0] == (
        "The mail server mail.example.org:25 does not want to talk (554: No); its log may say why."
    )


def test_a_server_that_says_too_much(opened):
    with running(ident="x" * 10_000) as server:
        said, _ = failure(opened, server)
    assert "does not want to talk (500: Line too long.)" in said


# TLS and passwords.


@pytest.fixture
def authority(tmp_path, monkeypatch):
    """A certificate authority that is trusted here."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    return authority


@pytest.fixture
def elsewhere(monkeypatch):
    """This machine counts as another one."""
    monkeypatch.setattr(transports, "is_this_machine", lambda host: False)


def tls(authority, name="localhost"):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


def with_tls(scheme, authority, name="localhost", **options):
    """A mail server with TLS from the beginning, or later on."""
    if scheme == "smtps":
        return running(ssl_context=tls(authority, name), **options)
    return running(tls_context=tls(authority, name), require_starttls=True, **options)


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_tls_is_used_where_there_is_any(scheme, authority, elsewhere, opened):
    with with_tls(scheme, authority) as server:
        transport = opened(f"{scheme}://localhost:{server.port}")
        transport.send("a@example.com", LETTER)
        assert len(server.received) == 1


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
@pytest.mark.parametrize(
    ("trusts", "name", "why"),
    [
        (True, "mail.example.org", "Hostname mismatch, certificate is not valid for 'localhost'."),
        (False, "localhost", "unable to get local issuer certificate"),
    ],
)
def test_a_certificate_is_verified(scheme, trusts, name, why, authority, elsewhere, opened):
    with with_tls(scheme, authority if trusts else trustme.CA(), name) as server:
        said, _ = failure(opened, f"{scheme}://localhost:{server.port}")
    assert said.startswith(
        f"The mail server localhost:{server.port} cannot be talked to by TLS ({why}); see whether "
    )


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_on_this_machine_it_may_be_any(scheme, opened):
    with with_tls(scheme, trustme.CA(), "snakeoil") as server:
        opened(f"{scheme}://127.0.0.1:{server.port}").send("a@example.com", LETTER)
        assert len(server.received) == 1


@pytest.mark.parametrize(
    ("host", "is_here"),
    [("localhost", True), ("127.0.0.2", True), ("::1", True), ("10.0.0.1", False), ("x", False)],
)
def test_this_machine(host, is_here):
    assert transports.is_this_machine(host) is is_here


def test_a_server_without_tls_where_there_should_be_some(server, opened):
    said, _ = failure(opened, f"smtps://127.0.0.1:{server.port}")
    assert "cannot be talked to by TLS (" in said


@contextlib.contextmanager
def with_login(**options):
    """A mail server with a log-in: me, pa55."""

    def authenticate(server, session, envelope, mechanism, data):
        return AuthResult(success=data.password == b"pa55", handled=False)

    with running(
        authenticator=authenticate, auth_required=True, auth_require_tls=False, **options
    ) as server:
        yield server


def test_one_logs_in_with_what_a_reference_leads_to(opened, monkeypatch):
    monkeypatch.setenv("PASSWORD", "pa55")
    with with_login() as server:
        opened(server, username="me", password="env:PASSWORD").send("a@example.com", LETTER)
        assert len(server.received) == 1


@pytest.mark.parametrize("password", ["wr0ng", "wröng"])
def test_a_log_in_that_is_refused(password, opened, monkeypatch):
    monkeypatch.setenv("PASSWORD", password)
    with with_login() as server:
        said, is_permanent = failure(opened, server, username="me", password="env:PASSWORD")
    assert said == (
        f"The mail server 127.0.0.1:{server.port} does not let me in with the password that "
        "env:PASSWORD refers to; correct them with malonewatch delivery."
    )
    assert not is_permanent


def test_a_password_that_is_not_there(opened, server, monkeypatch):
    monkeypatch.delenv("PASSWORD", raising=False)
    said, _ = failure(opened, server, username="me", password="env:PASSWORD")
    assert said.startswith("The reference env:PASSWORD names the environment variable PASSWORD,")


def test_a_server_without_a_log_in(opened, server, monkeypatch):
    monkeypatch.setenv("PASSWORD", "pa55")
    said, _ = failure(opened, server, username="me", password="env:PASSWORD")
    assert said == (
        f"The mail server 127.0.0.1:{server.port} has no log-in; take the name away with "
        "malonewatch delivery --username ''."
    )


def test_a_password_goes_to_no_other_machine_in_clear_text(opened, elsewhere, monkeypatch):
    monkeypatch.setenv("PASSWORD", "pa55")
    with with_login() as server:
        said, _ = failure(opened, server, username="me", password="env:PASSWORD")
    assert said.startswith(
        f"The mail server 127.0.0.1:{server.port} has no TLS, so the password is not sent to it; "
    )


# Without a server.


@pytest.fixture
def program(tmp_path):
    """Makes programs that are called as sendmail is."""

    def program(body):
        path = tmp_path / "sendmail"
        path.write_text(f"#!{sys.executable}\nimport sys, os, time\n{body}")
        path.chmod(0o755)
        return f"sendmail:{path}"

    return program


def test_a_program_takes_mail(program, opened, tmp_path):
    body = (
        "os.chdir(os.path.dirname(sys.argv[0]))\n"
        "open('taken', 'wb').write(repr(sys.argv[1:]).encode() + sys.stdin.buffer.read())"
    )
    opened(program(body)).send("a@example.com", LETTER)
    assert (tmp_path / "taken").read_bytes() == (
        b"['-t', '-i', '-f', 'bugs@example.org']Subject: Hello\n\n.dot\nText\n"
    )


@pytest.mark.parametrize(
    ("body", "why", "lasting"),
    [
        ("sys.exit('Queue is full\\nreally')", "exit status 1: Queue is full", None),
        ("sys.exit(65)", "exit status 65", "mail"),
        ("sys.exit(67)", "exit status 67", "address"),
        ("sys.exit(68)", "exit status 68", "address"),
        ("sys.exit(75)", "exit status 75", None),
    ],
)
def test_a_program_that_fails(body, why, lasting, program, opened, tmp_path):
    transport = opened(program(body))
    failed = failed_by(transport.send, "a@example.com", LETTER)
    assert (str(failed), what_lasts(failed)) == (
        f"{tmp_path / 'sendmail'} did not take the mail to a@example.com ({why}); {MORE}",
        lasting,
    )


def test_a_program_that_hangs(program, opened, tmp_path):
    transport = opened(program("time.sleep(60)"), patience=0.2)
    assert failure(transport.send, "a@example.com", LETTER)[0] == (
        f"{tmp_path / 'sendmail'} had not taken the mail to a@example.com after 0.2 seconds; see "
        "whether it works."
    )


def test_a_program_that_is_not_there(opened, tmp_path):
    transport = opened(f"sendmail:{tmp_path / 'none'}")
    assert failure(transport.send, "a@example.com", LETTER)[0] == (
        f"{tmp_path / 'none'} cannot be started (No such file or directory); correct what mail "
        "goes out by, with malonewatch delivery --transport."
    )


def test_a_maildir_takes_mail(opened, tmp_path):
    opened(f"maildir:{tmp_path / 'box'}").send("a@example.com", LETTER)
    (name,) = os.listdir(tmp_path / "box" / "new")
    assert (tmp_path / "box" / "new" / name).read_bytes() == LETTER.replace(b"\r\n", b"\n")
    assert len(mailbox.Maildir(tmp_path / "box")) == 1


def test_a_maildir_that_cannot_be_made(opened, tmp_path):
    path = tmp_path / "none" / "box"
    assert failure(opened, f"maildir:{path}")[0] == (
        f"Mail cannot be written to the Maildir {path} (No such file or directory); see whether "
        "that may be written to, and has room."
    )


def test_a_folder_that_is_no_maildir(opened, tmp_path):
    transport = opened(f"maildir:{tmp_path}")
    said, _ = failure(transport.send, "a@example.com", LETTER)
    assert said.startswith(f"Mail cannot be written to the Maildir {tmp_path} (No such file ")
