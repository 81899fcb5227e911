"""The bug trackers of the demonstration, simulated on this machine."""

import contextlib

from malonewatch.testing.bugzilla import BugzillaSimulator
from malonewatch.testing.debbugs import DebbugsSimulator
from malonewatch.testing.faults import FAULTS
from malonewatch.testing.github import GitHubSimulator
from malonewatch.testing.gitlab import GitLabSimulator
from malonewatch.testing.roundup import RoundupSimulator
from malonewatch.testing.simulator import Simulator
from malonewatch.testing.sourceforge import SourceForgeSimulator
from malonewatch.testing.trac import TracSimulator


class Trackers:
    """The simulated bug trackers, by the name that they are registered under."""

    def __init__(self, stack: contextlib.ExitStack) -> None:
        self.desktop: Simulator = stack.enter_context(BugzillaSimulator())
        self.distro: Simulator = stack.enter_context(DebbugsSimulator())
        self.language: Simulator = stack.enter_context(RoundupSimulator())
        self.forge: Simulator = stack.enter_context(SourceForgeSimulator())
        self.web: Simulator = stack.enter_context(TracSimulator())
        self.hub: Simulator = stack.enter_context(GitHubSimulator())
        self.lab: Simulator = stack.enter_context(GitLabSimulator())
        self.garden: Simulator = stack.enter_context(BugzillaSimulator())
        self.titles = {
            "desktop": "Example Desktop",
            "distro": "Example Distribution",
            "language": "Example Language",
            "forge": "Example Forge",
            "web": "Example Web Server",
            "hub": "Example Hub",
            "lab": "Example Lab",
            "garden": "Walled Garden",
        }
        self.pages = {
            "desktop": "/show_bug.cgi?id={}",
            "distro": "/cgi-bin/bugreport.cgi?bug={}",
            "language": "/issue{}",
            "forge": "/p/example/bugs/{}/",
            "web": "/ticket/{}",
            "hub": "/example/project/pull/{}",
            "lab": "/example/project/-/issues/{}",
            "garden": "/show_bug.cgi?id={}",
        }
        self.desktop.add("101", title="Flicker with two screens", severity="major")
        self.desktop.add("102", title="NULL is not checked in open_file()", severity="critical")
        self.desktop.add("103", title="Fonts ignore the resolution", status="IN_PROGRESS")
        self.desktop.add("104", title="off_t is 32 bits wide", severity="enhancement")
        self.distro.add("5001", title="desktop: flickers", severity="important")
        self.distro.add("5002", title="fonts: please scale by default", severity="wishlist")
        self.language.add("11", title="open('') crashes", priority="urgent")
        self.language.add("12", title="read() stops at 2**31 bytes", status="in-progress")
        self.forge.add("21", title="Scale fonts by dots per inch", status="open")
        self.forge.add("22", title="Large files", status="pending")
        self.web.add("31", title="Empty file name in the query", priority="blocker")
        self.web.add("32", title="Content-Length overflows", status="assigned")
        self.hub.add("example/project#41", title="Check names of files", extra={"pull": True})
        self.lab.add("example/project#51", title="Flickers on my laptop")
        self.garden.add("7", title="Flicker")
        self.garden.fault = FAULTS["Anubis"]

    def url(self, bug: str) -> str:
        """The URL of a bug such as ``desktop 101``."""
        name, remotebug = bug.split()
        simulator: Simulator = getattr(self, name)
        return simulator.url + self.pages[name].format(remotebug)

    def move(self) -> None:
        """What happens elsewhere while nobody looks."""
        self.desktop.change("101", status="RESOLVED", resolution="FIXED")
        self.desktop.change("102", status="RESOLVED", resolution="DUPLICATE", duplicate_of="101")
        self.desktop.change("103", private=True)
        self.distro.change("5001", status="done")
        self.language.change("11", status="resolved")
        self.forge.change("21", status="closed-fixed")
        del self.forge.bugs["22"]
        self.web.change("31", status="closed", resolution="wontfix")
        self.web.change("32", status="limbo")
        self.hub.change("example/project#41", extra={"pull": True, "merged": True})
        self.lab.add("example/drivers#8", title="Flickers on my laptop")
        self.lab.change("example/project#51", status="closed", moved_to="example/drivers#8")
