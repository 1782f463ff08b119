"""Which serial ports there are, whether a text can name one, whether a meter speaks at it: for tools/setup.

``listen.py ports`` prints "source, kind, title" by tabs and opens nothing; the kind is ``tic`` (an adapter made for
meters), ``usb`` or ``own`` (a port of this machine). ``listen.py judge SOURCE fr|en`` prints what is wrong with a
source that somebody typed, and ends with 1 if something is. Both need the standard library alone: they are asked before
anything is installed. ``listen.py hear SOURCE fr|en`` is run by the installed program: it listens, prints one line
(mode, speed, the end of the meter's number) and ends with 0 when it is a meter.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from gateway.first_boot import checks
from gateway.first_boot.faults import CardFault
from gateway.sources.paths import PathKind, kind_of
from gateway.sources.ports import ports

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
        print(port.source, "tic" if port.tic else "usb" if port.usb else "own", port.title, sep="\t")
    return 0


def _judge(source: str, lang: str) -> int:
    wrong = checks.invisible(source) or checks.port(source)
    if wrong is None or (source.startswith("/dev/") and kind_of(source) is PathKind.UNKNOWN):
        return 0
    print(CardFault("", *wrong).say(lang))
    return 1


def _hear(source: str, lang: str) -> int:
    # Libraries that are there once the gateway is.
    from gateway.doctor.causes import causes  # noqa: PLC0415
    from gateway.doctor.listen import Target, listen  # noqa: PLC0415
    from gateway.doctor.report import PortReport, as_json  # noqa: PLC0415
    from gateway.errors import GatewayError  # noqa: PLC0415
    from gateway.sources.source import parse_source  # noqa: PLC0415

    try:
        target = Target("port", source, parse_source(source, Path()))
    except GatewayError as error:
        print(error)
        return 1
    evidence = listen(target, _LISTEN_S)
    best = evidence.best
    if best is None or best.mode is None or not best.good:
        finding = as_json(PortReport("port", source, tuple(causes(evidence)), evidence, group=""), lang)["findings"][0]
        print(finding["seen"], finding["remedy"])
        return 1
    number = masked_number(best.raw)
    print(*filter(None, (best.mode, best.speed and f"{best.speed} Bd", number)), sep=", ")
    return 0


def main(arguments: list[str]) -> int:
    """One of the three; its exit code."""
    if arguments == ["ports"]:
        return _ports()
    if arguments[0] == "judge":
        return _judge(arguments[1], arguments[2])
    return _hear(arguments[1], arguments[2])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
