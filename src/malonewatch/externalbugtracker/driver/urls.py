"""The shapes of bugs' URLs, and building URLs.  Pure."""

import dataclasses
import functools
import posixpath
import re
from collections.abc import Iterable, Mapping
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlsplit

from malonewatch.externalbugtracker.driver.ask import Ask, Form
from malonewatch.interfaces import Certainty

#: What stands for the parts of a remote id in a URL.
PARTS = {
    "id": r"\d{1,18}",
    "name": r"[\w.+-]{1,200}",
    "path": r"[\w.+-]{1,100}(?:/[\w.+-]{1,100}){0,20}",
    "key": r"[A-Za-z][A-Za-z0-9_]{0,30}-\d{1,18}",
}
_SAFE = {"path": "/,:@*"}
#: What stays readable in a query; and the rest of ASCII, as it is written there.
_READABLE = ",:@*"
_QUOTED = {code: quote(chr(code), safe=_READABLE) for code in range(128)}
#: Whether a text stands in any URL as it is.
is_plain = re.compile(r"[A-Za-z0-9_.~-]*").fullmatch
_PLACE = re.compile(r"\{(\w+)(?::(\w+))?\}")


class URLShape:
    """One way in which a type writes the URL of a bug.

    `path` begins where the base URL ends, with ``{part}`` or ``{part:kind}``
    for the parts of the remote id (see `PARTS`), and may end with a query that
    gives a parameter, ``/show_bug.cgi?id={id}``, or its name, ``/bugs/?{id}``.
    `remotebug` is the remote id, made of the parts.

    - `certainty`: how sure it is that such a URL belongs to the type,
    - `at_root`: whether the base URL is the host alone,
    - `registered`: whether it is recognised below a registered base URL only.
    """

    def __init__(
        self,
        path: str,
        remotebug: str = "{id}",
        *,
        certainty: Certainty = Certainty.SHAPE,
        at_root: bool = False,
        registered: bool = False,
        **kinds: str,
    ) -> None:
        self.template = path
        self.remotebug = remotebug
        self.certainty = certainty
        self.registered = registered
        place, _, self._query = path.partition("?")
        # A path is told without the slash that it ends with.
        self._place = place.rstrip("/")
        self._base = "" if at_root else r"(?P<base>(?:/[^/]*)*?)"
        self._kinds = kinds
        # What has to stand in the path: most URLs can be told by that to be others.
        self._literal = max(_PLACE.sub("\0", self._place).split("\0"), key=len)

    # Compiled when they are first wanted: there are some hundreds, of which few ever are.

    @functools.cached_property
    def _path(self) -> re.Pattern[str]:
        return re.compile(self._base + self._pattern(self._place) + "/?", re.ASCII)

    @functools.cached_property
    def _values(self) -> dict[str, re.Pattern[str]]:
        return {
            name: re.compile(self._pattern(value), re.ASCII)
            for name, value in parse_qsl(self._query)
        }

    @functools.cached_property
    def _name(self) -> re.Pattern[str] | None:
        is_name = bool(self._query) and not self._values
        return re.compile(self._pattern(self._query), re.ASCII) if is_name else None

    def _pattern(self, template: str) -> str:
        pieces = []
        end = 0
        for place in _PLACE.finditer(template):
            name, kind = place.groups()
            part = self._kinds.get(name) or PARTS[kind or name]
            pieces += [re.escape(template[end : place.start()]), f"(?P<{name}>{part})"]
            end = place.end()
        return "".join([*pieces, re.escape(template[end:])])

    def match(self, url: SplitResult, base: str | None = None) -> tuple[str, str] | None:
        """The (path of the base URL, remote id) that `url` gives, None if it has another shape.

        `base`, if given, is the path that the base URL has to have.
        """
        if self._literal not in url.path or (self._query and not url.query):
            return None
        if base is not None:
            if not url.path.startswith(base):
                return None
            found = self._path.fullmatch(url.path[len(base) :])
        else:
            found = self._path.fullmatch(url.path)
        if found is None:
            return None
        parts = found.groupdict()
        head = parts.pop("base", "") or ""
        if base is not None and head:
            return None
        query = query_of(url) if self._query else {}
        if self._name is not None:
            names = (self._name.fullmatch(name) for name, value in query.items() if not value)
            found = next(filter(None, names), None)
            if found is None:
                return None
            parts.update(found.groupdict())
        for name, pattern in self._values.items():
            # People write #42, and some of them in URLs.
            value = pattern.fullmatch(query.get(name, "").strip().removeprefix("#"))
            if value is None:
                return None
            parts.update(value.groupdict())
        return head if base is None else base, self.remotebug.format(**parts)

    def build(self, parts: Mapping[str, str]) -> str:
        """What comes after the base URL of the bug that has those parts in its id."""
        return _PLACE.sub(lambda place: quote(parts[place[1]], safe="/+"), self.template)


def by_https(*hosts: str) -> dict[str, str]:
    """Hosts, and the base URL of each: the host alone."""
    return {host: f"https://{host}" for host in hosts}


def query_of(url: SplitResult) -> dict[str, str]:
    """The query's parameters; `;` separates them as well as `&`, the first of a name counts."""
    found: dict[str, str] = {}
    for name, value in parse_qsl(url.query.replace(";", "&"), keep_blank_values=True):
        found.setdefault(name, value)
    return found


def build_url(base: str, parameters: Iterable[tuple[str, str]]) -> str:
    """`base` with a query; commas, colons and the like stay readable in it."""
    query = encode(parameters)
    return f"{base}?{query}" if query else base


def encode(parameters: Iterable[tuple[str, str]]) -> str:
    """`parameters` as a query has them, or a form that is sent."""
    pairs = list(parameters)
    # A name may stand before each of many values.
    names = {name: _quoted(name) for name in dict(pairs)}
    return "&".join([f"{names[name]}={_quoted(value)}" for name, value in pairs])


def _quoted(text: str) -> str:
    if is_plain(text):
        return text
    return text.translate(_QUOTED) if text.isascii() else quote(text, safe=_READABLE)


def ask_form(
    path: str,
    fields: Iterable[tuple[str, str]],
    ids: Iterable[str] = (),
    form: Form = Form.JSON,
) -> Ask:
    """A question for bugs whose `fields` are sent as those of a form on the web; `form` is that
    of the answer."""
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    body = encode(fields).encode()
    return Ask(path, ids=tuple(ids), form=form, method="POST", body=body, headers=headers)


def add_to_form(ask: Ask, fields: Iterable[tuple[str, str]]) -> Ask:
    """The same question with more `fields` in its form."""
    parts = (ask.body, encode(fields).encode())
    return dataclasses.replace(ask, body=b"&".join(filter(None, parts)))


def url_of(ask: Ask, baseurl: str) -> str:
    """Where a question is put to the bug tracker at `baseurl`."""
    return build_url(ask.path if "://" in ask.path else baseurl + ask.path, ask.query)


def is_beside(url: str, other: str, baseurl: str) -> bool:
    """Whether what the answer from `other` says to be at `url` may be asked for there.

    It has to be on the same server, and below `baseurl` if the other one is.

    :raises ValueError: it is no URL at all.
    """
    if _is_below(other, baseurl):
        return _is_below(url, baseurl)
    return urlsplit(url)[:2] == urlsplit(other)[:2]


def _is_below(url: str, base: str) -> bool:
    parts, above = urlsplit(url), urlsplit(base)
    path = posixpath.normpath(unquote(parts.path)) + "/"
    return parts[:2] == above[:2] and path.startswith(above.path.rstrip("/") + "/")


def fill(templates: str | tuple[str, ...] | None, values: Mapping[str, str | None]) -> str | None:
    """A link from a template such as ``/search?q={summary}``, its values percent-encoded.

    In ``{product:path}`` slashes stay as they are.
    The first template is taken that needs no value which is None; None if
    there is none.
    """
    for template in (templates,) if isinstance(templates, str) else templates or ():
        names = [place[1] for place in _PLACE.finditer(template)]
        if all(values.get(name) is not None for name in names):
            return _PLACE.sub(
                lambda place: quote(values[place[1]] or "", safe=_SAFE.get(place[2], ",:@*")),
                template,
            )
    return None
