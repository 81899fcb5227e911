"""Reports on links, in the forms that other programs read.

Each function of `FORMATS` takes any number of `LinkFacts` and gives the text
of a report.  What it says does not depend on their order.  No text from
elsewhere that is shown, such as a bug's title, can be taken for anything else.

How heavy a finding is, is decided by `severity_of`: nothing is broken where
something can go, so that warns; where the author of a line said how the bug
has to be, anything else is an error; what is not known is a note.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from malonewatch.application.linkfacts import LinkFacts
from malonewatch.application.reports.as_json import json_report
from malonewatch.application.reports.github import github_report
from malonewatch.application.reports.gitlab import gitlab_report
from malonewatch.application.reports.junit import junit_report
from malonewatch.application.reports.sarif import sarif_report

__all__ = ["FORMATS"]

FORMATS: Mapping[str, Callable[[Sequence[LinkFacts]], str]] = MappingProxyType(
    {
        "json": json_report,
        "sarif": sarif_report,
        "github": github_report,
        "gitlab": gitlab_report,
        "junit": junit_report,
    }
)
