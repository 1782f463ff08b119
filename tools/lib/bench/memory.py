"""Memory by part: daemons that differ by one part, one after the other, each at the pace of its line."""

from __future__ import annotations

import compileall
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

from bench.domains import house, memory_of
from bench.house import BARE, bare
from harness import ROOT
from harness.accounts import register, table
from harness.kinds import KINDS, LoadedGateway, broker_table, page_table
from meter.process import SimulatedMeter
from relay_faults.broker import HouseBroker
from servers import free_port, wait_until

if TYPE_CHECKING:
    from collections.abc import Collection

    from bench.domains import BenchHouse
    from bench.parts import At

_PATIENCE_S = 90.0
_CONNECTED = b"connected to the federation"
_LIBRARIES = {"page": "microdot", "opened": "jinja2", "broker": "aiomqtt", "federation": "slixmpp"}


def measure(at: At) -> dict[str, float]:
    """Of each kind: memory in MB, how many modules it has loaded, and memory of a Python with its libraries alone."""
    found: dict[str, float] = {}
    # As a package has it: who compiles at its start keeps a megabyte of that.
    compileall.compile_dir(ROOT / "gateway", quiet=2)
    with ExitStack() as stack:
        home = stack.enter_context(house(at.folder, at.servers))
        broker = stack.enter_context(HouseBroker(at.folder / "broker"))
        stack.enter_context(SimulatedMeter(home.tty, mode="standard", seed=1))
        register(home.federation, home.folder)
        (home.folder / "mqtt").write_text(broker.add("gateway") + "\n")
        for kind, has in KINDS.items():
            figures = _of(home, broker, kind, has, at.seconds) | bare(*BARE, *(_LIBRARIES[part] for part in has))
            found |= {f"{kind}.{name}": value for name, value in figures.items()}
    return found


def _of(home: BenchHouse, broker: HouseBroker, kind: str, has: Collection[str], seconds: float) -> dict[str, float]:
    """One that has been at work for a while, committed each second meanwhile."""
    port = free_port()
    tables = {"page": page_table(port), "broker": broker_table(broker.port), "federation": table(home.federation)}
    store = f'[store]\ndirectory = "{kind}"\ncommit_interval_s = 1\n'
    home.config.write_text(home.on_a_wire() + store + "".join(tables[part] for part in has if part in tables))
    with LoadedGateway(home.config, home.folder / kind) as gateway:
        gateway.await_ready()
        if "opened" in has:
            gateway.open_pages(port)
        if "federation" in has:
            wait_until(lambda: _CONNECTED in gateway.log.read_bytes(), _PATIENCE_S, "it is connected")
        time.sleep(seconds)
        assert gateway.pid is not None
        return memory_of(gateway.pid) | {"modules": len(gateway.modules())}
