"""Our own programs, held to the wire document by ``tools/conformance``, all at once: what they wait for is time."""

import json
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from conformance.fulfilled import FILE, PROGRAMS
from harness.accounts import HOME, consume, register, table
from meter.process import SimulatedMeter
from servers.postgres import missing_postgres
from tests.gateway.bridges.test_own import LINES
from tests.gateway.collector.conftest import Store, postgres, template
from tests.gateway.collector.test_collecting import far_account
from tests.gateway.federation.conftest import PRM
from tests.integration.processes import PASSWORD, House, Process
from tests.tools.conformance.rig import ATTENDED, Conformance
from tests.tools.recipient.rig import Recipient, is_installed, needed

__all__ = ["postgres", "template"]
pytestmark = [pytest.mark.servers, pytest.mark.slow]
GATEWAY, CONSUME, COLLECT, BRIDGE, JAVASCRIPT = PROGRAMS
# Program -> the account that the tool is with it: a recipient, or the gateway of one; and the program's own.
OURS = {name: (f"tried{number}@sen1.test", f"tried{number}@sen2.test") for number, name in enumerate(PROGRAMS)}


# An account that the program has nothing to do with; and so many values as are not hashed any more.
OTHER = {name: ("--other", f"nobody{number}@sen{2 if number == 0 else 1}.test") for number, name in enumerate(PROGRAMS)}
AS_RECIPIENT = ("--as", "recipient", "--many")


def series_of(jid):
    """The invented series of the tool as a gateway."""
    return f"{jid.replace('@', ':')}/conformance:sen1.test/consumption/power/apparent/raw"


def try_gateway(federation, folder, running):
    """A daemon with a meter, a consent of its household, and somebody there who refuses and then withdraws."""
    jid = OURS[GATEWAY][1]
    running.enter_context(SimulatedMeter(folder / "ttyTIC", seed=24, mode="standard", prm=PRM))
    house = House(folder, federation, folder / "ttyTIC")
    house.config.write_text(house.config.read_text().replace('sensor = "ab12"', f'sensor = "ab12"\nprm = "{PRM}"'))
    house.grant("consumption", jid=jid, retention="P1Y")
    running.enter_context(house.gateway())
    house.await_link("xmpp", "ok", 60)
    words = ["--series", f"{HOME.replace('@', ':')}/ab12:sen1.test/consumption"]
    words += ["--prm", PRM, *ATTENDED, *OTHER[GATEWAY]]
    return Conformance(folder, federation, f"{HOME}/proxy", jid, *words), house


def try_consume(federation, folder, running):
    """``linky-gateway consume`` with a store."""
    home, jid = OURS[CONSUME]
    words = consume(federation, folder, "conformance", jid=jid, home=home)
    running.enter_context(Process(folder, "recipient", *words))
    return Conformance(folder, federation, jid, home, *AS_RECIPIENT, *OTHER[CONSUME]), None


def try_bridge(federation, folder, running):
    """``linky-bridge``, whose recipient is the same whatever it hands on to; here a class of one's own."""
    home, jid = OURS[BRIDGE]
    (folder / "lines.py").write_text(LINES)
    (folder / "bridge.toml").write_text(
        f'directory = "state"\n{table(federation, jid)}'
        f'[[household]]\nname = "conformance"\ngateway = "{home}/proxy"\nidentifier = "{series_of(home)}"\n'
        f'[own]\nfile = "lines.py"\nsink = "LinesSink"\ngiven = {{ path = "{folder / "lines"}" }}\n'
    )
    words = ("own", "--config", folder / "bridge.toml")
    running.enter_context(Process(folder, "bridge", *words, module="gateway.bridges.program"))
    return Conformance(folder, federation, jid, home, *AS_RECIPIENT, *OTHER[BRIDGE]), None


def try_javascript(federation, folder, running):
    """``tools/recipient``, whose authors had the document alone."""
    home, jid = OURS[JAVASCRIPT]
    running.enter_context(Recipient(folder, federation, series_of(home), jid=jid, home=home))
    return Conformance(folder, federation, jid, home, *AS_RECIPIENT, *OTHER[JAVASCRIPT]), None


def try_collector(federation, folder, running, conninfo):
    """``linky-collect`` on a real PostgreSQL."""
    home, jid = OURS[COLLECT]
    store = Store(conninfo, folder, far_account(federation))
    store.config.write_text(store.config.read_text().replace("coop@sen2.test", jid))
    store.command("gateways", "add", f"{home}/proxy", "--identifier", series_of(home))
    running.enter_context(store.collector("one"))
    return Conformance(folder, federation, jid, home, *AS_RECIPIENT, *OTHER[COLLECT]), None


@pytest.fixture(scope="module")
def outcomes(request, federation, tmp_path_factory):
    """Program -> what came of it; those alone whose parts are installed."""
    tried = {GATEWAY: try_gateway, CONSUME: try_consume, BRIDGE: try_bridge}
    if is_installed():
        tried[JAVASCRIPT] = try_javascript
    if not missing_postgres():
        cluster, tables = request.getfixturevalue("postgres"), request.getfixturevalue("template")
        conninfo = cluster.create("conformance", tables)
        tried[COLLECT] = lambda *parts: try_collector(*parts, conninfo)
    with ExitStack() as running, ThreadPoolExecutor() as threads:
        runs = {}
        for program, start in tried.items():
            folder = tmp_path_factory.mktemp("conformance")
            register(federation, folder, [*OURS[program], OTHER[program][1]], PASSWORD)
            run, house = start(federation, folder, running)
            runs[program] = threads.submit(run.ended, house)
        return {program: run.result() for program, run in runs.items()}


@pytest.mark.parametrize("program", PROGRAMS)
def test_it_keeps_to_every_point(program, outcomes):
    """None fails; which ones are seen is what the document says."""
    if program == JAVASCRIPT:
        needed()
    if program not in outcomes:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"what {program} needs is not installed")
    outcome = outcomes[program]
    print(outcome.text)
    assert (outcome.failed, outcome.code) == ([], 0), outcome.said
    if program == GATEWAY:
        assert "| passed | the features, and the hash |" in outcome.text
        assert "| passed | pushed, shown live, of the past |" in outcome.text
    recorded = json.loads(FILE.read_text()) if FILE.exists() else {}
    if os.environ.get("WRITE_TABLE"):
        FILE.write_text(json.dumps(recorded | {program: outcome.points}, indent=1, sort_keys=True) + "\n")
    else:
        assert recorded[program] == outcome.points
