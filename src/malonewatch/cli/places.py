"""Commands that are loaded when they are wanted."""

import importlib
from collections import UserDict

import click


class Places(UserDict[str, "str | click.Command"]):
    """The commands of a group by their names, made of where each is: ``module.function``.

    The module is one of this package, and is loaded when the command is wanted:
    each costs something, and whoever calls one needs no other.
    """

    def __getitem__(self, name: str) -> click.Command:
        found = self.data[name]
        if isinstance(found, str):
            module, _, function = found.partition(".")
            loaded = importlib.import_module(f"malonewatch.cli.{module}")
            found = self.data[name] = getattr(loaded, function)
        return found
