"""A fleet in small: twenty gateways, two nodes of which one is killed, two collectors of which one is killed."""

import asyncio
import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from fleet.gateways import FleetGateway, Specification
from fleet.measure import ProcessMeter, quantiles
from servers.cluster import missing_packages

ROOT = Path(__file__).parents[3]


@pytest.mark.campaign
@pytest.mark.servers
def test_a_node_and_a_collector_are_killed_and_every_point_is_there_exactly_once(tmp_path):
    """The node's sessions move to the other one; the servers run the operators' own files."""
    if missing_packages() and not os.environ.get("CI"):
        pytest.skip("the servers are not installed")
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tools/lib'}"}
    file = tmp_path / "fleet.json"
    command = [sys.executable, "-m", "fleet", "--gateways", "20", "--minutes", "4", "--period", "2", "--kill"]
    done = subprocess.run(
        [*command, "--json", file], check=False, capture_output=True, text=True, env=environment, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "160 of 160 points, 0 missing, 0 wrong" in done.stdout
    assert done.stderr == ""
    (run,) = json.loads(file.read_text())["runs"]
    assert (run["points"]["expected"], run["points"]["right"]) == (160, 160)
    assert 0 < run["push"]["kill"]["sessions_lost"] <= 20
    assert run["push"]["confirmed"] == run["push"]["pushed"] == 80


@pytest.mark.campaign
@pytest.mark.servers
def test_one_prosody_carries_a_co_operative_and_what_it_takes_of_memory_is_said(tmp_path):
    """Gateways and collector at the same server; each server has a part of its own in the figures."""
    if missing_packages(nodes=0) and not os.environ.get("CI"):
        pytest.skip("the server is not installed")
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tools/lib'}"}
    file = tmp_path / "fleet.json"
    command = [sys.executable, "-m", "fleet", "--one-prosody", "--gateways", "10", "--minutes", "2", "--period", "2"]
    done = subprocess.run(
        [*command, "--collectors", "1", "--json", file],
        check=False, capture_output=True, text=True, env=environment, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "40 of 40 points, 0 missing, 0 wrong" in done.stdout
    (run,) = json.loads(file.read_text())["runs"]
    servers = run["memory"]["servers_mb"]
    assert servers.keys() == {"recipients' server", "collectors", "database"}
    # None is smaller than a program of its kind, nor larger than a small machine.
    assert all(5 < mb < 500 for mb in servers.values()), servers


def test_a_minute_counts_once_however_it_is_confirmed(tmp_path):
    """By receipts in any order, by half a minute each, or by whoever takes over and says how far the other had come."""
    begin = int(time.time()) // 60 * 60 - 600
    spec = Specification(0, 1, 1, "fleet.test", [], "", "", "coop@coop.test", str(tmp_path), begin, 4, 1.0)

    async def scenario(pool):
        gateway = FleetGateway(spec, 0, pool)
        gateway.wake = asyncio.Event()
        store = gateway.house.store
        for _ in range(4):
            await gateway.push()
        seen = []
        for what in (
            *(
                (store.outbox.confirm, "coop@coop.test", after, last)
                for after, last in ((2, 4), (2, 4), (0, 1), (1, 2))
            ),
            *((store.outbox.resume, "coop@coop.test", after) for after in (-1, 6, 8)),
        ):
            await gateway.call(*what, time.time())
            seen.append(gateway.confirmed)
        gateway.house.close()
        return seen, len(gateway.latencies)

    with ThreadPoolExecutor(1) as pool:
        assert asyncio.run(scenario(pool)) == ([1, 1, 1, 2, 2, 3, 4], 4)


def test_a_process_costs_what_its_children_cost():
    """Also once they have ended."""
    spin = "import os; e = os.times()\nwhile os.times().user - e.user < 0.3: pass\nprint(flush=True); input()"
    shell = f'{sys.executable} -c "{spin}"; echo; read line'
    with subprocess.Popen(["bash", "-c", shell], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        meter = ProcessMeter({"ours": [parent.pid], "nobody": [0]})
        parent.stdout.readline()
        during = meter.sample()
        parent.stdin.write(b"\n")
        parent.stdin.flush()
        parent.stdout.readline()
        after = meter.sample()
        parent.stdin.close()
    assert after.cpu_s["ours"] >= during.cpu_s["ours"] >= 0.25
    assert after.memory_kb["ours"] < during.memory_kb["ours"]
    assert (after.cpu_s["nobody"], after.memory_kb["nobody"]) == (0, 0)


def test_quantiles_are_values_that_were_there():
    """Of any number of values; of none there are none."""
    assert quantiles([]) == {}
    assert quantiles([3.0]) == {"median": 3.0, "p99": 3.0, "max": 3.0}
    assert quantiles(range(1, 201)) == {"median": 101, "p99": 199, "max": 200}
