"""``linky-gateway watch``: what the house says now and how its links stand, in a terminal, drawn anew in place.

Told by the running daemon as soon as something has changed, or, with ``--mqtt``, by the broker as any display is. On a
terminal it is a picture in French or English; into a pipe it is one JSON object a line for each meter, link and alert
that has changed.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import sys
import time
from collections import defaultdict
from contextlib import closing
from itertools import chain
from typing import TYPE_CHECKING, Any, TextIO, cast

from gateway.commands.options import add_language, command, configured, spoken
from gateway.errors import BrokerError, ConfigError, DaemonError, GatewayError, StoreError, reason
from gateway.links.link import BROKEN, titles
from gateway.live.curve import PowerCurve
from gateway.live.meter import LiveMeter
from gateway.live.picture import BESIDE, MARKS, picture
from gateway.live.topics import ROOT, as_json
from gateway.words.catalogue import LANGUAGES
from gateway.words.phrase import Phrase, same

if TYPE_CHECKING:
    import argparse
    from collections.abc import Generator, Iterable, Iterator
    from pathlib import Path

    from gateway.commands.options import Commands
    from gateway.config.tables import Config
    from gateway.live.state import HouseNow

# The ages are drawn anew this often, and a daemon that has gone is looked for again.
_EVERY_S = 1.0

_RETAINED_S = 3.0

# What the object of the topic ``json`` always holds.
_KEYS = as_json(LiveMeter("").snapshot(0.0)).keys()

_COLOURS = {MARKS["ok"]: "\x1b[32m", MARKS["waiting"]: "\x1b[33m", MARKS["broken"]: "\x1b[31m"}
_PLAIN = "\x1b[0m"
# A mark begins a line, or a column of it.
_MARK = re.compile(rf"(?:^|(?<={BESIDE}))[{''.join(_COLOURS)}](?= )")

_NOT_RUNNING = Phrase("no running gateway can be asked at {socket}: {why}; is it running, and are you its user?")
_OFFLINE = Phrase("the broker says that the gateway is not online")
_NO_MQTT = Phrase("watch --mqtt: the configuration has no table [mqtt]")


def declare(commands: Commands) -> None:
    """The command's arguments."""
    parser = command(commands, "watch", _run, "live values and links in a terminal; JSON Lines into a pipe")
    parser.add_argument("--mqtt", action="store_true", help="what the broker of [mqtt] tells displays, instead")
    add_language(parser)


def present(socket: Path, since: int | None = None) -> HouseNow:
    """The house now, of the running daemon; DaemonError when there is none, or none that answers this user.

    With the ``turn`` of an earlier answer it waits for another one, for a second at most.
    """
    try:
        # Their library need not be there for --help.
        from gateway.control.messages import AskNow  # noqa: PLC0415
        from gateway.control.running import ask  # noqa: PLC0415

        return cast("HouseNow", ask(socket, AskNow(since=since, wait_s=_EVERY_S)))
    except ConnectionError as error:
        raise DaemonError(_NOT_RUNNING.filled(socket=socket, why=_reason(error))) from error
    except StoreError as error:
        raise DaemonError(error.phrase) from error


def changes(before: HouseNow | None, house: HouseNow) -> Iterator[dict[str, object]]:
    """One object for each meter, link and alert that is not as it was; its name and null for one that is gone."""
    meters = {meter["now"]["meter"]: _lasting(meter["now"]) for meter in before["meters"]} if before else {}
    for meter in house["meters"]:
        if meters.get(meter["now"]["meter"]) != _lasting(meter["now"]):
            yield meter["now"]
    states = {link["link"]: link["state"] for link in before["links"]} if before else {}
    for link in house["links"]:
        if states.pop(link["link"], None) != link["state"]:
            yield {"link": link["link"], "state": link["state"], "detail": link["detail"]}
    for gone in states:
        yield {"link": gone, "state": None, "detail": ""}
    told = {alert["link"] for alert in before["alerts"]} if before else set()
    for alert in house["alerts"]:
        if alert["link"] not in told:
            texts = cast("dict[str, object]", alert)
            yield {"alert": alert["link"]} | {lang: texts[lang] for lang in LANGUAGES}
    for over in sorted(told - {alert["link"] for alert in house["alerts"]}):
        yield {"alert": over} | dict.fromkeys(LANGUAGES)


def _lasting(now: dict[str, object]) -> dict[str, object]:
    return {key: value for key, value in now.items() if key not in {"age_s", "sequence"}}


class FeedHouse:
    """The house as the broker tells it to displays."""

    def __init__(self) -> None:
        self._online = False
        self._turn = 0
        self._meters: dict[str, dict[str, object]] = {}
        self._links: dict[str, str] = {}
        self._alerts: dict[str, dict[str, str]] = {}
        self.came = asyncio.Event()

    def take(self, topic: str, payload: bytes) -> None:
        """A message of ``gateway.live.topics``; what is none of them is of no account."""
        _, kind, *rest = topic.split("/")
        text = payload.decode(errors="replace")
        match kind, rest:
            case "status", []:
                self._online = text == "online"
            case "meter", [name, "json"]:
                said = _object(text)
                # Of another version not even the keys are known.
                _keep(self._meters, name, said if said and said.keys() >= _KEYS else None)
            case "link", _:
                _keep(self._links, " ".join(rest), text if text in MARKS else None)
            case "alert", _:
                _keep(self._alerts, " ".join(rest), _object(text))
            case _:
                return
        self._turn += 1
        self.came.set()

    def house(self) -> HouseNow:
        """All that has come; DaemonError while the gateway is not there to say it."""
        if not self._online:
            raise DaemonError(_OFFLINE)
        line = {"whole": 0, "partial": 0, "bad_groups": 0}
        told: dict[str, object] = {
            "version": "MQTT",
            "turn": self._turn,
            "meters": [{"now": now, "values": {}, "line": line} for _, now in sorted(self._meters.items())],
            "links": [
                {"link": name, "state": state, "age_s": None, "detail": "", "figures": {}} | titles(name)
                for name, state in sorted(self._links.items())
            ],
            "alerts": [{"link": name, **texts} for name, texts in sorted(self._alerts.items()) if texts],
        }
        return cast("HouseNow", told)


def _keep(known: dict[str, Any], name: str, value: object) -> None:
    if value is None:
        known.pop(name, None)
    else:
        known[name] = value


def _object(text: str) -> dict[str, Any] | None:
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _of_daemon(config: Config) -> Generator[HouseNow | GatewayError, None, None]:
    """The house again and again, at each change and every second; an error in its place while it cannot be asked."""
    turn = None
    while True:
        try:
            house = present(config.control_socket, turn)
        except GatewayError as error:
            yield error
            time.sleep(_EVERY_S)
        else:
            turn = house["turn"]
            yield house


def _of_broker(config: Config) -> Generator[HouseNow | GatewayError, None, None]:
    """The same from the broker."""
    from gateway.mqtt.broker import Broker  # noqa: PLC0415 (its library need not be there without a broker)

    if config.mqtt is None:
        raise ConfigError(_NO_MQTT)
    broker, heard, stop = Broker(config, config.mqtt, None), FeedHouse(), asyncio.Event()
    for branch in ("status", "meter/+/json", "link/#", "alert/#"):
        broker.listen(f"{ROOT}/{branch}", heard.take)

    async def begin() -> asyncio.Task[None]:
        return asyncio.create_task(broker.run(stop), name="broker")

    async def wait() -> HouseNow | GatewayError:
        try:
            async with asyncio.timeout(_EVERY_S):
                await heard.came.wait()
        except TimeoutError:
            pass
        heard.came.clear()
        try:
            return heard.house() if broker.link().state != BROKEN else BrokerError(broker.link().detail)
        except DaemonError as error:
            return error

    with asyncio.Runner() as runner:
        running, since = runner.run(begin()), time.monotonic()
        try:
            while True:
                told = runner.run(wait())
                # What is retained comes within moments of the connection.
                if not isinstance(told, DaemonError) or time.monotonic() - since > _RETAINED_S:
                    yield told
        finally:
            stop.set()
            runner.run(asyncio.wait_for(running, None))


def _run(options: argparse.Namespace) -> int:

    config = configured(options)
    # A terminal of another century shows a question mark for what it does not know.
    cast("Any", sys.stdout).reconfigure(errors="replace")
    with closing(_of_broker(config) if options.mqtt else _of_daemon(config)) as houses:
        try:
            first = next(houses)
            if isinstance(first, GatewayError):
                raise first
            if sys.stdout.isatty():
                _show(chain([first], houses), spoken(options), sys.stdout)
            else:
                _write(chain([first], houses), sys.stdout)
        except KeyboardInterrupt:
            # How one ends it; the prompt comes below.
            sys.stdout.write("\n" if sys.stdout.isatty() else "")
    return 0


def _write(houses: Iterable[HouseNow | GatewayError], out: TextIO) -> None:
    """JSON Lines of what changes, without end."""
    before: HouseNow | None = None
    running = True
    for house in houses:
        if isinstance(house, dict):
            lines = list(changes(before, house))
            lines = lines if running else [{"running": True}, *lines]
            before, running = house, True
        else:
            lines = [{"running": False, "reason": str(house)}] if running else []
            running = False
        for line in lines:
            out.write(json.dumps(line, ensure_ascii=False) + "\n")
        out.flush()


def _show(houses: Iterable[HouseNow | GatewayError], lang: str, out: TextIO) -> None:
    """The picture, drawn over itself, without end."""
    last: HouseNow | None = None
    curves: defaultdict[str, PowerCurve] = defaultdict(PowerCurve)
    size: os.terminal_size | None = None
    drawn = 0
    for house in houses:
        fault = house.phrase.in_language(lang) if isinstance(house, GatewayError) else ""
        last = house if isinstance(house, dict) else last
        if last is None:
            continue
        if not fault:
            _see(last, curves)
        before, size = size, shutil.get_terminal_size()
        # What was drawn in another width stands nobody knows where.
        start = f"\x1b[{drawn}A" if before in (None, size) else "\x1b[H\x1b[2J"
        powers = {name: curve.powers() for name, curve in curves.items()}
        lines = picture(last, lang, size.columns, size.lines - 1, fault, powers)
        out.write((start if drawn else "") + "".join(f"{_coloured(line)}\x1b[K\r\n" for line in lines) + "\x1b[J")
        out.flush()
        drawn = len(lines)


def _see(house: HouseNow, curves: defaultdict[str, PowerCurve]) -> None:
    """What each meter says now goes on its curve; what is of the past does not."""
    for now in (meter["now"] for meter in house["meters"]):
        if now["drawn_va"] is not None and not now["stale"]:
            curves[now["meter"]].add(now["drawn_va"], time.monotonic())


def _coloured(line: str) -> str:
    if "NO_COLOR" in os.environ:
        return line
    return _MARK.sub(lambda mark: f"{_COLOURS[mark[0]]}{mark[0]}{_PLAIN}", line)


def _reason(error: BaseException) -> Phrase:
    return reason(error.__cause__) if isinstance(error.__cause__, OSError) else same(str(error))
