"""The `ISecrets` utility: secrets that are wanted by what refers to them alone."""

from zope.interface import implementer

from malonewatch.http.credentials import FileCredentials
from malonewatch.http.references import BrokenReference, find, is_reference
from malonewatch.interfaces import BadInput, ISecrets


@implementer(ISecrets)
class Secrets:
    """Finds secrets as those of bug trackers are found, see `malonewatch.http.references`.

    A path that is not absolute starts from the folder of the credentials file.
    """

    def get(self, reference: str) -> str:
        if not is_reference(reference):
            # Not shown: it may be the secret itself.
            raise BadInput(
                "What refers to a secret is env:NAME, file:PATH or keyring:SERVICE/USER, and "
                "that is none of them."
            )
        try:
            secret = find(reference, FileCredentials().path.parent)
        except BrokenReference as error:
            wrong = str(error)
        else:
            if secret and secret.isprintable():
                return secret
            wrong = "refers to what is not one line of text"
        raise BadInput(f"The reference {reference} {wrong}; correct it.")

    def isReference(self, text: str) -> bool:
        return is_reference(text)
