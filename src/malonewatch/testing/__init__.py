"""For tests, malonewatch's own and those of who embeds or extends it.

Beside what is here, there are modules to import by name: a simulator for each
type of bug tracker, `faults` to spoil its answers, `asking` to ask one without
a database, and `conformance`, the tests that every type has to pass.
"""

from malonewatch.testing.sample import SampleSite, fresh_site, login, sample_site

__all__ = ["SampleSite", "fresh_site", "login", "sample_site"]
