"""What a message costs 1, 2 and 4 collectors that share an account, and how soon they share anew: one run, in order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from harness.wait import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fleet.sharing import Sharing
    from harness.process import Program

COUNTS: Final = (1, 2, 4)
# What is promised of a quiet machine.
SETTLED_S: Final = 10.0
_WAIT_S = 1_200.0
_MEASURED_S = 60.0
# Of all homes, those that send between one kill and the next: ten seconds.
_BETWEEN = 6


def measured(sharing: Sharing, show: Callable[[str], object], seconds: float = SETTLED_S) -> dict[str, Any]:
    """Homes that send once a minute, to more and more collectors, of which some are killed, as are the servers.

    RigError where shares are not settled within ``seconds``.
    """
    programs: list[Program] = []
    shares = [_with(count, sharing, programs, show, seconds) for count in COUNTS]
    settled = []
    for number, (what, kill) in enumerate(_kills(sharing, programs).items()):
        show(what)
        kill()
        settled.append({"what": what, "settled_s": round(sharing.await_shares(max(3 - number, 2), seconds), 2)})
        sharing.await_said(sharing.count // _BETWEEN, _WAIT_S)
    show("counting every point")
    sharing.await_confirmed(_WAIT_S)
    return {
        "homes": sharing.count, "shares": shares, "kills": settled, "said": sharing.homes.report.said,
        "wrong": [str(one) for one in sharing.wrong()],
    }  # fmt: skip


def apart(shares: Sequence[dict[str, Any]]) -> float:
    """How far what a message costs with several processes is from what it costs with one: 0.1 is a tenth."""
    first, *others = [sum(share["cpu_ms_each"].values()) for share in shares]
    return max(abs(other / first - 1) for other in others)


def _with(
    count: int, sharing: Sharing, programs: list[Program], show: Callable[[str], object], seconds: float
) -> dict[str, Any]:
    while len(programs) < count:
        programs.append(sharing.collectors.add())
    settled = sharing.await_shares(count, seconds)
    if count == COUNTS[0]:
        show("all homes are asked")
        wait_until(lambda: sharing.homes.report.subscribed == sharing.count, _WAIT_S, "all are subscribed", every=0.2)
    sharing.homes.rate(sharing.count / 60)
    show(f"{count} collectors: until nobody is asked any more")
    sharing.await_quiet(_WAIT_S)
    sharing.await_said(sharing.count, _WAIT_S)
    show(f"{count} collectors: a minute is measured")
    return {"processes": count, "settled_s": round(settled, 2), **sharing.measure(_MEASURED_S)}


def _kills(sharing: Sharing, programs: Sequence[Program]) -> dict[str, Callable[[], object]]:
    database, server = sharing.server.postgres, sharing.server.far
    return {
        "a process leaves": lambda: programs[3].stop(60),
        "a process is killed": programs[2].kill,
        "PostgreSQL is killed": lambda: (database.kill(), database.start()),
        "Prosody is killed": lambda: (server.kill(), server.launch()),
    }
