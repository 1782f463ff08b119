"""What the processes of a run cost: processor time and memory by group, and what the machine had left, from /proc."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_TICK = os.sysconf("SC_CLK_TCK")
_PAGE_KB = os.sysconf("SC_PAGE_SIZE") // 1024


@dataclass(frozen=True, slots=True)
class ProcessSample:
    """At one moment: seconds of processor used since the start, and memory that is not shared in kB, by group."""

    cpu_s: dict[str, float]
    memory_kb: dict[str, int]
    idle_s: float
    busy_s: float


@dataclass(slots=True)
class ProcessMeter:
    """Adds processes up with their children, which count also after they have ended; ``groups`` has the eldest ones."""

    groups: dict[str, list[int]]
    _seen: dict[str, dict[int, float]] = field(default_factory=dict)

    def sample(self) -> ProcessSample:
        """Look at every process once."""
        memory = dict.fromkeys(self.groups, 0)
        for name, pid, fields in self._members():
            cpu = (int(fields[11]) + int(fields[12])) / _TICK
            self._seen.setdefault(name, {})[pid] = cpu
            memory[name] += _own_kb(pid)
        cpu_s = {name: sum(self._seen.get(name, {}).values()) for name in self.groups}
        times = [int(part) / _TICK for part in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
        idle = times[3] + times[4]
        return ProcessSample(cpu_s, memory, idle, sum(times) - idle)

    def shares_mb(self) -> dict[str, float]:
        """Memory of each group in MB of a million bytes, what processes share counted once (proc_pid_smaps(5), Pss)."""
        shares = dict.fromkeys(self.groups, 0)
        for name, pid, _ in self._members():
            shares[name] += _share_kb(pid)
        return {name: round(kb * 1024 / 1e6, 1) for name, kb in shares.items()}

    def _members(self) -> Iterator[tuple[str, int, list[str]]]:
        """Group, process id and fields of each process that belongs to a group."""
        # A server that does not run has the pid 0, which is everybody's ancestor.
        group_of = {pid: name for name, pids in self.groups.items() for pid in pids if pid}
        processes = _processes()
        for pid, fields in processes.items():
            eldest = pid
            while eldest not in group_of and eldest in processes:
                eldest = int(processes[eldest][1])
            if eldest in group_of:
                yield group_of[eldest], pid, fields


def _own_kb(pid: int) -> int:
    """Resident memory without what is shared, as PostgreSQL's buffers are by its processes (proc_pid_statm(5))."""
    try:
        _, resident, shared, *_ = map(int, Path(f"/proc/{pid}/statm").read_text().split())
    except OSError:
        return 0
    return (resident - shared) * _PAGE_KB


def _share_kb(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def _processes() -> dict[int, list[str]]:
    """Every process's fields of proc_pid_stat(5), from the third (its state) on."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                # After the name, which may hold anything.
                found[int(entry.name)] = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
    return found


def quantiles(values: Sequence[float]) -> dict[str, float]:
    """Median, 99th percentile and greatest of the values; empty without any."""
    ordered = sorted(values)
    if not ordered:
        return {}
    return {
        "median": ordered[len(ordered) // 2],
        "p99": ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)],
        "max": ordered[-1],
    }
