"""The short set of ``tools/faults``: fifteen kinds of injury to one chain, nothing lost or doubled.

In a campaign all of them, whichever kind of server is whose.
"""

import os
import random

import pytest

from tests.faults.chain import Chain
from tests.faults.injuries import available
from tests.faults.trial import Trial

SEED = 20261126

# A power cut of each part, and one of each other kind: of the line, the adapter, the card, the clock, the file itself.
SHORT = (
    *("kill gateway", "kill recipient", "kill neighbour", "kill the household's server", "kill the recipient's server"),
    *("stop gateway", "half open, gateway", "unplug", "disk full", "clock a year back"),
    *("stop the household's server", "cut in a stanza, recipient", "refused, gateway", "clock of 1970"),
    "write-ahead log lost",
)
PAIRS = (("prosody", "ejabberd"), ("ejabberd", "prosody"))


@pytest.mark.slow
@pytest.mark.servers
@pytest.mark.usefixtures("_servers_installed", "injuring_tools")
def test_an_injured_chain_loses_nothing_and_doubles_nothing(tmp_path):
    """Two minutes at twenty times the pace, one injury on the traces of the last: every durable point arrives once."""
    judge(tmp_path, PAIRS[0])


@pytest.mark.campaign
@pytest.mark.servers
@pytest.mark.parametrize("servers", PAIRS, ids=" to ".join)
@pytest.mark.usefixtures("_servers_installed", "injuring_tools")
def test_each_injury_is_survived_whichever_server_is_whose(tmp_path, servers):
    """The same with either kind of server on either side."""
    judge(tmp_path, servers)


def judge(tmp_path, servers):
    with Chain(tmp_path, servers, SEED, clock=True) as chain:
        injuries = [injury for injury in available(chain) if injury.name in SHORT]
        # Only root may always trace a process that is not a child.
        assert len(injuries) == len(SHORT) or os.geteuid() != 0
        random.Random(SEED).shuffle(injuries)
        outcome = Trial(chain, injuries, SEED, settled=False).run()
    assert outcome.wrong == []
    assert outcome.done.total() == len(injuries)
    assert outcome.points > 500
