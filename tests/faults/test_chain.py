"""The short set of ``tools/faults``: each kind of server first, fifteen kinds of injury, nothing lost or doubled.

The programs of ours are killed in one of the two chains, the servers in both; in a campaign everything in both.
"""

import os
import random

import pytest

from tests.faults.chain import Chain
from tests.faults.injuries import available
from tests.faults.trial import Trial

SEED = 20261126

# A power cut of each part, and one of each other kind: of the line, the adapter, the card, the clock, the file itself.
OURS = ("kill gateway", "kill recipient", "kill neighbour")
SERVERS = ("kill the household's server", "kill the recipient's server")
FIRST = ("stop gateway", "half open, gateway", "unplug", "disk full", "clock a year back")
SECOND = (
    *("stop the household's server", "cut in a stanza, recipient", "refused, gateway", "clock of 1970"),
    "write-ahead log lost",
)
SHORT = {("prosody", "ejabberd"): (*OURS, *SERVERS, *FIRST), ("ejabberd", "prosody"): (*SERVERS, *SECOND)}


@pytest.mark.slow
@pytest.mark.servers
@pytest.mark.parametrize("servers", SHORT, ids=" to ".join)
@pytest.mark.usefixtures("_servers_installed", "injuring_tools")
def test_an_injured_chain_loses_nothing_and_doubles_nothing(tmp_path, servers):
    """A minute at twenty times the pace, one injury on the traces of the last: every durable point arrives once."""
    judge(tmp_path, servers, SHORT[servers])


@pytest.mark.campaign
@pytest.mark.servers
@pytest.mark.parametrize("servers", SHORT, ids=" to ".join)
@pytest.mark.usefixtures("_servers_installed", "injuring_tools")
def test_each_injury_is_survived_whichever_server_is_whose(tmp_path, servers):
    """The same with all of them in both chains."""
    judge(tmp_path, servers, (*OURS, *SERVERS, *FIRST, *SECOND))


def judge(tmp_path, servers, names):
    with Chain(tmp_path, servers, SEED, clock=True) as chain:
        injuries = [injury for injury in available(chain) if injury.name in names]
        # Only root may always trace a process that is not a child.
        assert len(injuries) == len(names) or os.geteuid() != 0
        random.Random(SEED).shuffle(injuries)
        outcome = Trial(chain, injuries, SEED, settled=False).run()
    assert outcome.wrong == []
    assert outcome.done.total() == len(injuries)
    assert outcome.points > 500
