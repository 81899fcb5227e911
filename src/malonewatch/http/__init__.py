"""The one way to the network."""

from malonewatch.http.client import HTTPClient
from malonewatch.http.credentials import FileCredentials

__all__ = ["FileCredentials", "HTTPClient"]
