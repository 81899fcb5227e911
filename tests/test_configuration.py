import importlib.metadata
import sys

import pytest
from zope.component import getGlobalSiteManager, queryUtility
from zope.component.globalregistry import base
from zope.interface import Interface

from malonewatch.configuration import configure
from malonewatch.interfaces import (
    BadInput,
    IBugTrackerFacts,
    IClock,
    IDatabaseOpener,
    IExternalBugTracker,
)


class IWidget(Interface):
    """What the ZCML here registers."""


class Widget:
    """What it is."""


WIDGET = """
<configure xmlns="http://namespaces.zope.org/zope">
  <include package="malonewatch" />
  <include package="zope.component" file="meta.zcml" />
  <utility
      factory="tests.test_configuration.Widget"
      provides="tests.test_configuration.IWidget"
      name="{name}"
      />
  {more}
</configure>
"""


def zcml(name, more=""):
    return WIDGET.format(name=name, more=more).replace("tests.test_configuration", __name__)


@pytest.fixture(autouse=True)
def _registry():
    """Nothing is registered, and what a test registers is gone in the end."""
    before = dict(base.__dict__)
    base.__init__("base")
    yield
    base.__dict__.clear()
    base.__dict__.update(before)


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Makes a package with a configure.zcml."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def make(name, text, code=""):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "__init__.py").write_text(code)
        (folder / "configure.zcml").write_text(text)
        monkeypatch.delitem(sys.modules, name, raising=False)
        return name

    return make


@pytest.fixture
def plugins(monkeypatch):
    """Sets the entry points of plug-ins; values by names."""

    def set_up(**values):
        monkeypatch.setattr(
            importlib.metadata,
            "entry_points",
            lambda group: [
                importlib.metadata.EntryPoint(name, value, group)
                for name, value in values.items()
                if group == "malonewatch.plugins"
            ],
        )

    set_up()
    return set_up


def has(name):
    return queryUtility(IWidget, name) is not None


def test_all_of_ours_is_registered(plugins):
    configure()
    assert queryUtility(IDatabaseOpener) is not None
    assert getGlobalSiteManager().adapters.lookupAll([IBugTrackerFacts], IExternalBugTracker)


def test_what_an_application_has_registered_stays(plugins):
    configure()
    clock = object()
    getGlobalSiteManager().registerUtility(clock, IClock)
    configure()
    assert queryUtility(IClock) is clock


def test_plug_ins_are_loaded(plugins, package):
    plugins(one=package("plugin_one", zcml("one")), two=package("plugin_two", zcml("two")))
    configure()
    assert has("one")
    assert has("two")


@pytest.mark.parametrize(
    ("text", "code", "why"),
    [
        (zcml("broken", "<nonsense />"), "", "Unknown directive"),
        (zcml("broken"), "import no_such_module", "ModuleNotFoundError"),
        (zcml("broken") + "<", "", "ZopeSAXParseException"),
        (zcml("broken", '<utility factory=".nothing" provides=".nothing" />'), "", "Configuration"),
    ],
)
def test_one_that_is_broken_is_named_and_the_others_work(plugins, package, caplog, text, code, why):
    plugins(broken=package("plugin_broken", text, code), good=package("plugin_good", zcml("good")))
    configure()
    assert queryUtility(IDatabaseOpener) is not None
    assert has("good")
    # Nor is there half of it.
    assert not has("broken")
    (record,) = caplog.records
    message = record.getMessage()
    assert message.startswith("The plug-in broken (plugin_broken) cannot be loaded, and is left")
    assert why in message
    assert "\n" not in message
    assert record.exc_info is None


def test_one_that_is_not_there_is_named_too(plugins, caplog):
    plugins(gone="no_such_plugin")
    configure()
    assert "no_such_plugin" in caplog.records[0].getMessage()


def test_more_can_be_named_a_package(plugins, package):
    configure([package("application", zcml("application"))])
    assert has("application")


def test_or_a_file(plugins, tmp_path, monkeypatch):
    (tmp_path / "site.zcml").write_text(zcml("site"))
    (tmp_path / "other.zcml").write_text(zcml("other"))
    monkeypatch.chdir(tmp_path)
    configure([str(tmp_path / "site.zcml"), "other.zcml"])
    assert has("site")
    assert has("other")


def test_it_is_loaded_where_ours_was_before_which_stays(plugins, package):
    configure()
    clock = object()
    getGlobalSiteManager().registerUtility(clock, IClock)
    configure([package("application", zcml("application"))])
    assert has("application")
    assert queryUtility(IClock) is clock


@pytest.mark.parametrize(
    "name", ["no.such.package", "malonewatch.interfaces", "/no/such/file.zcml"]
)
def test_what_cannot_be_loaded_is_refused(plugins, name):
    with pytest.raises(BadInput) as caught:
        configure([name])
    assert str(caught.value).startswith(f"{name} cannot be loaded (")
    assert str(caught.value).endswith("or the path of a ZCML file.")
