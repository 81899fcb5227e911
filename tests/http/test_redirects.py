import pytest

from malonewatch.http import HTTPClient
from malonewatch.interfaces import BugTrackerConnectError, BugTrackerTimeout, Credentials
from malonewatch.testing.faults import Names, certificates, redirect

HEADERS = {
    "Accept": "application/json",
    "X-Api-Key": "s3cret",
    "Cookie": "session=s3cret",
    "PRIVATE-TOKEN": "s3cret",
    "Api-Key": "s3cret",
    "Proxy-Authorization": "s3cret",
    "If-None-Match": '"1"',
}


@pytest.fixture
def two(recorder, credentials):
    own, other = recorder(), recorder()
    credentials[own.url] = Credentials(token="s3cret")
    return own, other


def test_secrets_go_along_to_the_own_origin(two, ask):
    own, _ = two
    own.answers["/"] = redirect("/here")
    ask(own.url, headers=HEADERS)
    for _, _, headers, _ in own.received:
        assert headers["Authorization"] == "Bearer s3cret"
        assert headers["X-Api-Key"] == headers["Private-Token"] == headers["Api-Key"] == "s3cret"
    assert len(own.received) == 2


def test_secrets_go_nowhere_else(two, ask):
    own, other = two
    own.answers["/"] = redirect(other.url)
    assert ask(own.url, headers=HEADERS).response.status == 200
    ((_, _, headers, _),) = other.received
    assert "s3cret" not in str(headers)
    assert headers["Accept"] == "application/json"
    assert headers["If-None-Match"] == '"1"'


def test_secrets_go_nowhere_else_without_a_redirect(two, ask):
    own, other = two
    ask(own.url, other.url, headers=HEADERS)
    assert "s3cret" not in str(other.received)


def test_secrets_are_sent_again_when_the_own_origin_is_reached_again(two, ask):
    own, other = two
    own.answers["/"] = redirect(other.url)
    other.answers["/"] = redirect(f"{own.url}/here")
    ask(own.url, headers=HEADERS)
    assert own.received[-1][2]["Authorization"] == "Bearer s3cret"


def test_secrets_do_not_go_from_https_to_http(recorder, credentials, ask):
    server, client = certificates()
    own, other = recorder(ssl_context=server), recorder()
    credentials[own.url] = Credentials(username="jane", password="s3cret")
    own.answers["/"] = redirect(other.url)
    ask(own.url, client=HTTPClient(ssl=client), headers=HEADERS)
    assert own.received[0][2]["Authorization"].startswith("Basic ")
    assert "Authorization" not in other.received[0][2]
    assert "X-Api-Key" not in other.received[0][2]


def test_a_user_in_a_location_is_not_logged_in(two, ask):
    own, other = two
    own.answers["/"] = redirect(other.url.replace("//", "//jane:s3cret@"))
    asked = ask(own.url)
    assert "Authorization" not in other.received[0][2]
    assert "s3cret" not in f"{asked.response.url}{asked.session.exchanges}"


@pytest.mark.parametrize(
    ("status", "method", "after"),
    [
        (301, "GET", "GET"),
        (302, "GET", "GET"),
        (301, "POST", "POST"),
        (302, "POST", "POST"),
        (303, "POST", "GET"),
        (303, "HEAD", "HEAD"),
        (307, "POST", "POST"),
        (308, "POST", "POST"),
    ],
)
def test_the_method_after_a_redirect(status, method, after, recorder, ask):
    simulator = recorder()
    simulator.answers["/"] = redirect("/there", status)
    body = b"question" if method == "POST" else None
    ask(simulator.url, method=method, body=body)
    first, second = simulator.received
    assert first[0] == method
    assert second[0] == after
    assert second[3] == (b"question" if after == "POST" else b"")


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_body_goes_nowhere_else(status, two, ask):
    own, other = two
    own.answers["/"] = redirect(other.url, status)
    asked = ask(own.url, method="POST", body=b"password=s3cret")
    assert asked.kind is BugTrackerConnectError
    assert str(asked.trouble) == (
        f"{own.url} redirects to 127.0.0.1, where what was sent to it may not go; "
        "correct its base URL."
    )
    assert other.received == []


def test_a_question_without_a_body_may_go_elsewhere(two, ask):
    own, other = two
    own.answers["/"] = redirect(other.url, 303)
    assert ask(own.url, method="POST", body=b"password=s3cret").response.status == 200
    assert other.received[0][0] == "GET"
    assert other.received[0][3] == b""


@pytest.mark.parametrize(
    ("statuses", "moved"),
    [([], False), ([301], True), ([308], True), ([302], False), ([301, 307], False)],
)
def test_moved_tells_of_permanent_redirects_only(statuses, moved, recorder, ask):
    simulator = recorder()
    for number, status in enumerate(statuses):
        simulator.answers[f"/{number}"] = redirect(f"/{number + 1}", status)
    response = ask(simulator.url, f"{simulator.url}/0").response
    assert response.url == f"{simulator.url}/{len(statuses)}"
    assert response.moved is moved


@pytest.mark.parametrize("count", [5, 6])
def test_not_more_redirects_than_the_limit_are_followed(count, recorder, ask):
    simulator = recorder()
    for number in range(count):
        simulator.answers[f"/{number}"] = redirect(f"/{number + 1}")
    asked = ask(simulator.url, f"{simulator.url}/0")
    assert (asked.response is not None) is (count == 5)
    assert len(simulator.received) == 6


def test_a_status_of_a_redirect_without_a_location_is_an_answer(recorder, ask):
    simulator = recorder()
    simulator.answers["/"] = redirect("")
    assert ask(simulator.url).response.status == 302


@pytest.mark.parametrize(
    "location",
    [
        "file:///etc/passwd",
        "ftp://example.com/",
        "javascript:alert(1)",
        "ws://example.com/",
        "http://[::1",
        "http://[v1.x]/",
        "http://example.com:99999/",
        "http://a..b/",
        "http://" + 300 * "a",
        "http://%31/",
        "http://exa mple.com/",
        "https://",
    ],
)
def test_a_redirect_to_no_web_address(location, recorder, ask):
    simulator = recorder()
    simulator.answers["/"] = redirect(location)
    asked = ask(simulator.url, client=HTTPClient(resolver=Names))
    assert asked.kind is BugTrackerConnectError
    assert str(asked.trouble) == (
        f"{simulator.url} redirects to something that is not a web address."
    )
    assert len(simulator.received) == len(asked.session.exchanges) == 1


def test_a_redirect_to_a_path_that_is_not_ascii(recorder, ask):
    simulator = recorder()
    simulator.answers["/"] = redirect("/bücher und so?x=ü y")
    response = ask(simulator.url).response
    assert response.url == f"{simulator.url}/b%C3%BCcher%20und%20so?x=%C3%BC%20y"
    assert simulator.received[-1][1] == "/bücher und so"


def test_the_time_limit_is_one_for_all_redirects(recorder, ask):
    simulator = recorder()
    simulator.latency = 0.15
    simulator.answers["/"] = redirect("/")
    asked = ask(simulator.url, timeout=0.4)
    assert asked.kind is BugTrackerTimeout
