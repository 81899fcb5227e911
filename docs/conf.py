"""How Sphinx builds the documentation: `make docs`."""

import importlib.metadata
import re

from docutils import nodes
from sphinx import addnodes
from sphinx.util.nodes import make_refnode

project = "malonewatch"
copyright = "The malonewatch developers"
release = importlib.metadata.version("malonewatch")
extensions = ["sphinx.ext.autodoc", "repoze.sphinx.autointerface"]
html_theme = "alabaster"
html_theme_options = {"description": "Watch bugs in other people's bug trackers"}

autodoc_member_order = "bysource"
autodoc_default_options = {"members": True, "undoc-members": True}
# repoze.sphinx.autointerface adds a documenter, as a class.
autodoc_use_legacy_class_based = True

default_role = "py:obj"
# Names of other packages, arguments and attributes have no page here.  What is
# written as the name of a class or an interface of ours has to have one.
nitpick_ignore_regex = [
    (r"py:.*", r"(?!malonewatch\.)\w+\..*"),
    (r"py:.*", r"_*[a-z]\w*"),
]

CHAPTER = re.compile(r"([a-z-]+)\.rst")


def link_chapters(app, doctree):
    """Chapters are read as files too, so they link to each other as such."""
    for reference in doctree.findall(nodes.reference):
        chapter = CHAPTER.fullmatch(reference.get("refuri", ""))
        if chapter is None:
            continue
        link = addnodes.pending_xref(
            "",
            nodes.inline("", reference.astext()),
            refdomain="std",
            reftype="doc",
            reftarget="/index" if chapter[1] == "index" else f"/chapters/{chapter[1]}",
            refexplicit=True,
            refwarn=True,
            refdoc=app.env.docname,
        )
        reference.replace_self(link)


def resolve_short_names(app, env, reference, text):
    """`IBug` is enough: all public names can be imported from malonewatch.interfaces."""
    if reference.get("refdomain") != "py":
        return None
    domain = env.domains.python_domain
    target = reference["reftarget"].removeprefix("malonewatch.interfaces.")
    found = domain.find_obj(env, None, None, target, None, searchmode=1)
    if len(found) != 1:
        return None
    ((name, entry),) = found
    return make_refnode(
        app.builder, reference["refdoc"], entry.docname, entry.node_id, text, title=name
    )


def drop_field_numbers(app, what, name, obj, options, lines):
    """What namedtuple says of a field by itself tells nobody anything."""
    if lines and lines[0].startswith("Alias for field number"):
        lines.clear()


def setup(app):
    app.connect("autodoc-process-docstring", drop_field_numbers)
    app.connect("doctree-read", link_chapters)
    app.connect("missing-reference", resolve_short_names)
