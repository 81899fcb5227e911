import pytest
from tests.clock import Seconds

from malonewatch.web.limits import Failures, LogInLimits, network_of


@pytest.fixture
def clock():
    return Seconds(1000.0)


def waits(limits, name, address, count):
    return [limits.begin(name, address) for _ in range(count)]


def test_a_pause_grows_with_each_failure(clock):
    failures = Failures(2, 10, clock)
    pauses = []
    for _ in range(7):
        pauses.append(failures.pause("x"))
        failures.add("x")
    assert pauses == [0, 0, 1, 2, 4, 8, 10]
    clock.now += 4
    assert failures.pause("x") == 6
    clock.now += 6
    assert failures.pause("x") == failures.pause("other") == 0


def test_it_is_forgotten_after_an_hour(clock):
    failures = Failures(0, 10**6, clock)
    for _ in range(40):
        failures.add("x")
    assert failures.pause("x") == 10**6
    clock.now += 3600
    assert failures.pause("x") == 0
    failures.add("x")
    assert failures.pause("x") == 2


def test_nobody_makes_it_grow_without_bound(clock):
    failures = Failures(0, 10, clock, most=100)
    failures.add("first")
    for number in range(99):
        failures.add(number)
    failures.add("first")
    for number in range(99):
        failures.add(-1 - number)
    assert len(failures) == 100
    assert failures.pause("first") > 0
    assert failures.pause(5) == 0


def test_a_name_is_guessed_from_many_addresses_no_faster(clock):
    limits = LogInLimits(clock)
    found = [limits.begin("anna", f"10.0.0.{number}") for number in range(8)]
    assert found == [0, 0, 0, 0, 0, 1, 1, 1]
    assert limits.begin("bert", "10.0.0.1") == 0


def test_who_logged_in_from_there_before_is_not_shut_out(clock):
    limits = LogInLimits(clock)
    assert limits.begin("anna", "10.1.1.1") == 0
    limits.succeeded("anna", "10.1.1.1")
    for number in range(100):
        limits.begin("anna", f"10.0.0.{number}")
    assert limits.begin("anna", "10.0.0.1") > 0
    assert limits.begin("anna", "10.1.1.1") == 0
    assert limits.begin("bert", "10.1.1.1") == 0


def test_trying_during_a_pause_does_not_prolong_it(clock):
    limits = LogInLimits(clock)
    waits(limits, "anna", "10.0.0.1", 6)
    clock.now += 0.5
    assert waits(limits, "anna", "10.0.0.1", 10) == [0.5] * 10
    clock.now += 0.5
    assert limits.begin("anna", "10.0.0.1") == 0
    assert limits.begin("anna", "10.0.0.1") == 2


def test_a_name_waits_for_a_minute_at_most(clock):
    limits = LogInLimits(clock)
    longest = 0
    for number in range(30):
        wait = limits.begin("anna", f"10.0.0.{number}")
        longest = max(longest, wait)
        clock.now += wait
    assert longest == 60


def test_an_address_guesses_many_names_no_faster(clock):
    limits = LogInLimits(clock)
    found = [limits.begin(f"name{number}", "10.0.0.1") for number in range(23)]
    assert found == [0] * 20 + [1, 1, 1]


def test_an_account_of_ones_own_does_not_help_to_guess_others(clock):
    limits = LogInLimits(clock)
    for number in range(20):
        assert limits.begin("mallory", "10.0.0.1") == 0
        limits.succeeded("mallory", "10.0.0.1")
        assert limits.begin(f"name{number}", "10.0.0.1") == 0
    assert limits.begin("mallory", "10.0.0.1") > 0


def test_success_lets_a_name_be_tried_again(clock):
    limits = LogInLimits(clock)
    waits(limits, "anna", "10.0.0.1", 5)
    clock.now += 1
    limits.succeeded("anna", "10.0.0.2")
    assert limits.begin("anna", "10.0.0.3") == 0


def test_a_name_that_is_longer_than_any_is_known_by_its_beginning(clock):
    limits = LogInLimits(clock)
    waits(limits, "x" * 10**6, "10.0.0.1", 5)
    assert limits.begin("x" * 10**5, "10.0.0.2") > 0
    limits.succeeded("x" * 101, "10.0.0.3")
    assert limits.begin("x" * 10**5, "10.0.0.2") == 0


def test_where_people_logged_in_is_forgotten_in_the_end(clock, monkeypatch):
    monkeypatch.setattr("malonewatch.web.limits._MOST", 3)
    limits = LogInLimits(clock)
    for number in range(4):
        limits.succeeded("anna", f"10.0.0.{number}")
    waits(limits, "anna", "10.9.9.9", 6)
    assert limits.begin("anna", "10.0.0.3") == 0
    assert limits.begin("anna", "10.0.0.0") > 0


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("", ""),
        ("x" * 1000, "x" * 100),
    ],
)
def test_a_network_is_what_one_person_has(address, network):
    assert network_of(address) == network
