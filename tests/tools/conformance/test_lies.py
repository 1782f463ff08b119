"""Each place at which a check of ``tools/conformance`` says that a peer is wrong is seen to say so, and of what.

A liar of ``wrong.py`` breaks a point between real servers; here each check of each point has one of its own.
"""

import ast
import asyncio
from pathlib import Path

import pytest

from conformance import (
    gateway_comparison,
    gateway_delivery,
    gateway_household,
    gateway_pushes,
    recipient_checks,
    recipient_totals,
)
from conformance.__main__ import GATEWAY_PARTS, RECIPIENT_PARTS
from conformance.points import LeftError, WrongError
from gateway.errors import SenMLError
from tests.tools.conformance.lies import LIES, OF_RECIPIENTS
from tests.tools.conformance.lying import knob
from tests.tools.conformance.model import Gateway, Peer
from tests.tools.conformance.receiving import peer_of

JUDGING = (*GATEWAY_PARTS, gateway_pushes, *RECIPIENT_PARTS)
# Too many pushes are tried in ``test_nonsense.py``.
ELSEWHERE = {("gateway_pushes", "more than {_MOST_PUSHES} pushes came before it was through")}
HONEST = [knob(), knob(caps=("sha-256", "")), knob(caps=("sha3-512", ""))]
_PATIENCE_S = 1.5


def places_of(module):
    """Where a module says that a peer is wrong: first and last line of each such statement, and its words."""
    source = Path(module.__file__).read_text()
    for node in ast.walk(ast.parse(source)):
        raises = isinstance(node, ast.Raise) and getattr(getattr(node.exc, "func", None), "id", "") == "WrongError"
        asks = isinstance(node, ast.Call) and getattr(node.func, "attr", "") in ("must_succeed", "must_refuse")
        if raises or asks:
            yield node.lineno, node.end_lineno, ast.get_source_segment(source, node)


def lines_of(error):
    """Module and line of all that an error went through."""
    frame = error.__traceback__
    while frame is not None:
        yield Path(frame.tb_frame.f_code.co_filename).stem, frame.tb_lineno
        frame = frame.tb_next


async def failures(peer, role, parts):
    """(point, what is told, where) of each check that finds the peer wrong."""
    found = []
    for check in (check for part in parts for check in part.CHECKS.all if role in check.roles):
        try:
            await check.look(peer)
        except (WrongError, SenMLError, ValueError) as error:
            unread = "" if isinstance(error, WrongError) else "what came cannot be read: "
            found.append((check.number, f"{unread}{error}", set(lines_of(error))))
        except LeftError:
            pass
    return found


def of_gateway(lie):
    """What is found of a gateway that tells it."""
    gateway = Gateway()
    lie(gateway)
    return asyncio.run(failures(Peer(gateway), "G", GATEWAY_PARTS))


async def of_recipient(*faults):
    """What is found of a recipient with these faults."""
    peer = await peer_of(recipient_checks.MOODS, _PATIENCE_S, *faults)
    return await failures(peer, "R", RECIPIENT_PARTS)


def of_recipients(*faults):
    """What is found of each, at once: what they wait for is time."""

    async def tried():
        return await asyncio.gather(*(of_recipient(*some) for some in faults))

    return asyncio.run(tried())


@pytest.fixture(scope="module")
def found():
    """What came of each lie, by its place in the tables."""
    with pytest.MonkeyPatch.context() as patch:
        for module, name in (
            (gateway_delivery, "_LEASE_S"),
            (gateway_delivery, "_GRACE_S"),
            (gateway_household, "_GRACE_S"),
            (gateway_household, "_AGAIN_S"),
            (gateway_comparison, "_SILENCE_S"),
            (gateway_comparison, "_GRACE_S"),
        ):
            patch.setattr(module, name, 0)
        patch.setattr(gateway_comparison, "_LONGEST_S", 0.7)
        patch.setattr(gateway_comparison, "_PERSONS_S", 0.1)
        patch.setattr(recipient_checks, "_QUIET_S", 0.7)
        patch.setattr(recipient_checks, "_SHOWN_AGAIN_S", 0.1)
        patch.setattr(recipient_checks, "_MINUTE_S", 0.5)
        patch.setattr(recipient_checks, "_PATIENT_S", 3)
        patch.setattr(recipient_totals, "_MOST_HASHED", 20)
        patch.setattr(recipient_totals, "_IN_A_MESSAGE", 3)
        yield {
            "G": [of_gateway(lie) for _, _, lie in LIES],
            "R": of_recipients(*([fault] for _, _, fault in OF_RECIPIENTS)),
            "honest": [*(of_gateway(one) for one in HONEST), *of_recipients([], ["forgets"])],
        }


def test_of_an_honest_peer_nothing_is_told(found):
    """Neither of a gateway, whatever its hash is by, nor of a recipient, nor of one that cannot say how far it is."""
    assert found["honest"] == [[]] * 5


@pytest.mark.parametrize("row", range(len(LIES)), ids=[f"{number}: {words}" for number, words, _ in LIES])
def test_each_lie_of_a_gateway_is_found(found, row):
    """Its point fails, in the words of the table."""
    number, words, _ = LIES[row]
    told = [(point, said) for point, said, _ in found["G"][row]]
    assert [said for point, said in told if point == number and words in said], told


@pytest.mark.parametrize("row", range(len(OF_RECIPIENTS)), ids=[f"{one[0]}: {one[2]}" for one in OF_RECIPIENTS])
def test_each_fault_of_a_recipient_is_found(found, row):
    """Its point fails, in the words of the table."""
    number, words, _ = OF_RECIPIENTS[row]
    told = [(point, said) for point, said, _ in found["R"][row]]
    assert [said for point, said in told if point == number and words in said], told


@pytest.mark.parametrize("module", JUDGING, ids=lambda module: module.__name__.rpartition(".")[2])
def test_every_check_was_seen_to_fail(found, module):
    """None of the places where a module says that a peer is wrong is without a lie that comes to it."""
    name = Path(module.__file__).stem
    seen = {line for runs in (found["G"], found["R"]) for run in runs for _, _, lines in run for line in lines}
    never = [
        words
        for first, last, words in places_of(module)
        if not any((name, line) in seen for line in range(first, last + 1))
        and not any(module_name == name and said in words for module_name, said in ELSEWHERE)
    ]
    assert never == []
