"""Fair turns among those who ask."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.federation.provider.turns import Turns


def test_whoever_asks_once_waits_for_one_of_each_other_asker_at_most():
    """However much one has asked before, the next asker is second in line."""
    turns = Turns(each=1000, together=5000)
    for number in range(1000):
        turns.put("greedy", ("greedy", number))
    turns.put("honest", ("honest", 0))
    taken = [turns.take() for _ in range(3)]
    assert taken == [("greedy", 0), ("honest", 0), ("greedy", 1)]


def test_one_asker_has_its_share_of_places_and_no_more():
    """What is beyond it comes straight back."""
    turns = Turns(each=2, together=10)
    assert [turns.put("a", n) for n in range(4)] == [None, None, 2, 3]
    assert len(turns) == 2


def test_when_all_places_are_taken_the_greediest_gives_one_up():
    """Its last request is what is given back, never the newcomer's only one."""
    turns = Turns(each=4, together=5)
    for who, what in (("a", 1), ("a", 2), ("a", 3), ("b", 4), ("c", 5)):
        assert turns.put(who, what) is None
    assert turns.put("d", 6) == 3
    assert [turns.take() for _ in range(5)] == [1, 4, 5, 6, 2]


def test_nothing_is_taken_where_nothing_waits():
    """An error, not a wrong turn."""
    with pytest.raises(IndexError):
        Turns().take()


@given(st.lists(st.one_of(st.sampled_from("abcd"), st.none()), max_size=60))
def test_what_goes_in_comes_out_once_or_is_given_back(steps):
    """Each asker's requests in their order, never more of them waiting than there are places."""
    turns, put, out, back = Turns(each=3, together=6), [], [], []
    for number, who in enumerate(steps):
        if who is None:
            if turns:
                out.append(turns.take())
        else:
            put.append((who, number))
            returned = turns.put(who, (who, number))
            back += [returned] if returned else []
        assert len(turns) <= 6
    while turns:
        out.append(turns.take())
    assert sorted(out + back) == sorted(put)
    for who in "abcd":
        mine = [number for name, number in out if name == who]
        assert mine == sorted(mine)
