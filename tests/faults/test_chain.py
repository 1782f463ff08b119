"""The short set of ``tools/faults``: each kind of server first, nine injuries each, nothing lost or doubled."""

import os
import random

import pytest

from tests.faults.chain import Chain
from tests.faults.injuries import available
from tests.faults.trial import Trial

SEED = 20261126

# A power cut of each part, and one of each other kind: of the line, the adapter, the card, the clock, the file itself.
KILLS = ("kill gateway", "kill recipient", "kill the household's server", "kill the recipient's server")
SHORT = {
    ("prosody", "ejabberd"): (*KILLS, "stop gateway", "half open, gateway", "unplug", "disk full", "clock a year back"),
    ("ejabberd", "prosody"): (
        *KILLS,
        "stop the household's server",
        "cut in a stanza, recipient",
        "refused, gateway",
        "clock of 1970",
        "write-ahead log lost",
    ),
}


@pytest.mark.slow
@pytest.mark.servers
@pytest.mark.parametrize("servers", SHORT, ids=" to ".join)
@pytest.mark.usefixtures("_servers_installed", "injuring_tools")
def test_an_injured_chain_loses_nothing_and_doubles_nothing(tmp_path, servers):
    """A minute at twenty times the pace, one injury on the traces of the last: every durable point arrives once."""
    with Chain(tmp_path, servers, SEED, clock=True) as chain:
        injuries = [injury for injury in available(chain) if injury.name in SHORT[servers]]
        # Only root may always trace a process that is not a child.
        assert len(injuries) == len(SHORT[servers]) or os.geteuid() != 0
        random.Random(SEED).shuffle(injuries)
        outcome = Trial(chain, injuries, SEED, settled=False).run()
    assert outcome.wrong == []
    assert outcome.done.total() == len(injuries)
    assert outcome.points > 500
