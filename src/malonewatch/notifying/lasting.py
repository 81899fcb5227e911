"""What of a failure to deliver lasts, by any channel.  Pure.

Most failures are over at the next attempt: the other side is down, or has too
much to do.  Some are not: that message will not be taken, or none for that
destination.
"""

import os

from malonewatch.interfaces import DeliveryFailed

#: Status codes (RFC 3463) that say that there is no such address, or that nobody reads it.
_NOBODY = ("5.1.0", "5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1")

#: What those begin with that are about who sends, in answer to who a mail is for.
_SENDER = ("5.1.7", "5.1.8", "5.7.")

#: The codes (RFC 5321, 4.2) by which a recipient or a mail is refused, and not a command.
_REFUSED = range(550, 560)


def smtp_failure(sentence: str, verb: str, code: int, said: str) -> DeliveryFailed:
    """What a mail server that answered a command so makes of a mail.

    What is refused because of who sends is not held against the mail: whoever
    runs this site can put that right.
    """
    status = said.split(" ")[0]
    if code // 100 == 5 and status in _NOBODY and verb != "MAIL":
        return DeliveryFailed(sentence, is_permanent=True)
    is_refused = code in _REFUSED and (
        verb == "DATA" or (verb == "RCPT" and not _is_of_sender(status, said))
    )
    return DeliveryFailed(sentence, is_refused=is_refused)


def _is_of_sender(status: str, said: str) -> bool:
    # Some servers say it in words alone: "relay not permitted".
    return status.startswith(_SENDER) or "relay" in said.lower()


def program_failure(sentence: str, exit_status: int) -> DeliveryFailed:
    """What a program like sendmail makes of a mail, by its exit status (sysexits.h)."""
    return DeliveryFailed(
        sentence,
        is_permanent=exit_status in (os.EX_NOUSER, os.EX_NOHOST),
        is_refused=exit_status == os.EX_DATAERR,
    )


def http_failure(sentence: str, status: int, retry_after: float | None) -> DeliveryFailed:
    """What an answer of that status makes of a webhook.

    As Standard Webhooks has it: after 410 nothing more is sent, and after
    anything else but 2xx the same message is, later.
    """
    return DeliveryFailed(sentence, is_permanent=status == 410, retry_after=retry_after)
