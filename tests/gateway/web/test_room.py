"""Places: who holds many makes room, whoever that is and whatever came before."""

import random
from collections import Counter
from functools import partial

import pytest

from gateway.web.http.guard import network_of
from gateway.web.http.room import ConnectionLimit, ConnectionPlace


def test_whoever_holds_most_makes_room_and_of_these_the_oldest():
    """One who holds one is never sent away for one who holds as many."""
    room, gone = ConnectionLimit(4, 3), []

    def place(holder, address=""):
        taken = ConnectionPlace(holder, address, lambda: gone.append((holder, address)))
        return room.enter(taken)

    assert all([place("crowd", "a"), place("crowd", "b"), place("crowd", "b"), place("one")])
    assert place("another")
    assert gone == [("crowd", "b")], "of the crowd the address that has most"
    assert place("third")
    assert gone[1:] == [("crowd", "a")]
    assert place("fourth")
    assert gone[2:] == [("crowd", "b")], "all hold one: the oldest"


def test_a_place_for_which_work_is_done_is_not_taken():
    """Who finds none but those is refused; who leaves makes room."""
    room = ConnectionLimit(2, 2)
    places = [ConnectionPlace("a", "", lambda: pytest.fail("it was taken")) for _ in range(2)]
    for one in places:
        assert room.enter(one)
        one.busy = True
    assert not room.enter(ConnectionPlace("b", "", int))
    assert not room.enter(ConnectionPlace("a", "", int))
    room.leave(places[0])
    assert room.enter(ConnectionPlace("b", "", int))


def test_whatever_comes_nobody_holds_more_than_its_share():
    """A thousand comings and goings: never more than the most, and who holds one loses it to nobody who holds more."""
    chance, room, here, gone = random.Random(5), ConnectionLimit(12, 5), [], []
    for _ in range(1000):
        before = Counter(place.holder for place in here)
        place = ConnectionPlace(chance.choice("aaaaaaabbbbcdef"), "", gone.clear)
        place.give_up = partial(gone.append, place)
        if room.enter(place):
            here.append(place)
        for one in gone:
            here.remove(one)
            assert one.holder == place.holder or before[one.holder] > before[place.holder]
        gone.clear()
        if chance.random() < 0.3:
            room.leave(here.pop(chance.randrange(len(here))))
        held = Counter(place.holder for place in here)
        assert len(room) == held.total() <= 12
        assert max(held.values(), default=0) <= 5


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.168.1.9", "192.168.1.9"), ("::ffff:192.168.1.9", "192.168.1.9"), ("fe80::1%eth0", "fe80::/64"),
        ("2001:db8:1:2:3::9", "2001:db8:1:2::/64"), ("", ""), ("nonsense", "nonsense"),
    ],
)  # fmt: skip
def test_a_visitor_is_an_address_or_an_ipv6_network(address, network):
    """IPv4 that comes in where IPv6 is served too stays IPv4: all of it would be one visitor."""
    assert network_of(address) == network
