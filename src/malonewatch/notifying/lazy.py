"""The channels, the deliverer and the texts, as utilities that load nothing before it is wanted."""

import functools
import importlib
from collections.abc import Mapping, Sequence
from typing import Any

from zope.interface import directlyProvides, provider

from malonewatch.interfaces import Feed, IChannel, IDeliverer, IFeedWriter, ITexts, Notice


class LazyChannel:
    """Stands for the channel whose class is called `class_name`, in a module beside this."""

    def __init__(self, module: str, class_name: str) -> None:
        self._module = module
        self._class_name = class_name
        directlyProvides(self, IChannel)

    @functools.cached_property
    def _channel(self) -> Any:
        module = importlib.import_module(f"malonewatch.notifying.{self._module}")
        return getattr(module, self._class_name)()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._channel, name)

    def __repr__(self) -> str:
        return f"<channel {self._class_name}>"


@provider(IDeliverer)
def deliver(database: Any, **values: Any) -> Any:
    """See `IDeliverer`."""
    from malonewatch.notifying import deliverer

    return deliverer.deliver(database, **values)


@provider(IFeedWriter)
def atom(feed: Feed, notices: Sequence[Notice]) -> bytes:
    """See `IFeedWriter`."""
    from malonewatch.notifying import feeds

    return feeds.atom(feed, notices)


@provider(ITexts)
def texts(name: str, folder: str, values: Mapping[str, Any]) -> str:
    """See `ITexts`."""
    from malonewatch.notifying import texts

    return str(texts.texts(name, folder, values))


apprise = LazyChannel("chat", "AppriseChannel")
feed = LazyChannel("feeds", "FeedChannel")
mail = LazyChannel("mail", "MailChannel")
webhook = LazyChannel("webhook", "WebhookChannel")
