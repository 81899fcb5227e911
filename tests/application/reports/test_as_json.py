import json

from tests.application.linked import FIX, SINCE, link

from malonewatch.application.linkfacts import LinkVerdict
from malonewatch.application.reports import FORMATS
from malonewatch.interfaces import Wish


def test_all_that_is_known_is_told():
    fixed = link(watch=4, since=SINCE, fixed_in="3.2", wish=Wish.UNTIL_FIXED, **FIX)
    assert json.loads(FORMATS["json"]([fixed])) == [
        {
            "project": "mill",
            "path": "src/mill.py",
            "line": 7,
            "column": 3,
            "written": "https://gtk.example/12",
            "text": "# until it is fixed",
            "url": "https://gtk.example/12",
            "wish": "UNTIL_FIXED",
            "verdict": "FIXED",
            "watch": 4,
            "remote": "gtk #12",
            "title": "It crashes",
            "remotestatus": "RESOLVED FIXED",
            "meaning": "Fix Released",
            "since": "2024-03-09T23:59:00+00:00",
            "fixed_in": "3.2",
            "survivor": "",
            "trouble": "",
            "can_go": True,
            "sentence": fixed.sentence,
        }
    ]


def test_every_link_is_there_and_texts_are_as_they_are():
    links = [link(verdict, text="\x1b[1m\udcff") for verdict in LinkVerdict]
    report = json.loads(FORMATS["json"](links))
    assert [each["verdict"] for each in report] == [verdict.name for verdict in LinkVerdict]
    assert {each["text"] for each in report} == {"\x1b[1m\udcff"}
    assert report[-1]["since"] is None
    assert json.loads(FORMATS["json"]([])) == []
