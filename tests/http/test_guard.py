"""Who may be led to which address.  127.0.0.2 passes for a public one here."""

import asyncio

import pytest

from malonewatch.http import HTTPClient
from malonewatch.http.guard import is_public
from malonewatch.interfaces import BugTrackerAddressRefused, BugTrackerConnectError
from malonewatch.testing.faults import Names, redirect

NAME = "bugs.example.com"


def client(addresses=None, resolver=None):
    names = resolver or Names({} if addresses is None else {NAME: addresses})
    return HTTPClient(resolver=lambda: names, is_public=lambda address: address == "127.0.0.2")


@pytest.mark.parametrize(
    "address",
    [
        "8.8.8.8",
        "100.63.255.255",
        "172.15.0.1",
        "2001:4860:4860::8888",
        "2a00::1",
        "::ffff:8.8.8.8",
        "64:ff9b::8.8.8.8",
        # 8.8.8.8 in 6to4, and in Teredo, where its bits are turned.
        "2002:808:808::1",
        "2001:0:4136:e378:8000:63bf:f7f7:f7f7",
        # Beside what is not.
        "1.0.0.0",
        "9.255.255.255",
        "11.0.0.0",
        "100.128.0.0",
        "169.253.255.255",
        "172.32.0.0",
        "191.255.255.255",
        "192.0.1.0",
        "192.0.3.0",
        "192.167.255.255",
        "192.169.0.0",
        "198.17.255.255",
        "198.20.0.0",
        "223.255.255.255",
        "2001:200::1",
        "2620:4f:8001::1",
        "3ffe::1",
    ],
)
def test_what_is_on_the_internet(address):
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.255.255.254",
        "10.0.0.1",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.0.1",
        # Link-local; cloud machines tell their secrets there.
        "169.254.169.254",
        "fe80::1",
        "fe80::1%eth0",
        # The provider's own network, behind carrier-grade NAT.
        "100.64.0.1",
        "100.127.255.255",
        # Nowhere and everywhere.
        "0.0.0.0",
        "0.1.2.3",
        "::",
        "::1",
        "::1%lo",
        "255.255.255.255",
        "224.0.0.1",
        "239.255.255.250",
        "ff02::1",
        "ff0e::1",
        "240.0.0.1",
        # For protocols: 192.0.0.8 has no meaning, 192.0.0.170 is not on any network.
        "192.0.0.1",
        "192.0.0.8",
        "192.0.0.170",
        "192.88.99.1",
        "192.175.48.1",
        "2001:1::1",
        "2001:10::1",
        "2001:20::1",
        "2620:4f:8000::1",
        "5f00::1",
        # Documentation and benchmarks.
        "192.0.2.1",
        "198.51.100.1",
        "203.0.113.1",
        "198.18.0.1",
        "2001:db8::1",
        "3fff::1",
        # Private in IPv6, as it is now and as it was.
        "fc00::1",
        "fd12:3456::1",
        "fec0::1",
        # IPv4 in other clothes.
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:224.0.0.1",
        "::127.0.0.1",
        "::8.8.8.8",
        "::ffff:0:127.0.0.1",
        "2002:7f00:1::1",
        "2002:a00:1::1",
        "64:ff9b::127.0.0.1",
        "64:ff9b::10.0.0.1",
        "64:ff9b:1::8.8.8.8",
        # Teredo for 127.0.0.1.
        "2001:0:4136:e378:8000:63bf:80ff:fffe",
        # And for 192.0.0.8.
        "2001:0:4136:e378:8000:63bf:3fff:fff7",
        # No addresses, whatever else takes them for some.
        "",
        "localhost",
        "2130706433",
        "0177.0.0.1",
        "0x7f.1",
        "127.1",
        "8.8.8.8.",
        "１.1.1.1",
    ],
)
def test_what_is_not_on_the_internet(address):
    assert not is_public(address)


HOSTS = ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "2130706433", "0177.0.0.1", "127.1"]
HOSTS += ["0x7f.1", "0x7f000001", "１２７.0.0.1", "127。0。0。1", "127.0.0.1.", "0"]


@pytest.mark.parametrize("host", HOSTS)
def test_a_guessed_bug_tracker_is_not_led_to_a_private_address(host, recorder, ask):
    simulator = recorder()
    # With the machine's own resolver, which reads some of them as addresses.
    asked = ask(f"http://{host}:{simulator.port}", guessed=True)
    assert asked.kind is BugTrackerAddressRefused
    assert "is not on the public Internet, and nobody registered http://" in str(asked.trouble)
    assert simulator.received == []


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"])
def test_a_registered_bug_tracker_may_be_at_a_private_address(host, recorder, ask):
    assert ask(f"http://{host}:{recorder().port}").response.status == 200


def test_a_guessed_bug_tracker_may_be_at_a_public_address(recorder, ask):
    simulator = recorder(host="127.0.0.2")
    assert ask(simulator.url, client=client(), guessed=True).response.status == 200


def test_a_name_may_not_lead_a_guessed_bug_tracker_to_a_private_address(recorder, ask):
    simulator = recorder()
    url = f"http://{NAME}:{simulator.port}"
    asked = ask(url, client=client(["127.0.0.1"]), guessed=True)
    assert asked.kind is BugTrackerAddressRefused
    assert str(asked.trouble) == (
        f"{NAME} is not on the public Internet, and nobody registered {url}: "
        "its URL only stood in some text."
    )
    assert simulator.received == []


@pytest.mark.parametrize(
    "addresses", [["127.0.0.2", "127.0.0.1"], ["127.0.0.1", "127.0.0.2"], ["127.0.0.2", "::1"]]
)
def test_one_private_address_among_public_ones_is_too_many(addresses, recorder, ask):
    simulator = recorder(host="127.0.0.2")
    url = f"http://{NAME}:{simulator.port}"
    asked = ask(url, client=client(addresses), guessed=True)
    assert asked.kind is BugTrackerAddressRefused
    assert simulator.received == []


def test_a_registered_bug_tracker_may_have_addresses_of_both_kinds(recorder, ask):
    simulator = recorder()
    url = f"http://{NAME}:{simulator.port}"
    assert ask(url, client=client(["127.0.0.2", "127.0.0.1"])).response.status == 200


class Changing(Names):
    """Says 127.0.0.2 when first asked, and 127.0.0.1 from then on."""

    async def resolve(self, host, port=0, family=0):
        self.addresses = {host: ["127.0.0.1" if self.asked else "127.0.0.2"]}
        return await super().resolve(host, port, family)


def test_the_address_that_was_looked_at_is_the_one_connected_to(recorder, ask):
    private = recorder()
    names = Changing()
    asked = ask(f"http://{NAME}:{private.port}", client=client(resolver=names), guessed=True)
    # Nothing listens at 127.0.0.2.
    assert str(asked.trouble) == f"{NAME} cannot be reached: connection refused."
    assert names.asked == [NAME]
    assert private.received == []


def test_a_name_that_turned_private_is_refused(recorder, facts):
    public = recorder(host="127.0.0.2")
    url = f"http://{NAME}:{public.port}"

    async def run():
        async with client(resolver=Changing()).open() as pool:
            session = pool.session(facts(url, guessed=True))
            assert (await session.request("GET", url)).status == 200
            public.listen(False)
            with pytest.raises(BugTrackerAddressRefused):
                await session.request("GET", url)

    asyncio.run(run())


def test_a_guessed_bug_tracker_does_not_use_the_connection_of_a_registered_one(recorder, facts):
    simulator = recorder()

    async def run():
        async with client(["127.0.0.1"]).open() as pool:
            url = f"http://{NAME}:{simulator.port}"
            assert (await pool.session(facts(url)).request("GET", url)).status == 200
            with pytest.raises(BugTrackerAddressRefused):
                await pool.session(facts(url, guessed=True)).request("GET", url)
            assert (await pool.session(facts(url)).request("GET", url)).status == 200

    asyncio.run(run())
    assert len(simulator.received) == 2


@pytest.mark.parametrize("guessed", [False, True])
@pytest.mark.parametrize("host", ["127.0.0.1", "127.1", "0x7f.1", "localhost", NAME])
def test_a_redirect_does_not_lead_from_a_public_to_a_private_address(guessed, host, recorder, ask):
    private, public = recorder(), recorder(host="127.0.0.2")
    public.answers["/"] = redirect(f"http://{host}:{private.port}/secret")
    resolver = Names({name: ["127.0.0.1"] for name in ("localhost", "0x7f.1", NAME)})
    asked = ask(public.url, client=client(resolver=resolver), guessed=guessed)
    assert asked.kind is BugTrackerAddressRefused
    assert str(asked.trouble) == (
        f"{public.url} redirects to {host}, which is not on the public Internet."
    )
    assert private.received == []


def test_a_redirect_by_way_of_another_public_address_does_not_either(recorder, ask):
    private, public = recorder(), recorder(host="127.0.0.2")
    public.answers["/"] = redirect("/elsewhere")
    public.answers["/elsewhere"] = redirect(private.url)
    assert ask(public.url, client=client()).kind is BugTrackerAddressRefused
    assert private.received == []


def test_a_redirect_from_a_private_address_to_a_public_one_and_back_does_not(recorder, ask):
    private, public = recorder(), recorder(host="127.0.0.2")
    private.answers["/"] = redirect(public.url)
    public.answers["/"] = redirect(f"{private.url}/secret")
    assert ask(private.url, client=client()).kind is BugTrackerAddressRefused
    assert [path for _, path, _, _ in private.received] == ["/"]


def test_a_redirect_between_private_addresses_is_followed(recorder, ask):
    one, other = recorder(), recorder()
    one.answers["/"] = redirect(other.url)
    assert ask(one.url, client=client()).response.status == 200


def test_a_redirect_between_public_addresses_is_followed(recorder, ask):
    one, other = recorder(host="127.0.0.2"), recorder(host="127.0.0.2")
    one.answers["/"] = redirect(other.url)
    assert ask(one.url, client=client(), guessed=True).response.status == 200


def test_a_short_address_of_a_registered_bug_tracker_is_no_url(ask):
    asked = ask("http://127.1:1")
    assert asked.kind is BugTrackerConnectError
    assert "leads to a URL that is none" in str(asked.trouble)
