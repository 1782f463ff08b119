"""How far a gateway's outbox has been received, whatever the order."""

import itertools

import pytest

from gateway.collector.chain import IngestChain

AT_TEN = IngestChain("e1", 10)


@pytest.mark.parametrize("order", [*itertools.permutations([(10, 12), (12, 15), (15, 16)])])
def test_the_order_of_arrival_does_not_matter(order):
    """The chain grows over what touches it."""
    chain = AT_TEN
    for after, last in order:
        chain = chain.add("e1", after, last)
    assert chain == IngestChain("e1", 16)


def test_a_hole_holds_it_back_and_a_repetition_changes_nothing():
    """What lies beyond a hole is remembered until the hole is filled."""
    beyond = AT_TEN.add("e1", 12, 20).add("e1", 12, 20)
    assert beyond.reached == 10
    assert beyond.add("e1", 5, 11).reached == 11
    assert beyond.add("e1", 10, 12) == IngestChain("e1", 20)
    assert AT_TEN.add("e2", 10, 12) == AT_TEN
    assert IngestChain().add("e1", 0, 1) == IngestChain()


@pytest.mark.parametrize(
    ("told", "chain", "passed_over"),
    [
        (("e1", 11, 30), IngestChain("e1", 10), False),
        (("e1", 5, 30), IngestChain("e1", 10), False),
        (("e1", 15, 30), IngestChain("e1", 14), True),
        (("e2", 15, 30), IngestChain("e2", 14), True),
        # Put back to an older state: numbers above were never given by this database.
        (("e1", 3, 8), IngestChain("e1", 8), False),
    ],
)
def test_what_a_gateway_says_that_waits(told, chain, passed_over):
    """Numbers that will never come are passed over, and that is told: the history has them."""
    assert AT_TEN.begin(*told) == (chain, passed_over)


def test_the_first_time_nothing_is_missing():
    """What was before the first subscription is a matter of its own."""
    assert IngestChain().begin("e1", 4, 9) == (IngestChain("e1", 3), False)


def test_invented_numbers_do_not_fill_the_row():
    """A gateway that leaves a thousand holes has some of it sent again, that is all."""
    chain = AT_TEN
    for number in range(12, 5000, 2):
        chain = chain.add("e1", number, number + 1)
    assert chain.reached == 10
    assert len(chain.spans) == 500
