"""Which serial ports there are, and whether a meter speaks at one: for tools/setup, run by the installed program.

``listen.py ports`` prints "source, tic or other, title" by tabs and opens nothing; ``listen.py hear SOURCE fr|en``
listens, prints one line (mode, speed, the end of the meter's number) and ends with 0 when it is a meter.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from gateway.doctor.causes import causes
from gateway.doctor.listen import Target, listen
from gateway.doctor.report import Report, as_json
from gateway.errors import GatewayError
from gateway.ports import ports
from gateway.sources.source import parse_source

_LISTEN_S = 8.0
_NUMBER = re.compile(rb"\nAD[SC][CSO]?[\t ]([0-9]{8,15})[\t ]")
_SHOWN = 4


def masked_number(raw: bytes) -> str:
    """The meter's number as one may show it to somebody who stands before the meter; empty when it was not heard."""
    found = _NUMBER.search(bytes(byte & 0x7F for byte in raw))
    if not found:
        return ""
    number = found[1].decode()
    return "•" * (len(number) - _SHOWN) + number[-_SHOWN:]


def _ports() -> int:
    for port in ports():
        print(port.source, "tic" if port.tic else "other", port.title, sep="\t")
    return 0


def _hear(source: str, lang: str) -> int:
    try:
        target = Target("port", source, parse_source(source, Path()))
    except GatewayError as error:
        print(error)
        return 1
    evidence = listen(target, _LISTEN_S)
    best = evidence.best
    if best is None or best.mode is None or not best.good:
        finding = as_json(Report("port", source, tuple(causes(evidence)), evidence, group=""), lang)["findings"][0]
        print(finding["seen"], finding["remedy"])
        return 1
    number = masked_number(best.raw)
    print(*filter(None, (best.mode, best.speed and f"{best.speed} Bd", number)), sep=", ")
    return 0


def main(arguments: list[str]) -> int:
    """One of the two; its exit code."""
    if arguments == ["ports"]:
        return _ports()
    return _hear(arguments[1], arguments[2])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
