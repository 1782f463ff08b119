"""One run of a fleet: accounts and stores made, all connected, minutes pushed, a node killed, every point counted."""

from __future__ import annotations

import secrets
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fleet.actors import Collectors, GatewayProcess
from fleet.gateways import Specification
from fleet.household import SERIES, expected, sensor, user
from fleet.measure import ProcessMeter, quantiles
from harness.wait import wait_until
from servers.process import RigError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from fleet.measure import ProcessSample
    from servers.cluster import Cluster

# A store is made in some 40 ms, a login takes some 40 ms of processor on both sides; on a busy machine ten times that.
_PATIENCE_S_A_GATEWAY, _LEAST_PATIENCE_S = 1.0, 60.0
# After the last push: a message that was lost with its node is sent again a minute later, and once more.
_REST_S = 240.0
_LOOK_S = 0.1
# A session whose node was killed is seen to be gone: twice the time between two reports, on a busy machine.
_NOTICED_S = 10.0


@dataclass(frozen=True, slots=True)
class FleetPlan:
    """What is run: ``period_s`` seconds from push to push."""

    gateways: int
    minutes: int
    period_s: float
    kill: bool
    collectors: int = 2
    processes: int = 2


class FleetRun:
    """One fleet on a running cluster; ``show`` is told how it goes."""

    def __init__(self, cluster: Cluster, folder: Path, plan: FleetPlan, show: Callable[[str], None]) -> None:
        self._cluster, self._folder, self._plan, self._show = cluster, folder, plan, show
        self._password = secrets.token_urlsafe(16)
        self._begin = int(time.time()) // 60 * 60 - 60 * (plan.minutes + 2)
        self._processes: list[GatewayProcess] = []
        self._collectors = Collectors(folder / "collectors", cluster, self._password, plan.collectors)

    def go(self) -> dict[str, Any]:
        """Everything, and what was measured. RigError when something does not start."""
        try:
            self._prepare()
            before = self._meter.sample()
            connecting = self._connect()
            connected = self._meter.sample()
            subscribing = self._subscribe()
            subscribed = self._meter.sample()
            pushing = self._push()
            pushed = self._meter.sample()
            servers = {name: mb for name, mb in self._meter.shares_mb().items() if name != "gateways"}
        except AssertionError as error:
            raise RigError(str(error)) from None
        finally:
            for process in self._processes:
                process.stop()
            self._collectors.stop()
        return {
            "gateways": self._plan.gateways,
            "minutes": self._plan.minutes,
            "period_s": self._plan.period_s,
            "nodes": len(self._cluster.nodes),
            "collectors": self._plan.collectors,
            "connect": connecting | self._costs(before, connected, self._plan.gateways),
            "memory": self._memory(before, connected) | {"servers_mb": servers},
            "subscribe": subscribing | self._costs(connected, subscribed, self._plan.gateways),
            "push": pushing | self._costs(subscribed, pushed, pushing["confirmed"]),
            "points": self._count(),
        }

    def _prepare(self) -> None:
        plan, near = self._plan, self._cluster.domains[0]
        share, rest = divmod(plan.gateways, plan.processes)
        first = 0
        for number in range(plan.processes):
            count = share + (number < rest)
            spec = Specification(
                first=first,
                count=count,
                of=plan.gateways,
                domain=near,
                addresses=[*self._cluster.addresses(near)],
                ca=str(self._cluster.ca),
                password=self._password,
                recipient=self._collectors.jid,
                folder=str(self._folder / "gateways"),
                begin=self._begin,
                minutes=plan.minutes,
                period_s=plan.period_s,
            )
            if count:
                self._processes.append(GatewayProcess(spec, self._folder / f"gateways-{number}.log"))
            first += count
        for number in range(plan.gateways):
            self._cluster.register(user(number), near, self._password)
            self._show(f"{number + 1} accounts")
        self._await(lambda: self._all("ready"), lambda: f"{self._sum('prepared')} stores")
        nodes = {f"node {number}": [node.pid or 0] for number, node in enumerate(self._cluster.nodes, start=1)}
        others = {
            "recipients' server": [self._cluster.far.pid or 0],
            "collectors": [],
            "gateways": [process.pid for process in self._processes],
            "database": [self._cluster.postgres.pid or 0],
        }
        self._meter = ProcessMeter(nodes | others)

    def _connect(self) -> dict[str, Any]:
        begun = time.monotonic()
        self._order("connect")
        self._await(
            lambda: self._sum("connected") == self._plan.gateways and self._all("up"),
            lambda: f"{self._sum('connected')} connected",
        )
        seconds = time.monotonic() - begun
        logins = [value for process in self._processes for value in process.login_ms]
        return {
            "seconds": round(seconds, 2),
            "per_second": round(self._plan.gateways / seconds, 1),
            "login_ms": quantiles(logins),
        }

    def _subscribe(self) -> dict[str, Any]:
        """Start the collectors, who subscribe with every gateway."""
        plan, near = self._plan, self._cluster.domains[0]
        begun = time.monotonic()
        self._collectors.subscribe(
            (f"{user(number)}@{near}/proxy", f"{user(number)}@{near}/{sensor(number)}@{near}")
            for number in range(plan.gateways)
        )
        self._collectors.start()
        self._meter.groups["collectors"] = self._collectors.pids
        self._await(
            lambda: self._collectors.subscribed() == plan.gateways,
            lambda: f"{self._collectors.subscribed()} subscribed",
        )
        seconds = time.monotonic() - begun
        return {"seconds": round(seconds, 2), "per_second": round(plan.gateways / seconds, 1)}

    def _push(self) -> dict[str, Any]:
        plan = self._plan
        wire = self._sum("bytes_up"), self._sum("bytes_down")
        begun = time.monotonic()
        self._order("push")
        all_of_them = plan.gateways * plan.minutes
        killed = self._kill(all_of_them) if plan.kill else None
        before_kill = self._taken() if plan.kill else []
        if killed is not None:
            killed |= self._recover(killed["at_s"] + begun)
        self._await(
            lambda: self._all("done") and self._sum("confirmed") == all_of_them,
            lambda: f"{self._sum('confirmed')} of {all_of_them} confirmed",
            plan.minutes * plan.period_s + _REST_S,
        )
        seconds = time.monotonic() - begun
        found: dict[str, Any] = {
            "seconds": round(seconds, 2),
            "pushed": self._sum("pushed"),
            "sent": self._sum("sent"),
            "confirmed": self._sum("confirmed"),
            "per_second": round(all_of_them / seconds, 1),
            "behind_s": round(max(process.report.behind_s for process in self._processes), 2),
        }
        rest = self._taken()
        if killed is not None:
            begun = time.monotonic()
            self._cluster.restart_node(-1)
            killed["node_again_s"] = round(time.monotonic() - begun, 2)
        else:
            # A session that is gone has taken its socket's counts with it.
            up, down = self._sum("bytes_up") - wire[0], self._sum("bytes_down") - wire[1]
            found["wire_bytes"] = {"up": round(up / all_of_them), "down": round(down / all_of_them)}
            return found | {"latency_ms": quantiles(rest)}
        return found | {"latency_ms": quantiles(before_kill), "kill": killed | {"latency_ms": quantiles(rest)}}

    def _kill(self, all_of_them: int) -> dict[str, Any]:
        """Half-way, kill the last node and the first collector."""
        begun = time.monotonic()
        self._await(
            lambda: self._sum("pushed") >= all_of_them // 2,
            lambda: f"{self._sum('pushed')} of {all_of_them} pushed",
            self._plan.minutes * self._plan.period_s + _REST_S,
        )
        at = time.monotonic()
        self._cluster.nodes[-1].kill()
        self._collectors.kill(0)
        return {"at_s": round(at - begun, 2)}

    def _recover(self, at: float) -> dict[str, Any]:
        """How many sessions the node took with it, and how long until all were there again."""
        sessions = self._sum("sessions")
        with suppress(AssertionError):  # by chance it had none
            wait_until(lambda: self._sum("connected") < self._plan.gateways, _NOTICED_S, every=_LOOK_S)
        self._await(
            lambda: self._sum("connected") == self._plan.gateways, lambda: f"{self._sum('connected')} connected again"
        )
        back = time.monotonic() - at
        return {"sessions_lost": self._sum("sessions") - sessions, "all_back_s": round(back, 2)}

    def _count(self) -> dict[str, float]:
        """Every point that there should be against every row that there is."""
        near = self._cluster.domains[0]
        wanted: dict[tuple[str, int], int] = {}
        for number in range(self._plan.gateways):
            prefix = f"{user(number)}@{near}/{sensor(number)}@{near}"
            wanted.update(
                ((f"{prefix}/{path}", at), value)
                for path, at, value in expected(number, self._begin, self._plan.minutes)
            )
        found = Counter[str]()
        for name, at, value in self._collectors.rows():
            right = wanted.pop((name, at), None)
            found["right" if right == value else "wrong"] += 1
        return {
            "expected": self._plan.gateways * self._plan.minutes * len(SERIES),
            "right": found["right"],
            "missing": len(wanted),
            "wrong": found["wrong"],
            "bytes_a_row": self._collectors.bytes_a_row(),
        }

    def _costs(self, before: ProcessSample, after: ProcessSample, times: int) -> dict[str, Any]:
        """Milliseconds of processor by group and thing done; which share of the machine nobody used, and others did."""
        idle, busy = after.idle_s - before.idle_s, after.busy_s - before.busy_s
        used = {name: after.cpu_s[name] - before.cpu_s[name] for name in after.cpu_s}
        whole = max(idle + busy, 0.01)
        return {
            "cpu_ms_each": {name: round(seconds * 1000 / times, 3) for name, seconds in used.items()},
            "idle_share": round(idle / whole, 3),
            "others_share": round(max(busy - sum(used.values()), 0.0) / whole, 3),
        }

    def _memory(self, before: ProcessSample, after: ProcessSample) -> dict[str, Any]:
        grown = {name: after.memory_kb[name] - before.memory_kb[name] for name in after.memory_kb}
        nodes = sum(kb for name, kb in grown.items() if name.startswith("node "))
        return {
            "kb": after.memory_kb,
            "node_kb_a_session": round(nodes / self._plan.gateways, 1),
            "gateway_kb_a_session": round(grown["gateways"] / self._plan.gateways, 1),
        }

    def _order(self, word: str) -> None:
        for process in self._processes:
            process.tell(word)

    def _all(self, state: str) -> bool:
        return all(process.report.state == state for process in self._processes)

    def _sum(self, count: str) -> int:
        return sum(getattr(process.report, count) for process in self._processes)

    def _taken(self) -> list[float]:
        taken = [value for process in self._processes for value in process.latencies_ms]
        for process in self._processes:
            process.latencies_ms.clear()
        return taken

    def _await(self, done: Callable[[], bool], said: Callable[[], str], seconds: float = 0.0) -> None:
        def look() -> bool:
            for process in self._processes:
                process.require_alive()
            self._show(said())
            return done()

        patience = max(seconds, self._plan.gateways * _PATIENCE_S_A_GATEWAY, _LEAST_PATIENCE_S)
        try:
            wait_until(look, patience, every=_LOOK_S)
        except AssertionError:
            raise AssertionError(f"not within {patience:.0f} s: {said()}") from None
