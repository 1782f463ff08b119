"""Every fault of the catalogue, named by a doctor that listens and by the one inside a running gateway; the table."""

import asyncio
import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path

import pytest

from gateway.config.tables import load
from gateway.daemon.app import Gateway
from gateway.doctor.causes import Cause, causes
from gateway.doctor.daemon import findings
from gateway.doctor.listen import Target, listen
from gateway.sources.source import parse_source
from gateway.store.store import Store
from harness.house import GatewayFolder
from harness.process import Program, python
from servers import wait_until
from tests.gateway.doctor.catalogue import FAULTS, SOUND, Stand
from tests.prepared import prepare
from tests.rights import with_own_files_only

pytestmark = pytest.mark.slow

TABLE = Path(__file__).parent / "faults.md"
BOTH = (*FAULTS, *SOUND)

# Four times as fast as a real meter, and a doctor as much more impatient; the campaign takes the time that it takes.
SPEED = 4.0
# A busy machine takes longer; what is shown is looked at until it is what it should be.
LISTEN_S, RUN_AT_MOST_S = 8.0, 300.0
LISTEN_LONG_S = 15.0
IMPATIENT = {
    "gateway.sources.search._PATIENCE_S": {9600: 2.0, 1200: 4.0},
    "gateway.sources.search._PATIENCE_FOUND_S": 6.0,
    "gateway.sources.recent.KEPT_S": 8.0,
    "gateway.links.line_doctor._PATIENCE_S": 8.0,
    "gateway.links.line_doctor.CONFIRMED_S": 5.0,
    "gateway.links.line_doctor.DAMAGE_CONFIRMED_S": 9.0,
    "gateway.links.line_doctor.WELL_EVERY_S": 5.0,
    "gateway.daemon.doctors_rounds._LOOK_EVERY_S": 1.0,
}


def listened(stand, seconds):
    """What a doctor says of each that listens for itself, the gateway being stopped: name -> cause."""

    def one(fault):
        source = stand.sources[fault.name]
        target = Target(fault.name, source, parse_source(source, Path()), fault.setting, stand.known)
        return causes(listen(target, seconds))[0].cause

    with ThreadPoolExecutor(len(BOTH)) as pool:
        return dict(zip((fault.name for fault in BOTH), pool.map(one, BOTH), strict=True))


def configured(folder, stand):
    """A gateway of all of them, which has heard each of the meters before; they are named by their number."""
    meters = "".join(
        f'[[meter]]\nname = "m{number}"\nsource = "{stand.sources[fault.name]}"\nmode = "{fault.setting}"\n'
        for number, fault in enumerate(BOTH, 1)
    )
    (folder / "gateway.toml").write_text(f'{meters}[store]\ndirectory = "data"\n')
    prepare(folder / "data")
    with closing(Store(folder / "data")) as store:
        for number, address in enumerate(stand.known, 1):
            store.meters.add(f"m{number}")
            with store.db.transaction():
                store.db.execute("UPDATE meter SET address = ? WHERE name = ?", [address, f"m{number}"])
    return folder / "gateway.toml"


# Of a sound port nothing else is ever said.
QUIET = (Cause.ALL_WELL, Cause.NOT_YET)


def said_by(report):
    """What a running gateway's status says of each: name -> cause."""
    told = json.loads(json.dumps(report))
    return {fault.name: findings(told, f"m{number}")[0].cause for number, fault in enumerate(BOTH, 1)}


def wrong(said):
    """What was not named as the catalogue has it: name -> what was said."""
    return {fault.name: said[fault.name].value for fault in BOTH if said[fault.name] not in fault.causes}


def table(stopped, running):
    """The table of the faults, as it stands in ``faults.md``."""
    rows = ["| fault | cause | stopped | running |", "|---|---|---|---|"]
    for fault in BOTH:
        named = ("✓" if said[fault.name] in fault.causes else said[fault.name].value for said in (stopped, running))
        rows.append("| " + " | ".join((fault.name, fault.causes[0].value, *named)) + " |")
    return "\n".join(rows) + "\n"


def judge(stopped, running):
    """Of thirty at least 28 each way, none by a wrong cause, and no sound port accused."""
    assert len(FAULTS) >= 30
    for said in (stopped, running):
        missed = wrong(said)
        assert not {fault.name for fault in SOUND} & missed.keys(), missed
        assert len(missed) <= len(FAULTS) * 2 // 30, missed
        assert set(missed.values()) <= {one.value for one in (Cause.UNKNOWN, Cause.NOT_YET, Cause.ALL_WELL)}, missed


def test_the_table_has_every_fault():
    """With its cause, in the order of the catalogue; what stands in the last two columns is the campaign's."""
    rows = [row.split(" | ") for row in TABLE.read_text().splitlines() if row.startswith("| ")][1:]
    assert [(name.removeprefix("| "), cause) for name, cause, *_ in rows] == [
        (fault.name, fault.causes[0].value) for fault in BOTH
    ]


def test_every_fault_is_named_stopped_and_running(tmp_path, monkeypatch):
    """By its cause and no other, and nothing is said of a sound port."""
    for name, value in IMPATIENT.items():
        monkeypatch.setattr(name, value)
    (tmp_path / "stopped").mkdir()
    with with_own_files_only(), Stand(tmp_path / "stopped", BOTH, SPEED) as stand:
        stopped = listened(stand, LISTEN_S)

    async def live(path):
        gateway = await Gateway.opened(load(path), stop := asyncio.Event())
        task = asyncio.create_task(gateway.run())
        said, end = {}, time.monotonic() + RUN_AT_MOST_S
        while (not said or wrong(said)) and time.monotonic() < end:
            with suppress(TimeoutError):
                async with asyncio.timeout(1.0):
                    await stop.wait()
            said = said_by(await gateway.house.standing.report())
            assert not {fault.name for fault in SOUND if said[fault.name] not in QUIET}, said
        stop.set()
        await task
        return said

    with with_own_files_only(), Stand(tmp_path, BOTH, SPEED) as stand:
        running = asyncio.run(live(configured(tmp_path, stand)))
    judge(stopped, running)


@pytest.mark.campaign
def test_every_fault_is_named_in_real_time(tmp_path):
    """The same at a meter's own pace: by ``doctor`` and the gateway as programs, as long as they take."""
    (tmp_path / "stopped").mkdir()
    with with_own_files_only(), Stand(tmp_path / "stopped", BOTH) as stand:
        stopped = listened(stand, LISTEN_LONG_S)
    with with_own_files_only(), Stand(tmp_path, BOTH) as stand:
        house = GatewayFolder(tmp_path)
        bound = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--"] if os.geteuid() == 0 else []
        configured(tmp_path, stand)
        running = {}

        def all_named():
            told = json.loads(house.command("doctor", "--json").stdout)
            running.update(
                (fault.name, Cause(one["findings"][0]["cause"])) for fault, one in zip(BOTH, told, strict=True)
            )
            assert not {fault.name for fault in SOUND if running[fault.name] not in QUIET}, running
            return not wrong(running)

        with Program(tmp_path, "gateway", [*bound, *python("gateway", "run", "--config", house.config)]):
            wait_until(house.links, 30, "the gateway runs")
            # Which of them were not, and how many may not be, is for the judge to say.
            with suppress(TimeoutError):
                wait_until(all_named, RUN_AT_MOST_S, "every fault named", every=2.0, fault=TimeoutError)
    judge(stopped, running)
    assert table(stopped, running) in TABLE.read_text(), table(stopped, running)
