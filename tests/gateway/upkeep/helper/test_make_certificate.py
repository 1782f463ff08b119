"""The helper makes the page's certificate, of names that are this machine's; the daemon asks it to."""

import asyncio
import platform

import pytest
from cryptography import x509

from gateway.errors import GatewayError
from gateway.upkeep.authority.maker import HelpedMaker
from gateway.upkeep.authority.names import own_addresses
from gateway.upkeep.helper import table
from gateway.upkeep.helper.client import ask

HOST = platform.node().partition(".")[0].lower()


def make(serving, names):
    """What the helper does when it is asked for a certificate of these names."""

    async def run():
        async with serving() as path:
            return await ask("make-certificate", socket=path, names=names)

    return asyncio.run(run())


def names_of(folder):
    """What the certificate says."""
    leaf = x509.load_pem_x509_certificate((folder / "server.pem").read_bytes())
    found = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return found.get_values_for_type(x509.DNSName), [*map(str, found.get_values_for_type(x509.IPAddress))]


def test_of_its_own_names_and_addresses(scratch, serving):
    """Addresses are those that root sees; a name more is one of the administrator's file."""
    etc = scratch.root / "etc/linky-gateway"
    (etc / "gateway.toml").write_text('[web]\nnames = ["Compteur.local", "linky.example.org"]\n')
    assert make(serving, [f"{HOST}.local", f"{HOST}-2.local", "compteur.local"]) is None
    assert names_of(etc / "https") == (
        [f"{HOST}.local", f"{HOST}-2.local", "compteur.local"],
        [*own_addresses()],
    )


@pytest.mark.parametrize(
    "names",
    [
        *(["nas.local"], ["bank.example"], ["linky.example.org"], [f"{HOST}.local", "nas.local"], ["*.local"]),
        *([f"{HOST}.local"] * 9, [], None, [""], ["x" * 300 + ".local"], [f"{HOST}.local\n"], "local", [1]),
    ],
    ids=lambda names: str(names)[:40],
)
def test_for_no_name_that_is_another_machines(scratch, serving, names):
    """Nor for what is no list of names; nothing is made then, not even the authority."""
    (scratch.root / "etc/linky-gateway/gateway.toml").write_text('[web]\nnames = ["linky.example.org"]\n')
    with pytest.raises(GatewayError):
        make(serving, names)
    assert not (scratch.root / "etc/linky-gateway/https").exists()


@pytest.mark.parametrize("text", ["", "rubbish [", "web = 1", '[web]\nnames = "x.local"', "[web]\nnames = [1]"])
def test_a_file_that_says_nothing_gives_no_name(scratch, serving, text):
    """And is read by nobody who would fall over it."""
    etc = scratch.root / "etc/linky-gateway"
    (etc / "gateway.toml").write_text(text)
    assert table.read(b'{"act":"make-certificate","names":["x.local"]}')
    with pytest.raises(GatewayError, match=r"x\.local"):
        make(serving, ["x.local"])
    assert not (etc / "https").exists()


def test_the_daemon_asks_for_what_the_machine_is_called_now(scratch, serving):
    """Also by the name that avahi gave it; where there is no helper nobody is asked, and that is no fault."""

    async def run():
        async with serving() as path:

            def certify(names):
                return ask("make-certificate", socket=path, names=names)

            given = ("compteur.example.org", "Maison.local.")
            maker = HelpedMaker(given, lambda: f"{HOST}-3.local", certify, path)
            assert await maker.make()
            # Another host name is avahi's own business (host-name= of its file): root would not believe it.
            assert await HelpedMaker(given, lambda: "other.local", certify, path).make()
            assert await maker.make()
            assert not await HelpedMaker((), lambda: None, certify, path.with_name("nobody")).make()
            return maker.wanted()

    (scratch.root / "etc/linky-gateway/gateway.toml").write_text(
        '[web]\nnames = ["compteur.example.org", "Maison.local."]\n'
    )
    names, addresses = asyncio.run(run())
    said = names_of(scratch.root / "etc/linky-gateway/https")
    assert (names, addresses) == (frozenset(said[0]), frozenset(said[1]))
    assert names == {f"{HOST}.local", f"{HOST}.home.arpa", f"{HOST}-3.local", "maison.local"}


def test_a_machine_whose_name_no_certificate_can_say_is_told_so(monkeypatch, tmp_path):
    """With what to do, and without asking root for nothing."""
    monkeypatch.setattr("socket.gethostname", lambda: "my_pi")

    async def never(_):
        pytest.fail("root was asked")

    maker = HelpedMaker((), lambda: None, never, tmp_path)
    with pytest.raises(GatewayError, match="give it one of letters"):
        asyncio.run(maker.make())
