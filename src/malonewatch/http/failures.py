"""What an error in a request means, in a sentence."""

import asyncio
import os
from typing import NamedTuple

import aiohttp

from malonewatch.http import guard
from malonewatch.http.connections import BodyTooLarge, Hop
from malonewatch.interfaces import (
    AnswerTooLarge,
    BugTrackerAddressRefused,
    BugTrackerConnectError,
    BugTrackerTimeout,
    BugTrackerTrouble,
)


class Failures(NamedTuple):
    """Of requests to the bug tracker at `baseurl`, each of which had `timeout` seconds."""

    baseurl: str
    timeout: float

    def explain(
        self, error: Exception, hop: Hop, host: str, *, answered: bool, limit: int
    ) -> BugTrackerTrouble:
        """The trouble that `error` is.

        `host` is that of `hop`, fit to be shown; `answered` whether the error
        was in the answer's body, of which `limit` bytes were to be read.
        """
        cause = getattr(error, "os_error", error)
        if isinstance(cause, guard.AddressRefused):
            return self._address_refused(hop, host)
        if isinstance(error, BodyTooLarge):
            return AnswerTooLarge(
                f"{self.baseurl} gave an answer of more than {limit} bytes; no more of it was read."
            )
        if isinstance(error, asyncio.TimeoutError):
            return BugTrackerTimeout(
                f"{self.baseurl} did not answer within {self.timeout:g} seconds."
            )
        if isinstance(error, aiohttp.InvalidURL):
            # Something like 127.1, which is an address all the same.
            return self._address_refused(hop, host) if hop.public_only else self.no_url()
        if isinstance(error, aiohttp.ClientConnectorDNSError):
            return BugTrackerConnectError(f"The name {host} does not resolve.")
        if isinstance(error, aiohttp.ClientConnectorCertificateError):
            reason = getattr(error.certificate_error, "verify_message", "").rstrip(".")
            return BugTrackerConnectError(f"The certificate of {host} cannot be trusted: {reason}.")
        if isinstance(error, aiohttp.ClientConnectorSSLError):
            reason = str(getattr(cause, "reason", "")).replace("_", " ").lower()
            return BugTrackerConnectError(f"{host} does not speak TLS as it should: {reason}.")
        if isinstance(error, aiohttp.ClientConnectorError):
            number = error.os_error.errno
            reason = os.strerror(number).lower() if number else "no connection"
            return BugTrackerConnectError(f"{host} cannot be reached: {reason}.")
        if answered:
            return BugTrackerConnectError(
                f"{host} broke off in the middle of its answer, or garbled it."
            )
        if isinstance(error, aiohttp.ClientResponseError):
            return BugTrackerConnectError(
                f"{host} answered with something that is not proper HTTP."
            )
        return BugTrackerConnectError(f"{host} closed the connection without an answer.")

    def no_url(self) -> BugTrackerConnectError:
        return BugTrackerConnectError(
            f"{self.baseurl} leads to a URL that is none; correct its base URL."
        )

    def _address_refused(self, hop: Hop, host: str) -> BugTrackerAddressRefused:
        if hop.redirected:
            return BugTrackerAddressRefused(
                f"{self.baseurl} redirects to {host}, which is not on the public Internet."
            )
        return BugTrackerAddressRefused(
            f"{host} is not on the public Internet, and nobody registered {self.baseurl}: "
            "its URL only stood in some text."
        )
