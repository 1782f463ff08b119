"""The command line of tools/meter: run, capture, replay. Options in, one clear sentence when something is wrong."""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from meter.appliances import KINDS, ApplianceHousehold, SteadyLoad
from meter.capture import CaptureSourceError, capture, mode_of, pieces_of
from meter.clock import ClockError, parse_start
from meter.contract import CONTRACTS
from meter.frames import BAUD, HISTORIC, STANDARD, MeterIdentity
from meter.household import SimulatedHousehold
from meter.line import SimulatedLine, Stopped, Transmission, replay, say
from meter.living import CommandError, Linky
from meter.neighbourhood import WHO, neighbour
from meter.wire import FileWire, PtyWire, SimulatedWire, TcpWire, WireError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

OVERVIEW = """\
examples:
  tools/meter run --link /tmp/linky                                 a standard meter on a pty, at its own pace
  tools/meter run --link /tmp/linky --mode historic --tariff tempo --phases 3 --power 12
  tools/meter run --link /tmp/linky --solar 3000 --start 2025-06-21T12:00 --speed 20
  tools/meter run --tcp 127.0.0.1:3333                              for socket://127.0.0.1:3333
  tools/meter run --out day.raw --frames 1000 --start 2025-10-26T01:55 --truth day.jsonl
  tools/meter capture --port /dev/ttyUSB0 mine.raw --seconds 60
  tools/meter replay mine.raw --link /tmp/linky --loop
"""
COMMANDS = """\
commands on standard input while it runs, one a line, each answered by "ok ..." or "error: ...":
  mode historic|standard    switches at the next frame, speed included
  tariff base|hc|tempo|ejp|weekend|producer    changes the contract
  tariff peak|off-peak|auto                    holds peak or off-peak hours
  tariff today|tomorrow blue|white|red         gives a Tempo day its colour (red: a peak day under EJP)
  overload on|off           draws more than the subscribed power
  standby on|off            historic: the address alone
  clock good|degraded       season letter in lower case
  message TEXT              an ultra-short message (MSG2), in one frame
  noise P | drop P          probability of a flipped bit | of a lost character
  silence S                 the wire is dead for S seconds (of this machine); the meter goes on
  unplug | plug             the port vanishes | comes back
  eot                       a telereading interrupts the frame
  quit                      stops
What nobody reads is lost, as on a wire. A port set to another speed than the meter's reads garbage, as a real one does.
"""


def main(arguments: list[str] | None = None) -> int:
    """Runs one command; the exit code is 0, 1 (something failed) or 2 (wrong usage)."""
    options = _parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], int] = options.run
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        return command(options)
    except (KeyboardInterrupt, BrokenPipeError):
        return 0
    except (ClockError, CommandError, OSError) as error:
        said = str(error)
        if isinstance(error, OSError) and not isinstance(error, (CaptureSourceError, WireError)):
            said = f"{error.filename or 'input or output'}: {error.strerror}"
        print(f"tools/meter: {said}", file=sys.stderr)
        return 1 if isinstance(error, OSError) else 2


def _interrupt(number: int, frame: object) -> NoReturn:
    raise KeyboardInterrupt


def _parser() -> argparse.ArgumentParser:
    def sub(name: str, summary: str, run: Callable[[argparse.Namespace], int], epilog: str) -> argparse.ArgumentParser:
        made = commands.add_parser(
            name, help=summary, description=summary, epilog=epilog, formatter_class=argparse.RawTextHelpFormatter
        )
        made.set_defaults(run=run)
        return made

    parser = argparse.ArgumentParser(
        prog="tools/meter",
        description="A living Linky meter to test with: simulated, captured, or replayed.",
        epilog=OVERVIEW,
        formatter_class=argparse.RawTextHelpFormatter,
    )
    commands = parser.add_subparsers(metavar="run | capture | replay", required=True)
    _run_options(sub("run", "simulates a household and its meter", _run, COMMANDS))
    taken = sub("capture", "writes the raw bytes of a real port to a file (7E1)", _capture, OVERVIEW)
    taken.add_argument("file", type=Path)
    taken.add_argument("--port", required=True, help="a serial port, or socket://HOST:PORT")
    taken.add_argument("--seconds", type=_positive, help="stop after so long (otherwise: on Ctrl-C)")
    taken.add_argument("--mode", choices=("auto", HISTORIC, STANDARD), default="auto", help="speed (found by itself)")
    played = sub("replay", "plays a captured file at the line's own pace", _replay, OVERVIEW)
    played.add_argument("file", type=Path)
    played.add_argument("--mode", choices=(HISTORIC, STANDARD), help="guessed from the file when not given")
    played.add_argument("--loop", action="store_true", help="again and again")
    _wire_options(played)
    return parser


def _wire_options(parser: argparse.ArgumentParser) -> None:
    ends = parser.add_argument_group("where to (one of)").add_mutually_exclusive_group(required=True)
    ends.add_argument("--link", type=Path, metavar="PATH", help="symbolic link to a pty; printed when it is ready")
    ends.add_argument("--tcp", metavar="HOST:PORT", help="serve the bytes to each client (port 0: any free one)")
    ends.add_argument("--stdout", action="store_true", help="as fast as possible")
    ends.add_argument("--out", type=Path, metavar="FILE", help="as fast as possible")
    wire = parser.add_argument_group("wire")
    wire.add_argument("--speed", type=_positive, default=1.0, metavar="N", help="N times the real pace (and clock)")
    wire.add_argument("--noise", default="0", metavar="P", help="probability of a flipped bit in each character")
    wire.add_argument("--drop", default="0", metavar="P", help="probability of the loss of each character")
    wire.add_argument(
        "--deliver",
        choices=("auto", "7e1", "inpck", "8n1"),
        default="auto",
        help="what the reader's port makes of parity: ignores it, bad becomes NUL, bit 7 (auto: as the pty is set)",
    )
    wire.add_argument("--patient", action="store_true", help="wait for a slow reader instead of losing bytes")
    wire.add_argument("--permissions", type=_octal, metavar="OCTAL", help="of the pty, such as 666")
    wire.add_argument("--until-eof", action="store_true", help="stop when standard input ends")
    parser.add_argument("--seed", type=int, default=1, help="same seed, same household, same injuries")


def _run_options(parser: argparse.ArgumentParser) -> None:
    _wire_options(parser)
    meter = parser.add_argument_group("meter")
    meter.add_argument("--mode", choices=(HISTORIC, STANDARD), default=STANDARD)
    meter.add_argument("--phases", type=int, choices=(1, 3), default=1)
    meter.add_argument("--tariff", choices=tuple(CONTRACTS), default="base")
    meter.add_argument("--power", type=int, choices=range(1, 37), default=6, metavar="KVA", help="subscribed")
    meter.add_argument("--solar", type=int, default=0, metavar="W", help="panels, peak: a producer meter (surplus)")
    meter.add_argument("--load", type=_steady, metavar="W[:COS]", help="nothing but a steady load, such as 600:0.7")
    meter.add_argument("--appliances", choices=tuple(KINDS), help="each appliance with a power factor of its own")
    meter.add_argument("--who", choices=WHO, default="home", help="whose it is: a family's, a school's, a roof's alone")
    meter.add_argument("--ages", action="store_true", help="powers and currents up to one frame old")
    meter.add_argument("--start", default="now", metavar="TIME", help="now, 2025-10-26T01:58, or E251026015800")
    meter.add_argument("--curve", type=int, choices=(10, 30, 60), default=30, metavar="MIN", help="load curve period")
    meter.add_argument("--serial", type=_digits(6), default="000042", help="6 digits")
    meter.add_argument("--prm", type=_digits(14), default="00999900000042", help="14 digits")
    meter.add_argument("--frames", type=_count, metavar="N", help="stop after N frames")
    meter.add_argument("--truth", type=Path, metavar="FILE", help="JSON Lines of what was sent, before it is sent")


def _run(options: argparse.Namespace) -> int:
    start_ms = parse_start(options.start, time.time())
    pure = options.tariff == "producer"
    solar = options.solar or (3000 if pure or options.who == "roof" else 0)
    meter = Linky(
        mode=options.mode,
        contract=options.tariff,
        identity=MeterIdentity(options.serial, options.prm, options.phases, options.power),
        household=_household(options, solar, lived_in=not pure),
        start_ms=start_ms,
        producer=solar > 0,
        curve_s=options.curve * 60,
        seed=options.seed,
        ages=options.ages,
    )
    with contextlib.ExitStack() as stack:
        file = stack.enter_context(options.truth.open("w", encoding="ascii")) if options.truth else None
        line = stack.enter_context(_line(options, BAUD[options.mode]))
        shown = Transmission(meter, line, start_ms=start_ms, truth=file, limit=options.frames)
        _listen(line, shown.carry_out, until_eof=options.until_eof)
        shown.run()
    return 0


def _household(options: argparse.Namespace, solar_w: int, *, lived_in: bool) -> SimulatedHousehold:
    if options.load:
        return SteadyLoad(options.seed, options.phases, solar_w, watts=options.load[0], cos_phi=options.load[1])
    if options.appliances:
        return ApplianceHousehold(options.seed, options.phases, solar_w, kind=options.appliances)
    if options.who != "home":
        return neighbour(options.who, options.seed, options.phases, solar_w)
    return SimulatedHousehold(options.seed, options.phases, solar_w, lived_in=lived_in)


def _replay(options: argparse.Namespace) -> int:
    mode = options.mode or mode_of(options.file.read_bytes())
    with _line(options, BAUD[mode]) as line:
        _listen(line, lambda text: _carry_out(line, text), until_eof=options.until_eof)
        replay(line, pieces_of(options.file, loop=options.loop))
    return 0


def _capture(options: argparse.Namespace) -> int:
    with options.file.open("wb") as file:
        tally, baud = capture(options.port, file, mode=options.mode, seconds=options.seconds)
    say(f"{tally.bytes} bytes at {baud} Bd, {tally.good} good groups, {tally.bad} bad, in {options.file}")
    return 0 if tally.good else 1


@contextlib.contextmanager
def _line(options: argparse.Namespace, baud: int) -> Iterator[SimulatedLine]:
    """The line to the end the options name: plugged, said to be ready, and unplugged at the end whatever happens."""
    with contextlib.ExitStack() as stack:
        wire: SimulatedWire
        if options.link:
            wire = PtyWire(options.link, permissions=options.permissions, patient=options.patient)
        elif options.tcp:
            wire = TcpWire(options.tcp, patient=options.patient)
        elif options.out:
            wire = FileWire(stack.enter_context(options.out.open("wb")))
        else:
            wire = FileWire(sys.stdout.buffer)
        line = SimulatedLine(wire, speed=options.speed, seed=options.seed, deliver=options.deliver)
        for injury in ("noise", "drop"):
            line.injure([injury, getattr(options, injury)])
        line.baud = baud
        stack.callback(wire.unplug)
        wire.plug(baud)
        if wire.paced:
            say(wire.name)
        with contextlib.suppress(Stopped):
            yield line


def _listen(line: SimulatedLine, carry_out: Callable[[str], None], *, until_eof: bool) -> None:
    if line.wire.paced and sys.stdin is not None:
        line.listen(sys.stdin.fileno(), carry_out, until_eof=until_eof)


def _carry_out(line: SimulatedLine, text: str) -> None:
    if not line.injure(text.split()):
        raise CommandError(f"{text!r} is not a command of a replay: noise, drop, silence, unplug, plug, quit")


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not a positive number")
    return value


def _steady(text: str) -> tuple[int, float]:
    watts, colon, factor = text.partition(":")
    cos_phi = float(factor) if colon else 1.0
    if not watts.isdecimal() or not 0 < cos_phi <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not watts, or watts and a power factor, such as 600:0.7")
    return int(watts), cos_phi


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of frames")
    return int(text)


def _octal(text: str) -> int:
    try:
        return int(text, 8)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not an octal number such as 666") from error


def _digits(number: int) -> Callable[[str], str]:
    def check(text: str) -> str:
        if len(text) != number or not text.isdecimal():
            raise argparse.ArgumentTypeError(f"{text!r} is not made of {number} digits")
        return text

    return check
