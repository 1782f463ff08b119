"""``python -m fleet``: started by ``tools/fleet``."""

from __future__ import annotations

import json
import os
import platform
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fleet import shares
from fleet.options import parser
from fleet.run import FleetPlan, FleetRun
from fleet.sharing import Sharing
from servers.cluster import Cluster, OneProsody
from servers.process import RigError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator


def main() -> int:
    """One run for each number of gateways."""
    arguments = parser()
    options = arguments.parse_args()
    if options.one_prosody and options.kill:
        arguments.error("--kill is of a node of the cluster, which --one-prosody has not")
    show, runs = _Line(), []
    if options.homes:
        return _share(options, show)
    for gateways in options.gateways:
        plan = FleetPlan(
            gateways,
            options.minutes,
            options.period,
            options.kill,
            options.collectors,
            min(options.processes, gateways),
        )
        try:
            runs.append(_one(options, plan, show))
        except RigError as error:
            show()
            print(f"tools/fleet: {gateways} gateways: {error}", file=sys.stderr)
            return 1
        finally:
            _write(options.json, runs)
        show()
        _tell(runs[-1])
    return 0 if all(_whole(run) for run in runs) else 1


def _share(options: argparse.Namespace, show: _Line) -> int:
    """Homes of a component instead of gateways, to more and more collectors."""
    try:
        with _folder(options) as folder, Sharing(folder, options.homes, fsync="on", autovacuum="on") as sharing:
            run = shares.measured(sharing, show)
    except RigError as error:
        show()
        print(f"tools/fleet: {options.homes} homes: {error}", file=sys.stderr)
        return 1
    show()
    _write(options.json, [run])
    for one in run["shares"]:
        costs = ", ".join(f"{name} {ms:.2f} ms" for name, ms in one["cpu_ms_each"].items())
        print(f"{one['processes']} collectors: shared after {one['settled_s']:.1f} s; of processor a message: {costs}")
    for kill in run["kills"]:
        print(f"{kill['what']}: shared anew after {kill['settled_s']:.1f} s")
    print(f"{run['said']} messages, {run['wrong'][0] if run['wrong'] else 'every point once'}")
    return 1 if run["wrong"] else 0


@contextmanager
def _folder(options: argparse.Namespace) -> Iterator[Path]:
    base = options.folder.resolve() if options.folder else None
    if base is not None:
        base.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="linky-fleet-", dir=base) as made:
        folder = Path(made)
        # PostgreSQL runs as another user where we are root.
        folder.chmod(0o755)
        yield folder


def _one(options: argparse.Namespace, plan: FleetPlan, show: _Line) -> dict[str, Any]:
    """One run on servers of its own: each begins as empty as the one before."""
    with ExitStack() as stack:
        folder = stack.enter_context(_folder(options))
        show("starting the servers")
        place = folder / "cluster"
        cluster = stack.enter_context(OneProsody(place) if options.one_prosody else Cluster(place, options.nodes))
        return FleetRun(cluster, folder, plan, show).go()


def _whole(run: dict[str, Any]) -> bool:
    return bool(run["points"]["right"] == run["points"]["expected"] and not run["points"]["wrong"])


def _write(file: Path | None, runs: list[dict[str, Any]]) -> None:
    if file is not None:
        machine = {
            "cores": os.cpu_count(),
            "architecture": platform.machine(),
            "python": platform.python_version(),
            "day": time.strftime("%Y-%m-%d", time.gmtime()),
        }
        file.write_text(json.dumps({"machine": machine, "runs": runs}, indent=1) + "\n")


def _tell(run: dict[str, Any]) -> None:
    connect, push, points, memory = run["connect"], run["push"], run["points"], run["memory"]
    servers = ", ".join(f"{name} {mb:.0f} MB" for name, mb in memory["servers_mb"].items())
    print(
        f"{run['gateways']} gateways: {connect['per_second']:.0f} connects a second; {push['per_second']:.1f} messages"
        f" a second, {push['latency_ms'].get('median', 0):.0f} ms until confirmed (99 in 100:"
        f" {push['latency_ms'].get('p99', 0):.0f} ms); {memory['node_kb_a_session']:.0f} kB a session at the nodes;"
        f" {push['idle_share']:.0%} of the machine idle",
        flush=True,
    )
    print(f"  memory: {servers}")
    if kill := push.get("kill"):
        print(
            f"  killed at {kill['at_s']:.0f} s: {kill['sessions_lost']} sessions moved, all back after"
            f" {kill['all_back_s']:.1f} s; {push['sent'] - push['pushed']} messages sent again"
        )
    print(
        f"  {points['right']} of {points['expected']} points, {points['missing']} missing, {points['wrong']} wrong",
        flush=True,
    )


class _Line:
    """One line that changes, in a terminal; nothing when piped. Without a text it is left empty."""

    def __init__(self) -> None:
        self._shown = 0.0

    def __call__(self, text: str = "") -> None:
        if sys.stderr.isatty() and (not text or time.monotonic() - self._shown > 0.25):
            self._shown = time.monotonic()
            print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
