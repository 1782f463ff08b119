"""What the authority signs for: this machine's own names and private addresses, and nothing that is somebody else's."""

import pytest

from gateway.upkeep.authority.names import can_sign, is_named, own_addresses, own_names

# As Linux 6.12 writes it of a machine with a cable, Wi-Fi and a VPN; each address stands there twice.
FIB_TRIE = """Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 0.0.0.0
        /0 universe UNICAST
     +-- 127.0.0.0/8 2 0 2
           |-- 127.0.0.1
              /32 host LOCAL
     +-- 192.168.1.0/24 2 0 2
        |-- 192.168.1.0
           /24 link UNICAST
        |-- 192.168.1.20
           /32 host LOCAL
        |-- 192.168.1.255
           /32 link BROADCAST
        |-- 10.8.0.2
           /32 host LOCAL
        |-- 203.0.113.9
           /32 host LOCAL
Local:
        |-- 192.168.1.20
           /32 host LOCAL
"""
IF_INET6 = """00000000000000000000000000000001 01 80 10 80       lo
fd120000000000000000000000000020 02 40 00 80     eth0
fd12000000000000a1b2c3d4e5f60718 02 40 00 01     eth0
fd120000000000000000000000000021 02 40 00 40     eth0
fe80000000000000dea632fffe010203 02 40 20 80     eth0
20010db8000000000000000000000020 02 40 00 80     eth0
"""


def test_private_addresses_that_stay_are_its_own(tmp_path):
    """No public one, none of loopback, none that changes each day or is in doubt."""
    net = tmp_path / "self" / "net"
    net.mkdir(parents=True)
    assert own_addresses(tmp_path) == ()
    (net / "fib_trie").write_text(FIB_TRIE)
    (net / "if_inet6").write_text(IF_INET6)
    assert own_addresses(tmp_path) == ("10.8.0.2", "192.168.1.20", "fd12::20")


def test_this_machine_has_what_the_kernel_says():
    """The kernel's tables are read as they are here."""
    assert not {"127.0.0.1", "::1"} & set(own_addresses())


def test_names_are_those_of_the_house():
    """The machine's own first; of others those that end as no name outside a house does."""
    more = ("linky-2.local", "compteur.home.arpa", "linky.example.org", "LINKY.local.")
    assert own_names("Linky.example.org", more) == (
        "linky.local",
        "linky.home.arpa",
        "linky-2.local",
        "compteur.home.arpa",
    )


@pytest.mark.parametrize(
    "name",
    [
        "bank.example",
        "local",
        "home.arpa",
        "x.local.example",
        "*.local",
        "a_b.local",
        "-a.local",
        "a..local",
        "A.local",
    ],
)
def test_for_no_other_name_it_signs(name):
    """Nor for a whole zone, nor for what is no name."""
    assert not can_sign(name)


def test_a_machine_is_named_as_avahi_names_it():
    """With a number where another machine had the name first; not as a neighbour whose name begins alike."""
    assert all(
        is_named(name, "linky") for name in ("linky.local", "linky-2.local", "linky-17.local", "linky.home.arpa")
    )
    assert not any(
        is_named(name, "linky") for name in ("linky2.local", "linky-x.local", "nas.local", "linky-2.home.arpa")
    )
