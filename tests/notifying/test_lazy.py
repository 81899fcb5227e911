import subprocess
import sys

import pytest
from zope.component import getUtility

from malonewatch.interfaces import IChannel
from malonewatch.notifying import lazy
from malonewatch.notifying.webhook import WebhookChannel


def test_no_channel_is_loaded_before_something_goes_that_way():
    program = (
        "import sys, malonewatch.configuration as it; it.configure()\n"
        "print(sorted(name for name in sys.modules if name.startswith('malonewatch.notifying.')))"
    )
    finished = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert finished.stdout == "['malonewatch.notifying.lazy']\n"


def test_what_stands_for_a_channel_is_as_that_is():
    assert getUtility(IChannel, "webhook") is lazy.webhook
    assert lazy.webhook.keeps == WebhookChannel.keeps
    assert repr(lazy.webhook) == "<channel WebhookChannel>"
    with pytest.raises(AttributeError):
        lazy.webhook._anything  # noqa: B018
