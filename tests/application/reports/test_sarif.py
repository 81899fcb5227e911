import json
from pathlib import Path
from urllib.parse import unquote

import jsonschema
import pytest
from tests.application.linked import FIX, SINCE, link
from tests.application.reports.test_entries import HOSTILE

from malonewatch.application.linkfacts import LinkVerdict
from malonewatch.application.reports import FORMATS
from malonewatch.version import version

GONE_OR_NOT = [verdict for verdict in LinkVerdict if verdict.can_go]
NOT_KNOWN = [LinkVerdict.UNKNOWN, LinkVerdict.PROPOSED]


@pytest.fixture(scope="module")
def validator():
    """The schema of SARIF 2.1.0."""
    text = (Path(__file__).parent / "data" / "sarif-2.1.0-rtm.5.json").read_text()
    return jsonschema.Draft4Validator(json.loads(text))


@pytest.fixture
def report(validator):
    """The runs of a log, which is as the schema has it."""

    def report(*links):
        log = json.loads(FORMATS["sarif"](links))
        validator.validate(log)
        assert log["version"] == "2.1.0"
        return log["runs"]

    return report


def notifications(run):
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is True
    return invocation["toolExecutionNotifications"]


def place(entry):
    (location,) = entry["locations"]
    return location["physicalLocation"]


def test_the_tool_says_what_it_is(report):
    (run,) = report()
    driver = run["tool"]["driver"]
    assert (driver["name"], driver["version"]) == ("malonewatch", version())
    assert driver["informationUri"].startswith("https://")


def test_each_verdict_that_is_told_has_a_descriptor_with_help(report):
    driver = report()[0]["tool"]["driver"]
    levels = {each["id"]: each["defaultConfiguration"]["level"] for each in driver["rules"]}
    assert levels == {
        "bug-fixed": "warning",
        "bug-closed": "warning",
        "bug-invalid": "warning",
        "bug-gone": "warning",
        "bug-unexpected": "error",
    }
    levels = {each["id"]: each["defaultConfiguration"]["level"] for each in driver["notifications"]}
    assert levels == {"bug-unknown": "note", "bug-proposed": "note"}
    for each in driver["rules"] + driver["notifications"]:
        assert each["help"]["text"].endswith(".")
        assert each["shortDescription"]["text"].endswith(".")
        assert each["name"] == each["id"].title().replace("-", "")


def test_a_result_says_where_what_and_why(report):
    (run,) = report(link(since=SINCE, fixed_in="3.2", **FIX))
    (result,) = run["results"]
    assert len(result.pop("partialFingerprints")["linkFingerprint/v1"]) == 64
    assert result == {
        "ruleId": "bug-fixed",
        "ruleIndex": 0,
        "level": "warning",
        "message": {
            "text": "gtk #12 (It crashes) has been RESOLVED FIXED (Fix Released) since "
            "2024-03-09; the fix is in 3.2. https://gtk.example/12"
        },
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": "src/mill.py", "uriBaseId": "%SRCROOT%"},
                    "region": {"startLine": 7, "startColumn": 3},
                }
            }
        ],
        "suppressions": [],
        "properties": {
            "url": "https://gtk.example/12",
            "status": "RESOLVED FIXED",
            "since": "2024-03-09T23:59:00+00:00",
            "fixed_in": "3.2",
        },
    }
    assert "%SRCROOT%" in run["originalUriBaseIds"]
    assert run["columnKind"] == "unicodeCodePoints"


def test_what_is_not_known_is_no_property(report):
    ((result,),) = (run["results"] for run in report(link(LinkVerdict.GONE)))
    assert result["properties"] == {"url": "https://gtk.example/12"}


@pytest.mark.parametrize("verdict", GONE_OR_NOT)
def test_what_can_go_is_a_result_of_its_rule(report, verdict):
    (run,) = report(link(verdict))
    (result,) = run["results"]
    rule = run["tool"]["driver"]["rules"][result["ruleIndex"]]
    assert rule["id"] == result["ruleId"] == f"bug-{verdict.value}"
    assert rule["defaultConfiguration"]["level"] == result["level"]
    assert notifications(run) == []


@pytest.mark.parametrize("verdict", NOT_KNOWN)
def test_what_could_not_be_asked_is_told_of_the_run_and_is_no_result(report, verdict):
    unknown = link(verdict, remote="gtk #12", trouble="https://gtk.example timed out.")
    (run,) = report(unknown)
    assert run["results"] == []
    (told,) = notifications(run)
    descriptor = run["tool"]["driver"]["notifications"][told["descriptor"]["index"]]
    assert descriptor["id"] == told["descriptor"]["id"] == f"bug-{verdict.value}"
    assert told["level"] == "note"
    assert told["message"]["text"] == f"{unknown.sentence} https://gtk.example/12"
    assert place(told)["region"] == {"startLine": 7, "startColumn": 3}


def test_what_stays_is_not_told(report):
    (run,) = report(link(LinkVerdict.STAYS))
    assert run["results"] == notifications(run) == []


def test_there_is_a_run_even_of_nothing_so_that_alerts_are_closed(report):
    (run,) = report()
    assert run["results"] == notifications(run) == []


def test_each_project_has_a_run_and_the_runs_tell_which(report):
    runs = report(
        link(project="mill"), link(LinkVerdict.STAYS, project="inn"), link(project="mill", line=1)
    )
    assert [len(run["results"]) for run in runs] == [0, 2]
    assert [run["automationDetails"]["id"] for run in runs] == [
        "malonewatch/inn/",
        "malonewatch/mill/",
    ]
    assert "automationDetails" not in report(link())[0]


def test_a_name_of_a_file_is_a_relative_reference(report):
    def uri(path):
        return place(report(link(path=path))[0]["results"][0])["artifactLocation"]["uri"]

    odd = "a:b/c d%41#?ü\x1b.py"
    assert uri(odd) == "a%3Ab/c%20d%2541%23%3F%C3%BC%1B.py"
    assert unquote(uri(odd)) == odd
    # In an encoding of old.
    assert uri("d\udcfcnn.py") == "d%FCnn.py"


def test_nothing_in_a_title_is_a_placeholder_or_a_link(report):
    ((result,),) = (
        run["results"] for run in report(link(**FIX | {"title": "{0} [here](https://evil)"}))
    )
    assert result["message"]["text"].startswith("gtk #12 ({{0}} [here] (https://evil)) is ")


@pytest.mark.parametrize("verdict", LinkVerdict)
def test_a_log_is_as_the_schema_has_it_whatever_texts_there_are(report, verdict):
    facts = dict.fromkeys(("text", "url", "title", "remotestatus", "fixed_in", "trouble"), HOSTILE)
    report(link(verdict, **facts, project=HOSTILE), link(verdict, project="other", line=99))


def test_the_schema_refuses_what_is_none(validator):
    log = json.loads(FORMATS["sarif"]([link()]))
    log["runs"][0]["results"][0]["level"] = "fatal"
    assert not validator.is_valid(log)
