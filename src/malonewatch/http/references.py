"""Values that say where a secret is, instead of being one.

- ``env:NAME``: in an environment variable.
- ``file:PATH``: in a file, all of it but the end of the line.  A path that is
  not absolute starts from the folder of the credentials file.
- ``keyring:SERVICE/USER``: in the user's keyring; needs the package keyring.
- ``netrc``: in the file that ``NETRC`` names, else ``~/.netrc``, under the
  bug tracker's host.
"""

import netrc
import os
import queue
import threading
from pathlib import Path
from typing import Any

from malonewatch.http.files import Unreadable, read

#: How many seconds a keyring may take: it may ask a person to unlock it, who may not be there.
KEYRING_PATIENCE = 10.0


class BrokenReference(Exception):
    """A secret is not where it should be.

    The text goes on a sentence that began with what has the reference.
    """


def resolve(value: str, field: str, host: str, folder: Path) -> str:
    """What the `value` of `field` refers to, or `value` itself.

    `host` is the bug tracker's, `folder` where the credentials file is.

    :raises BrokenReference: it is not there.
    """
    if value == "netrc":
        login, password = _netrc(host)
        return login if field == "username" else password
    return find(value, folder) if is_reference(value) else value


def is_reference(text: str) -> bool:
    """Whether a text is one of those that refer to a secret by itself."""
    return text.startswith(("env:", "file:", "keyring:"))


def find(reference: str, folder: Path) -> str:
    """What such a text refers to; a path that is not absolute starts from `folder`.

    :raises BrokenReference: it is not there.
    """
    kind, _, name = reference.partition(":")
    if kind == "env":
        return _environment(name)
    if kind == "file":
        return _file(folder / Path(name).expanduser())
    return _keyring(name)


def _environment(name: str) -> str:
    secret = os.environ.get(name)
    if not secret:
        raise BrokenReference(f"names the environment variable {name}, which is not set")
    return secret


def _file(path: Path) -> str:
    try:
        data, _ = read(path)
        return data.decode("utf-8-sig").rstrip("\r\n")
    except FileNotFoundError:
        why = "is not there"
    except Unreadable as error:
        why = f"cannot be read ({error})"
    except UnicodeDecodeError:
        why = "is no text"
    raise BrokenReference(f"names the file {path}, which {why}")


def _netrc(host: str) -> tuple[str, str]:
    named = os.environ.get("NETRC")
    path = Path(named) if named else Path("~/.netrc").expanduser()
    try:
        # The library would wait for what is no file.
        read(path)
        entry = netrc.netrc(str(path)).authenticators(host)
    except FileNotFoundError:
        why = "is not there"
    except Unreadable as error:
        why = f"cannot be read ({error})"
    except (OSError, netrc.NetrcParseError, UnicodeDecodeError) as error:
        # Its text may quote what is in the file.
        why = f"cannot be read ({type(error).__name__})"
    else:
        if entry is not None:
            login, _, password = entry
            return login or "", password or ""
        why = f"has nothing for {host}"
    raise BrokenReference(f"refers to {path}, which {why}")


def _keyring(name: str) -> str:
    service, _, user = name.rpartition("/")
    if not (service and user):
        raise BrokenReference(f"refers to keyring:{name}, where keyring:SERVICE/USER is wanted")
    answers: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def ask() -> None:
        try:
            import keyring

            answers.put(keyring.get_password(service, user))
        except Exception as error:
            answers.put(error)

    # Nobody waits for the thread, however long the keyring takes.
    threading.Thread(target=ask, daemon=True, name="keyring").start()
    try:
        answer = answers.get(timeout=KEYRING_PATIENCE)
    except queue.Empty:
        why = f"did not answer within {KEYRING_PATIENCE:g} seconds"
    else:
        if isinstance(answer, str):
            return answer
        if isinstance(answer, ImportError):
            why = "needs the package keyring (malonewatch[keyring])"
        elif isinstance(answer, Exception):
            why = f"cannot be asked ({type(answer).__name__})"
        else:
            why = f"has nothing for {user} at {service}"
    raise BrokenReference(f"refers to the keyring, which {why}")
