"""``linky-display``: arguments in, exit code out; a person gets sentences, never a traceback."""

from __future__ import annotations

import argparse
import asyncio
import logging
import re
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from gateway import __version__
from gateway.display.config import DisplayConfig, load
from gateway.display.link import FeedLink
from gateway.display.state import DisplayedMeter, DisplayedMoment, LiveMessage
from gateway.errors import BrokerError
from gateway.process.ending import ended
from gateway.words.catalogue import LANGUAGES
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from collections.abc import Sequence

DEFAULT_CONFIG = Path("/etc/linky-gateway/display.toml")

_PATIENCE_S = 5.0
_SMALLEST, _GREATEST = (128, 64), (2000, 2000)

PAGES = ("now", "today", "solar", "hours", "tempo", "links")

# A house in the evening, for whoever wants to see the pages before there is a meter.
_EXAMPLE = LiveMessage(
    version=1, age_s=0.2, mode="standard", drawn_va=3450, injected_va=0, subscribed_va=6000, tariff="HP  BLANC",
    tariff_kind="peak", tariff_until_local="22:00", off_peak_next_local="22:00",
    tempo_today="white", tempo_tomorrow="red", breaker="closed", drawn_today_wh=9120,
    drawn_yesterday_wh=14800, injected_today_wh=2300, produced_today_wh=6100,
    cost_today_cents=231,
)  # fmt: skip

_NO_PAGE = Phrase("there is no page {page} now; there are: {names}")
_NOT_A_WORD = Phrase("{where} said nothing of the meter {meter} within {wait:.0f} s")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit code."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=options.log_level, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    return ended("linky-display", lambda: options.run(options))


def _run(options: argparse.Namespace) -> None:
    from gateway.display.program import run  # noqa: PLC0415 (a library that is missing is a sentence, not a traceback)

    asyncio.run(run(load(options.config)))


def _off(options: argparse.Namespace) -> None:
    from gateway.display.program import switch_off  # noqa: PLC0415

    switch_off(load(options.config))


def _png(options: argparse.Namespace) -> None:
    from gateway.display import pages, sheet  # noqa: PLC0415

    width, height = options.size
    if options.example:
        view, language = DisplayedMoment(_EXAMPLE, None, 0.2, live=True), "fr"
    else:
        config = load(options.config)
        view, language = asyncio.run(_listen(config)), config.language
    names = pages.available(view)
    if options.page not in names:
        raise BrokerError(_NO_PAGE.filled(page=options.page, names=", ".join(names)))
    look = sheet.PictureStyle(width, height, not options.mono, options.language or language)
    pages.draw(look, view, options.page).save(options.out, "PNG")


async def _listen(config: DisplayConfig) -> DisplayedMoment:
    """What the broker remembers of the meter."""
    state, heard = DisplayedMeter(config.meter), asyncio.Event()

    def changed() -> None:
        if state.view(time.monotonic()).frame is not None:
            heard.set()

    link = FeedLink(config, state, changed)
    listening = asyncio.create_task(link.run(), name="link")
    try:
        async with asyncio.timeout(_PATIENCE_S):
            await heard.wait()
        return state.view(time.monotonic())
    except TimeoutError as error:
        raise BrokerError(_NOT_A_WORD.filled(where=link.where, meter=config.meter, wait=_PATIENCE_S)) from error
    finally:
        listening.cancel()
        await asyncio.wait({listening})


def _size(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"([0-9]{1,4})x([0-9]{1,4})", text)
    size = (int(found[1]), int(found[2])) if found else (0, 0)
    if not all(least <= one <= most for least, one, most in zip(_SMALLEST, size, _GREATEST, strict=True)):
        raise argparse.ArgumentTypeError(f"{text}: WIDTHxHEIGHT in pixels, 128x64 to 2000x2000")
    return size


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="linky-display", description="Screens, lamps, a buzzer, a button and relays for a Linky meter."
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    run = commands.add_parser(
        "run", parents=[_common("INFO")], help="the program; SIGTERM opens every relay and ends it"
    )
    run.set_defaults(run=_run)
    off = commands.add_parser("off", parents=[_common("INFO")], help="open every relay, darken every lamp")
    off.set_defaults(run=_off)
    png = commands.add_parser("png", parents=[_common("WARNING")], help="a page as a picture")
    png.add_argument("--page", choices=PAGES, default="now")
    png.add_argument("--out", type=Path, required=True, help="the file to write")
    png.add_argument("--size", type=_size, default=(240, 240), help="WIDTHxHEIGHT in pixels (240x240)")
    png.add_argument("--mono", action="store_true", help="one bit a pixel, as an OLED has")
    png.add_argument("--language", choices=LANGUAGES, help="instead of the configuration's")
    png.add_argument("--example", action="store_true", help="an invented house; needs no broker and no configuration")
    png.set_defaults(run=_png)
    return parser


def _common(level: str) -> argparse.ArgumentParser:
    """What every command has; ``level`` is what it logs unless it is told otherwise."""
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--config", type=Path, default=DEFAULT_CONFIG, help=f"the configuration ({DEFAULT_CONFIG})")
    common.add_argument("--log-level", default=level, choices=("DEBUG", "INFO", "WARNING", "ERROR"))
    return common
