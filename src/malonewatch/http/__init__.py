"""The one way to the network."""

from malonewatch.http.client import HTTPClient
from malonewatch.http.credentials import FileCredentials
from malonewatch.http.secrets import Secrets

__all__ = ["FileCredentials", "HTTPClient", "Secrets"]
