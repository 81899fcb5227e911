"""How the URLs of bugs are spelt by people, mail programs and trackers, type by type."""

import pytest

from malonewatch.interfaces import BugTrackerType, Certainty, UnrecognizedBugTrackerURL
from malonewatch.model.baseurl import base_key

# Where nothing is registered: (type, base URL, remote bug), and what leads there.
UNREGISTERED = {
    ("BUGZILLA", "https://bugzilla.example.org", "42"): """
        https://bugzilla.example.org/show_bug.cgi?id=42
        http://bugzilla.example.org/show_bug.cgi?id=42
        HTTPS://Bugzilla.Example.ORG/show_bug.cgi?id=42
        https://bugzilla.example.org:443/show_bug.cgi?id=42
        http://bugzilla.example.org:80/show_bug.cgi?id=42
        https://bugzilla.example.org./show_bug.cgi?id=42
        <https://bugzilla.example.org/show_bug.cgi?id=42>
        <URL:https://bugzilla.example.org/show_bug.cgi?id=42>
        https://bugzilla.example.org//show_bug.cgi?id=42
        https://bugzilla.example.org/show_bug.cgi/?id=42
        https://bugzilla.example.org/show_bug.cgi?id=42/
        https://bugzilla.example.org/show%5Fbug.cgi?id=42
        https://bugzilla.example.org/show_bug.cgi?id=%34%32
        https://bugzilla.example.org/show_bug.cgi?id=%2342
        https://bugzilla.example.org/show_bug.cgi?id=42%20
        https://bugzilla.example.org/show_bug.cgi?id=+42
        https://bugzilla.example.org/show_bug.cgi?id=0042
        https://bugzilla.example.org/show_bug.cgi?id=42#c3
        https://bugzilla.example.org/show_bug.cgi?id=42#
        https://bugzilla.example.org/show_bug.cgi?id=42%23c3
        https://bugzilla.example.org/show_bug.cgi?id=42/#c3
        https://bugzilla.example.org/show_bug.cgi?id=42&
        https://bugzilla.example.org/show_bug.cgi?&id=42
        https://bugzilla.example.org/show_bug.cgi?id=42&ctype=xml
        https://bugzilla.example.org/show_bug.cgi?ctype=xml&id=42
        https://bugzilla.example.org/show_bug.cgi?id=42;ctype=xml
        https://bugzilla.example.org/show_bug.cgi?ctype=xml;id=42
        https://bugzilla.example.org/show_bug.cgi?format=multiple&amp;id=42
        https://bugzilla.example.org/show_bug.cgi?id=42&id=43
        https://bugzilla.example.org/show_bug.cgi?id=42&list_id=123#c3
        https://bugzilla.example.org/show_bug.cgi?id=42#attach_7
        https://bugzilla.example.org/show_bug.cgi?issue=42
        https://bugzilla.example.org/show_bug.cgi?issue=42#desc1
    """,
    ("BUGZILLA", "http://example.org:8080/~joe/bugs", "42"): """
        http://example.org:8080/~joe/bugs/show_bug.cgi?id=42
        http://example.org:8080/%7Ejoe/bugs/show_bug.cgi?id=42
        http://example.org:8080/%7ejoe/bugs//show_bug.cgi?id=42#c1
        http://EXAMPLE.org:8080/~joe/bugs/show_bug.cgi/?id=42
    """,
    ("BUGZILLA", "https://[2001:db8::1]/bz", "42"): """
        https://[2001:db8::1]/bz/show_bug.cgi?id=42
        https://[2001:DB8::1]:443/bz/show_bug.cgi?id=42
    """,
    ("DEBBUGS", "https://bugs.debian.org", "770670"): """
        https://bugs.debian.org/770670
        https://bugs.debian.org/770670/
        http://bugs.debian.org/770670
        HTTP://BUGS.DEBIAN.ORG/770670
        https://bugs.debian.org:443/770670
        http://bugs.debian.org:80/770670
        https://bugs.debian.org//770670
        https://bugs.debian.org/0770670
        https://bugs.debian.org/%3770670
        https://bugs.debian.org/770670#5
        https://bugs.debian.org/770670/#5
        https://bugs.debian.org/770670%235
        <https://bugs.debian.org/770670>
        https://bugs.debian.org/cgi-bin/bugreport.cgi?bug=770670
        http://bugs.debian.org/cgi-bin/bugreport.cgi?bug=770670
        https://bugs.debian.org/cgi-bin/bugreport.cgi/?bug=770670
        https://bugs.debian.org//cgi-bin/bugreport.cgi?bug=770670
        https://bugs.debian.org/cgi%2dbin/bugreport.cgi?bug=770670
        https://bugs.debian.org/cgi-bin/bugreport.cgi?bug=770670/
        https://bugs.debian.org/cgi-bin/bugreport.cgi?bug=0770670
        https://bugs.debian.org/cgi-bin/bugreport.cgi?bug=%23770670
        https://bugs.debian.org/cgi-bin/bugreport.cgi?bug=770670#10
        https://bugs.debian.org/cgi-bin/bugreport.cgi?bug=770670%2310
        https://bugs.debian.org/cgi-bin/bugreport.cgi?bug=770670;msg=5
        https://bugs.debian.org/cgi-bin/bugreport.cgi?msg=5;bug=770670
        https://bugs.debian.org/cgi-bin/bugreport.cgi?msg=5;att=1;bug=770670
        https://bugs.debian.org/cgi-bin/bugreport.cgi?bug=770670&mbox=yes
        https://bugs.debian.org/cgi-bin/bugreport.cgi?archive=no&bug=770670
        https://bugs.debian.org/cgi-bin/bugreport.cgi?archive=no&amp;bug=770670
    """,
    ("DEBBUGS", "https://debbugs.gnu.org", "33620"): """
        https://debbugs.gnu.org/33620
        http://debbugs.gnu.org/33620
        https://Debbugs.GNU.org/33620/
        https://debbugs.gnu.org/33620#8
        https://debbugs.gnu.org/cgi/bugreport.cgi?bug=33620
        https://debbugs.gnu.org/cgi/bugreport.cgi?bug=33620#8
        https://debbugs.gnu.org/cgi/bugreport.cgi?bug=33620;msg=8
        https://debbugs.gnu.org/cgi-bin/bugreport.cgi?bug=33620
        https://bugs.gnu.org/33620
        http://bugs.gnu.org/33620
        https://BUGS.gnu.org:443/33620
        https://bugs.gnu.org/33620/
        https://bugs.gnu.org/33620#8
        https://bugs.gnu.org/33620%238
        https://bugs.gnu.org/033620
    """,
    ("DEBBUGS", "https://example.org/bts", "7"): """
        https://example.org/bts/cgi-bin/bugreport.cgi?bug=7
        https://example.org/bts/cgi/bugreport.cgi?bug=7
        http://example.org/bts/cgi/bugreport.cgi?bug=007;msg=5
        https://example.org:443/bts//cgi-bin/bugreport.cgi/?bug=7#5
    """,
    ("ROUNDUP", "https://issues.example.org", "2551"): """
        https://issues.example.org/issue2551
        http://issues.example.org/issue2551
        https://ISSUES.example.org/issue2551
        https://issues.example.org:443/issue2551
        https://issues.example.org/issue2551/
        https://issues.example.org//issue2551
        https://issues.example.org/issue02551
        https://issues.example.org/%69ssue2551
        https://issues.example.org/issue2551#msg7
        https://issues.example.org/issue2551%23msg7
        https://issues.example.org/issue2551/#msg7
        https://issues.example.org/issue2551?@template=item
        https://issues.example.org/issue2551?%40template=item#msg7
        <https://issues.example.org/issue2551>
    """,
    ("ROUNDUP", "https://example.org/~joe/tracker", "7"): """
        https://example.org/~joe/tracker/issue7
        http://example.org/%7Ejoe/tracker/issue7/
        https://example.org/~joe//tracker/issue007#msg1
        https://example.org./~joe/tracker/issue7?@ok_message=saved
    """,
    ("TRAC", "https://trac.example.org", "34"): """
        https://trac.example.org/ticket/34
        http://trac.example.org/ticket/34
        https://TRAC.Example.Org/ticket/34
        https://trac.example.org:443/ticket/34
        https://trac.example.org/ticket/34/
        https://trac.example.org/ticket/34//
        https://trac.example.org//ticket/34
        https://trac.example.org/ticket//34
        https://trac.example.org/ticket/0034
        https://trac.example.org/%74icket/%334
        https://trac.example.org/ticket/34#comment:3
        https://trac.example.org/ticket/34/#comment:3
        https://trac.example.org/ticket/34%23comment:3
        https://trac.example.org/ticket/34/%23comment:3
        https://trac.example.org/ticket/34?cversion=0&cnum_hist=3#comment:3
        https://trac.example.org/ticket/34/?cversion=0&cnum_hist=3
        https://trac.example.org/ticket/34?action=diff&version=2
        https://trac.example.org/ticket/34?format=csv
        https://trac.example.org/ticket/34?replyto=description
        https://trac.example.org/ticket/34?version=2#file1
        https://trac.example.org/ticket/34#%E2%9C%93
        <URL:https://trac.example.org/ticket/34>
    """,
    ("TRAC", "https://example.org/projects/some-thing", "34"): """
        https://example.org/projects/some-thing/ticket/34
        http://example.org/projects/some-thing/ticket/34/
        https://example.org//projects/some%2Dthing/ticket/34#comment:3
        https://Example.org:443/projects/some-thing/ticket/034
    """,
    ("TRAC", "http://example.org/cgi-bin/trac.cgi", "34"): """
        http://example.org/cgi-bin/trac.cgi/ticket/34
        http://example.org/cgi-bin/trac.cgi/ticket/34#comment:1
    """,
    ("SOURCEFORGE", "https://sourceforge.net", "foo/bugs#35"): """
        https://sourceforge.net/p/foo/bugs/35/
        https://sourceforge.net/p/foo/bugs/35
        http://sourceforge.net/p/foo/bugs/35/
        https://SourceForge.net/p/foo/bugs/35/
        https://www.sourceforge.net/p/foo/bugs/35/
        https://sf.net/p/foo/bugs/35/
        http://www.sf.net/p/foo/bugs/35/
        https://sourceforge.net:443/p/foo/bugs/35/
        https://sourceforge.net//p/foo/bugs/35/
        https://sourceforge.net/%70/foo/bugs/35/
        https://sourceforge.net/p/foo/bugs/0035/
        https://sourceforge.net/p/foo/bugs/35/#c4a2
        https://sourceforge.net/p/foo/bugs/35#c4a2
        https://sourceforge.net/p/foo/bugs/35/%23c4a2
        https://sourceforge.net/p/foo/bugs/35/?limit=25
        https://sourceforge.net/p/foo/bugs/35/?limit=25&page=1#c4a2
        https://sourceforge.net/rest/p/foo/bugs/35/
        <https://sourceforge.net/p/foo/bugs/35/>
    """,
    ("SOURCEFORGE", "https://sourceforge.net", "foo/sub/feature-requests#7"): """
        https://sourceforge.net/p/foo/sub/feature-requests/7/
        http://sourceforge.net/p/foo/sub/feature-requests/7
    """,
    ("SOURCEFORGE", "https://sourceforge.net", "u/jane/bugs#12"): """
        https://sourceforge.net/u/jane/bugs/12/
        https://sourceforge.net/u/jane/bugs/12
    """,
    ("SOURCEFORGE", "https://sourceforge.net", "adobe/flex/bugs#12"): """
        https://sourceforge.net/adobe/flex/bugs/12/
    """,
    ("SOURCEFORGE", "https://forge-allura.apache.org", "allura/tickets#8000"): """
        https://forge-allura.apache.org/p/allura/tickets/8000/
        http://forge-allura.apache.org/p/allura/tickets/8000
    """,
    ("SOURCEFORGE", "http://forge.example.org:8080", "it/tickets#42"): """
        http://forge.example.org:8080/p/it/tickets/42/
        http://forge.example.org:8080/p/it/tickets/42?limit=25
    """,
    # The numbers of before Allura
    ("SOURCEFORGE", "https://sourceforge.net", "1234567"): """
        https://sourceforge.net/support/tracker.php?aid=1234567
        http://sourceforge.net/support/tracker.php?aid=01234567
        http://www.sourceforge.net/support/tracker.php/?aid=1234567
        http://sf.net/support/tracker.php?aid=1234567
        http://sourceforge.net/tracker/?func=detail&aid=1234567&group_id=5&atid=105
        http://sourceforge.net/tracker/?func=detail;aid=1234567;group_id=5;atid=105
        http://sourceforge.net/tracker/?func=detail&amp;aid=1234567&amp;group_id=5
        http://sourceforge.net/tracker/index.php?func=detail&aid=1234567&group_id=5
        http://sourceforge.net/tracker2/?func=detail&aid=1234567
        http://sourceforge.net/tracker2/index.php?aid=1234567#c1
    """,
}

# Where a bug tracker is registered: (type, base URL, aliases, remote bug).
REGISTERED = {
    ("BUGZILLA", "https://bugs.kde.example", ("http://kde.example/bz/",), "413829"): """
        https://bugs.kde.example/413829
        http://bugs.kde.example/413829
        https://BUGS.kde.example:443/413829/
        https://bugs.kde.example/413829#c3
        https://bugs.kde.example/413829/#c3
        https://bugs.kde.example/413829%23c3
        https://bugs.kde.example/0413829
        https://bugs.kde.example/show_bug.cgi?id=413829
        http://bugs.kde.example/show_bug.cgi?ctype=xml;id=413829#c3
        https://kde.example/bz/413829
        http://KDE.example/bz/413829/#c3
        https://kde.example/bz/show_bug.cgi?id=413829
    """,
    ("BUGZILLA", "https://bugs.example.org", (), "CVE-2026-1"): """
        https://bugs.example.org/show_bug.cgi?id=CVE-2026-1
        http://bugs.example.org/show_bug.cgi?id=CVE%2d2026%2D1#c1
        https://bugs.example.org/show_bug.cgi?id=CVE-2026-1;ctype=xml
    """,
    ("DEBBUGS", "https://example.org/bts/", ("https://old.example.org",), "7"): """
        https://example.org/bts/7
        http://example.org/bts/7/
        https://example.org/bts/007#5
        https://example.org/bts/cgi-bin/bugreport.cgi?bug=7;msg=5
        https://old.example.org/7
        https://old.example.org/cgi/bugreport.cgi?bug=7
    """,
    ("ROUNDUP", "https://example.org/tracker", ("http://issues.example.org/",), "12"): """
        https://example.org/tracker/issue12
        http://example.org/tracker/issue0012/
        https://example.org/tracker/bug12
        https://example.org/tracker/bug12#msg3
        https://issues.example.org/issue12?@template=item
        https://issues.example.org/bug12
    """,
    ("TRAC", "https://example.org/%7Ejoe/trac/", ("https://trac.example.org",), "5"): """
        https://example.org/~joe/trac/ticket/5
        http://example.org/%7ejoe/trac/ticket/5/
        https://trac.example.org/ticket/5#comment:1
    """,
    # Any tracker of any project, where somebody said that it is Allura
    (
        "SOURCEFORGE",
        "https://forge.example.org",
        ("https://forge.example.org/p/it/x",),
        "it/x#4",
    ): """
        https://forge.example.org/p/it/x/4/
        http://FORGE.example.org/p/it/x/04
        https://forge.example.org/rest/p/it/x/4/
    """,
}

# No bug's, be the bug tracker registered or not.
NO_BUGS = """
    https://bugzilla.example.org/
    https://bugzilla.example.org/show_bug.cgi
    https://bugzilla.example.org/show_bug.cgi?id=
    https://bugzilla.example.org/show_bug.cgi?bug=5
    https://bugzilla.example.org/buglist.cgi?bug_id=5
    https://bugzilla.example.org/attachment.cgi?id=5
    https://bugzilla.example.org/x/show_bug.cgi/5?id=
    https://bugs.debian.org/
    https://bugs.debian.org/src:gcc
    https://bugs.debian.org/gcc
    https://bugs.debian.org/release-critical/
    https://bugs.debian.org/cgi-bin/bugreport.cgi
    https://bugs.debian.org/cgi-bin/bugreport.cgi?bug=gcc
    https://bugs.debian.org/cgi-bin/pkgreport.cgi?bug=5
    https://bugs.debian.org/cgi-bin/bugreport.cgi/5
    https://issues.example.org/issue
    https://issues.example.org/issue?@sort=5
    https://issues.example.org/issue5x
    https://issues.example.org/msg5
    https://issues.example.org/user5
    https://trac.example.org/ticket/
    https://trac.example.org/ticket/5/6
    https://trac.example.org/ticket/5x
    https://trac.example.org/tickets/5
    https://trac.example.org/query?id=5
    https://trac.example.org/attachment/ticket/5/a.patch
    https://sourceforge.net/
    https://sourceforge.net/p/foo/bugs/
    https://sourceforge.net/p/foo/bugs/milestone/2/
    https://sourceforge.net/p/foo/discussion/35/
    https://sourceforge.net/p/foo/code/35/
    https://sourceforge.net/p/foo/35/
    https://sourceforge.net/projects/foo/bugs/35/
    https://sourceforge.net/tracker/?func=browse&group_id=5
    https://archive.example/web/2026/https://trac.example.org/ticket/5
    https://example.org/login?next=/ticket/5
    https://example.org/?url=https://bugzilla.example.org/show_bug.cgi?id=5
"""


def listed(table):
    return [(*what, url) for what, urls in table.items() for url in urls.split()]


def test_there_are_many_of_them():
    urls = [row[-1] for row in [*listed(UNREGISTERED), *listed(REGISTERED)]]
    assert len(set(urls)) >= 200


@pytest.mark.parametrize(("name", "baseurl", "remotebug", "url"), listed(UNREGISTERED))
def test_where_nothing_is_registered(watches, name, baseurl, remotebug, url):
    found, bugtrackertype = watches.recognise(url)
    assert (bugtrackertype, found.remotebug) == (name, remotebug)
    assert base_key(found.baseurl) == base_key(baseurl)
    assert found.certainty < Certainty.REGISTERED


@pytest.mark.parametrize(("name", "baseurl", "aliases", "remotebug", "url"), listed(REGISTERED))
def test_where_the_bug_tracker_is_registered(
    watches, make_tracker, name, baseurl, aliases, remotebug, url
):
    tracker = make_tracker(baseurl=baseurl, bugtrackertype=BugTrackerType(name))
    tracker.aliases = aliases
    assert watches.extractBugTrackerAndBug(url) == (tracker, remotebug)


@pytest.mark.parametrize("url", NO_BUGS.split())
def test_what_is_no_bugs(watches, make_tracker, url):
    for name, baseurl in (
        ("BUGZILLA", "https://bugzilla.example.org"),
        ("DEBBUGS", "https://bugs.debian.org"),
        ("ROUNDUP", "https://issues.example.org"),
        ("TRAC", "https://trac.example.org"),
        ("SOURCEFORGE", "https://sourceforge.net"),
    ):
        with pytest.raises(UnrecognizedBugTrackerURL):
            watches.extractBugTrackerAndBug(url)
        make_tracker(name.lower(), baseurl=baseurl, bugtrackertype=BugTrackerType(name))
    with pytest.raises(UnrecognizedBugTrackerURL):
        watches.extractBugTrackerAndBug(url)
