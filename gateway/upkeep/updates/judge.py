"""Whether a version may stay: for a package, a card and tools/setup alike, which run this file by itself.

``linky-gateway status --json | judge.py heard`` prints the links that are green and have to be green again, by commas;
``… | judge.py healthy BEFORE`` ends with 0 when the gateway runs, stores, and all of those are green, else with 1, and
prints those that are not. Standard library alone.
"""

from __future__ import annotations

import json
import sys
from typing import Any

OK, WAITING = "ok", "waiting"
# What comes and goes with what others do, or takes hours to be known, says nothing of a version. That the link to the
# house's own server is back does.
NOT_JUDGED = frozenset((
    *("recipient", "provider", "watcher", "backup", "cell", "disk", "doctor", "keeping", "release", "tee"),
    *("notice", "https"),
))  # fmt: skip


def heard(report: dict[str, Any]) -> list[str]:
    """The links that are green now and that a new version has to make green again."""
    links = (row["link"] for row in report["links"] if report["running"] and row["state"] == OK)
    return [link for link in links if link.partition(" ")[0] not in NOT_JUDGED]


def missing(report: dict[str, Any], before: list[str]) -> list[str]:
    """What a new version lacks of what the former one did; empty when it may stay."""
    states = {row["link"]: row["state"] for row in report["links"]}
    lacking = [link for link in dict.fromkeys(["store", *before]) if not _is_back(link, states.get(link))]
    return lacking if report["running"] else ["gateway", *lacking]


def _is_back(link: str, state: str | None) -> bool:
    """Whether it is as before; a pulse counter waits for the next pulse, and at night no water runs."""
    return state == OK or (state == WAITING and link.partition(" ")[0] == "counter")


def main(arguments: list[str]) -> int:
    """Read the report, say or judge."""
    try:
        report = json.load(sys.stdin)
        if arguments[0] == "heard":
            print(",".join(heard(report)))
            return 0
        lacking = missing(report, [link for link in arguments[1].split(",") if link])
    except (ValueError, KeyError, TypeError, AttributeError):
        return 3
    print(",".join(lacking))
    return 1 if lacking else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
