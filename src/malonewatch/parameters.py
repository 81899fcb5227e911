"""Kinds of values, and options, on the command lines of both scripts."""

import math
from collections.abc import Callable
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])


class Minutes(click.FloatRange):
    """So many minutes, more than 0, however many; but no NaN, which is neither more nor less than
    any limit."""

    def __init__(self) -> None:
        super().__init__(min=0, min_open=True)

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        number = float(super().convert(value, param, ctx))
        if math.isnan(number):
            self.fail(f"{value!r} is not a number.", param, ctx)
        return number


class Whole(click.IntRange):
    """A whole number, of no more digits than any number here has."""

    #: Python balks at very long ones, and nobody wants to read one in a complaint.
    MOST_DIGITS = 18

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, str) and len(value) > self.MOST_DIGITS:
            self.fail(f"{value[:20]!r}... is not a number of at most 18 digits.", param, ctx)
        return int(super().convert(value, param, ctx))


def log_options(command: Command) -> Command:
    """The options that say how much is logged, and how: `quiet`, `verbose`, `log_format`."""
    for option in (
        click.option(
            "--log-format",
            type=click.Choice(["text", "json"]),
            default="text",
            show_default=True,
            help="How to say it on standard error.",
        ),
        click.option("-v", "--verbose", is_flag=True, help="Say more."),
        click.option("-q", "--quiet", is_flag=True, help="Say only what went wrong."),
    ):
        command = option(command)
    return command
