"""A Pyramid application with tickets and staff of its own, and malonewatch in it.

It is what the chapter ``pyramid.rst`` tells of: traversal over ZODB
(pyramid_zodbconn), a transaction for each request (pyramid_tm, with an explicit
manager), and a site below the root, ``/helpdesk``, in which malonewatch finds
the application's tickets and staff where its own bugs and people would be.
"""

import pathlib

from pyramid.config import Configurator
from pyramid_zodbconn import get_connection
from zope.component import hooks
from zope.configuration import xmlconfig

from helpdesk.models import Helpdesk
from malonewatch.model import install

ZCML = pathlib.Path(__file__).with_name("configure.zcml")


def root_factory(request):
    """The root of the database; its helpdesk is the current site for the length of a request."""
    root = get_connection(request).root()
    if "helpdesk" not in root:
        # What the helpdesk registers stays; malonewatch adds what is missing.
        root["helpdesk"] = install(Helpdesk())
    hooks.setSite(root["helpdesk"])
    request.add_finished_callback(lambda request: hooks.setSite(None))
    return {"helpdesk": root["helpdesk"]}


def main(global_config, **settings):
    """The WSGI application; ``zodbconn.uri`` says where the database is."""
    hooks.setHooks()
    xmlconfig.file(str(ZCML))
    with Configurator(root_factory=root_factory, settings=settings) as config:
        config.add_settings({"tm.manager_hook": "pyramid_tm.explicit_manager"})
        config.include("pyramid_tm")
        config.include("pyramid_zodbconn")
        config.scan("helpdesk.views")
        return config.make_wsgi_app()
