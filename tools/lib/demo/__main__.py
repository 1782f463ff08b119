"""``python -m demo``: started by ``tools/demo``, which has made the virtual environment."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from demo.arrivals import ENOUGH_SERIES, Arrivals
from demo.bridge import table_of
from demo.chain import DemoChain
from demo.endings import Endings
from demo.options import parser
from demo.screen import ALONE_EVERY_S, DRAW_EVERY_S, Screen
from harness import ROOT
from servers import RigError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

PACKAGES = ("prosody", "lua-dbi-sqlite3", "ejabberd", "erlang-p1-sqlite3", "openssl")
NO_FEDERATION = 3

_INTERRUPTED = 130


def main() -> int:
    """Run the demo; 0 when it went well, 1 when not, 2 for wrong use, 3 when there is no federation to check."""
    options = _options()
    federated = not options.class_room and _install()
    needs = "--bridge" if options.bridge else "--neighbourhood" if options.neighbourhood else ""
    if needs and not federated:
        print(f"tools/demo: {needs}: without the federation (see above) nothing is sent to anybody", file=sys.stderr)
        return NO_FEDERATION
    if options.class_room or options.neighbourhood:
        return _show_places(options)
    endings = Endings()
    endings.listen()
    try:
        # A short path: control sockets have at most 107 characters.
        with tempfile.TemporaryDirectory(prefix="linky-demo-") as folder:
            chain = DemoChain(Path(folder), options.replay, options.mode, endings, federated=federated)
            chain.bridge = options.bridge
            return _run(chain, endings, options)
    except RigError as error:
        print(f"tools/demo: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # The reader of our output has what it wanted (`| head`); Python must not complain when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1 if options.check else 0
    except KeyboardInterrupt:
        print("\ntools/demo: ended; everything that was started is stopped", file=sys.stderr)
        return _INTERRUPTED if options.check else 0


def _install() -> bool:
    """Install what is missing; where it cannot be had, it says why, and its sentences begin with our name."""
    script = [
        "bash",
        "-c",
        'source "$1"; shift; install_debian_packages "$@"',
        "demo",
        str(ROOT / "tools/bootstrap.sh"),
    ]
    return subprocess.run([*script, "two XMPP servers for the federation", *PACKAGES], check=False).returncode == 0


def _show_places(options: argparse.Namespace) -> int:
    """Places side by side at a page, by one gateway or by five."""
    # They bring the gateway's own parts.
    from demo.class_room import ClassRoom  # noqa: PLC0415
    from demo.lived import show  # noqa: PLC0415
    from demo.neighbourhood import Neighbourhood  # noqa: PLC0415

    if options.class_room:
        return show(ClassRoom, options.seconds, "starting three meters and a gateway …")
    said = "starting two servers, five meters and five gateways; their last two weeks are on the way …"
    return show(Neighbourhood, options.seconds, said)


def _run(chain: DemoChain, endings: Endings, options: argparse.Namespace) -> int:
    screen = Screen(chain, f"simulated, {options.mode}" if options.replay is None else options.replay.name)
    screen.say("starting the meter, two servers, the gateway and the recipient …")
    with chain:
        try:
            return _watch(chain, screen, options) if chain.federated else _watch_alone(chain, screen, options)
        finally:
            endings.be_deaf()


def _watch(chain: DemoChain, screen: Screen, options: argparse.Namespace) -> int:
    arrivals = Arrivals()
    screen.start()
    for record in _records(chain, options.seconds):
        if record is not None:
            arrivals.add(record)
        screen.show(arrivals)
    screen.close(arrivals)
    if not options.check:
        return 0
    print(json.dumps(arrivals.figures()), flush=True)
    if arrivals.good:
        return 0
    print(f"tools/demo: expected at least {ENOUGH_SERIES} series, in order, none twice", file=sys.stderr)
    for name in chain.programs:
        print(f"--- {name}\n{chain.last_lines(name)}", file=sys.stderr)
    return 1


def _records(chain: DemoChain, seconds: float | None) -> Iterator[dict[str, object] | None]:
    """What the recipient prints, and None now and then so that the screen can move."""
    stream = chain.records
    end = time.monotonic() + seconds if seconds else float("inf")
    buffered = b""
    while (left := end - time.monotonic()) > 0:
        chain.require_alive()
        if not select.select([stream], [], [], min(left, DRAW_EVERY_S))[0]:
            yield None
            continue
        # Not readline: a buffered line would be invisible to select.
        buffered += os.read(stream.fileno(), 65536)
        *lines, buffered = buffered.split(b"\n")
        yield from (json.loads(line) for line in lines)


def _watch_alone(chain: DemoChain, screen: Screen, options: argparse.Namespace) -> int:
    """No federation: what the gateway says of itself."""
    print("tools/demo: without the federation (see above): meter → gateway → its database", file=sys.stderr)
    end = time.monotonic() + options.seconds if options.seconds else float("inf")
    while (left := end - time.monotonic()) > 0:
        time.sleep(min(left, ALONE_EVERY_S))
        chain.require_alive()
        screen.show_status(chain.status())
    screen.show_status(chain.status(), last=True)
    return NO_FEDERATION if options.check else 0


def _options() -> argparse.Namespace:
    made = parser()
    options = made.parse_args()
    if options.seconds is not None and not options.seconds > 0:
        made.error("--seconds needs a number above 0")
    alone = [one for one in ("class_room", "neighbourhood") if getattr(options, one)]
    if alone and (len(alone) > 1 or options.check or options.replay or options.bridge):
        made.error(f"--{alone[0].replace('_', '-')} goes with --seconds alone")
    if options.check and not options.seconds:
        made.error("--check needs --seconds N")
    if options.replay and not options.replay.is_file():
        made.error(f"{options.replay}: no such file")
    if options.bridge:
        try:
            table_of(options.bridge)
        except RigError as error:
            made.error(str(error))
    return options


if __name__ == "__main__":
    sys.exit(main())
