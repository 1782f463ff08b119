"""The running program: the link fills a state; one loop plays lamps, buzzer, relays and button, one draws each screen.

A screen's bus may hang without a relay noticing: pictures are sent in threads. The loop of the pins gives systemd its
sign of life, so that a program that no longer opens relays in time is ended, and ``linky-display off`` opens them.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.display import lamps, pages
from gateway.display.button import Press, PushButton
from gateway.display.epaper import RefreshPace
from gateway.display.lamps import Alarm, Player
from gateway.display.link import FeedLink
from gateway.display.panels import DisplayPanel, look_of, open_epaper, open_lcd, open_oled
from gateway.display.pins import Input, Output
from gateway.display.relay import RelaySwitch
from gateway.display.state import DisplayedMeter, DisplayedMoment
from gateway.display.welcome import FirstVisitAnswer, FirstVisitRequest
from gateway.errors import ConfigError
from gateway.process.systemd import Notifier

if TYPE_CHECKING:
    from PIL.Image import Image

    from gateway.display.config import DisplayConfig, EpaperTable
    from gateway.display.sheet import PictureStyle

log = logging.getLogger(__name__)

# Nothing that is to be done waits longer; half of the sign of life that systemd asks for at least.
_ROUND_S = 5.0
# Ages and countdowns are in seconds; a panel that is unplugged is tried again after five.
_DRAW_S, _RETRY_S = 1.0, 5.0
# How often it is looked at whether an e-paper may change: at most that much older than it has to be.
_PRINT_S = 5.0


class Hand:
    """What the button does: which page is shown, what is muted, where the house's page is, when all is shut down."""

    def __init__(self, alarm: Alarm | None, shutdown: Path | None, welcome: FirstVisitRequest | None = None) -> None:
        self.button = PushButton()
        self.page = 0
        self.stopping = False
        self._alarm, self._shutdown, self._welcome = alarm, shutdown, welcome

    def update(self, now: float) -> float:
        """Do what was meant; when to be called again."""
        press, due = self.button.update(now)
        if press is Press.SHORT:
            if self._alarm and self._alarm.sounding:
                self._alarm.mute()
            elif not (self._welcome and self._welcome.dismiss()):
                self.page += 1
        elif press is Press.WELCOME and self._welcome:
            self._welcome.ask(now)
        elif press is Press.SHUTDOWN and self._shutdown:
            log.warning("the button was held: the machine is shut down")
            self.stopping = True
            self._shutdown.touch()
        return due

    def countdown_s(self, now: float) -> int | None:
        """Whole seconds until the shutdown; None while none is near."""
        if self.stopping:
            return 0
        remaining = self.button.remaining_s(now) if self._shutdown else None
        return None if remaining is None else int(remaining + 0.999)

    def picture(self, look: PictureStyle, now: float) -> Image | None:
        """What the button has brought onto the screen; None while it is one of the pages."""
        countdown, let_go = self.countdown_s(now), self._welcome is not None and self.button.is_welcome(now)
        if countdown is not None:
            return pages.draw_shutdown(look, countdown, let_go=let_go)
        told = "let go" if let_go else self._welcome.shown(now) if self._welcome else None
        if told is None:
            return None
        return pages.draw_welcome(look, (), None, told) if isinstance(told, str) else self._answer(look, told, now)

    def _answer(self, look: PictureStyle, told: FirstVisitAnswer, now: float) -> Image:
        turn = self._welcome.turn(now) if self._welcome else 0
        if told.fingerprint:
            turn, fingerprint = divmod(turn, 2)
            if fingerprint:
                return pages.draw_fingerprint(look, told.fingerprint, turn)
        return pages.draw_welcome(look, told.addresses, told.code, "" if told.addresses else "no page", turn)


class Pins:
    """All pins of the configuration, closed together: ``update`` does what is due."""

    def __init__(self, config: DisplayConfig, opened: ExitStack, now: float) -> None:
        def output(*gpios: int, active_high: bool) -> Output:
            pin = Output(gpios, active_high=active_high)
            opened.callback(pin.close)
            return pin

        # Relays first: the earlier their pins are driven, the sooner they are surely open.
        self._relays = [RelaySwitch(one, output(one.gpio, active_high=one.active_high), now) for one in config.relay]
        led, rgb, buzzer = config.led, config.rgb, config.buzzer
        self._led = Player(output(led.gpio, active_high=led.active_high)) if led else None
        self._lamps = [(Player(output(one.gpio, active_high=one.active_high)), one.follows) for one in config.lamp]
        self._rgb = Player(output(rgb.red, rgb.green, rgb.blue, active_high=rgb.active_high)) if rgb else None
        self.alarm = Alarm(output(buzzer.gpio, active_high=buzzer.active_high)) if buzzer else None

    def update(self, view: DisplayedMoment, now: float) -> float:
        """Do what is due; when to be called again."""
        due = [relay.update(view, now) for relay in self._relays]
        if self._led:
            due.append(self._led.update(lamps.led(view), lamps.WHITE, now))
        due += [lamp.update(lamps.one_thing(view, follows), lamps.WHITE, now) for lamp, follows in self._lamps]
        if self._rgb:
            colour, rhythm = lamps.rgb(view)
            due.append(self._rgb.update(rhythm, colour, now))
        if self.alarm:
            due.append(self.alarm.update(view, now))
        return min(due, default=lamps.FOR_EVER)


class DisplayProgram:
    """The whole of it, for one configuration. Raises ConfigError and PortError for what cannot be had."""

    def __init__(self, config: DisplayConfig, screens: ExitStack, pins: ExitStack) -> None:
        self._config, self._screens, self._opened = config, screens, pins
        self.state = DisplayedMeter(config.meter)
        self._pins = Pins(config, pins, time.monotonic())
        self.hand = Hand(self._pins.alarm, _door(config), _welcome(config))
        self._wake = asyncio.Event()
        self._redraws: list[asyncio.Event] = []
        self._link = FeedLink(config, self.state, self._changed)
        self.systemd = Notifier()
        screens.callback(self.systemd.close)

    async def run(self) -> None:
        """Work until it is cancelled."""
        loop = asyncio.get_running_loop()

        def pressed_or_released(down: bool) -> None:
            loop.call_soon_threadsafe(self._level, down)

        if self._config.button:
            pressed = Input(self._config.button.gpio, pressed_or_released)
            self._opened.callback(pressed.close)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._link.run(), name="link")
            tasks.create_task(self._play(), name="pins")
            for panel, look, turn_s in _screens(self._config):
                self._screens.callback(panel.close)
                tasks.create_task(self._draw(panel, look, turn_s), name="screen")
            if self._config.epaper:
                tasks.create_task(self._print(self._config.epaper), name="epaper")
            self.systemd.ready()

    def _level(self, down: bool) -> None:
        self.hand.button.level(down=down, now=time.monotonic())
        self._changed()

    def _changed(self) -> None:
        self._wake.set()
        self._redraw()

    def _redraw(self) -> None:
        for event in self._redraws:
            event.set()

    async def _play(self) -> None:
        """Pins and button, whenever one of them is due."""
        while True:
            self._wake.clear()
            now = time.monotonic()
            page = self.hand.page, self.hand.stopping
            due = [now + _ROUND_S, self.hand.update(now), self._pins.update(self.state.view(now), now)]
            if (self.hand.page, self.hand.stopping) != page:
                self._redraw()
            if self.state.live_until is not None and self.state.live_until > now:
                due.append(self.state.live_until)
            self.systemd.alive()
            await _either(self._wake, min(due) - now)

    async def _draw(self, panel: DisplayPanel, look: PictureStyle, turn_s: int) -> None:
        """One screen: at each change, and each second for its ages."""
        began, redraw = time.monotonic(), asyncio.Event()
        self._redraws.append(redraw)
        while True:
            redraw.clear()
            now = time.monotonic()
            view, picture = self.state.view(now), self.hand.picture(look, now)
            names = pages.available(view)
            turned = int((now - began) // turn_s) if turn_s else 0
            if picture is None:
                picture = pages.draw(look, view, names[(self.hand.page + turned) % len(names)])
            there = await asyncio.to_thread(panel.show, picture)
            await (_either(redraw, _DRAW_S) if there else asyncio.sleep(_RETRY_S))

    async def _print(self, paper: EpaperTable) -> None:
        """The e-paper: one page, when it has changed and the panel may."""
        look = look_of("ssd1680", self._config.language)
        panel, pace = DisplayPanel("epaper", partial(open_epaper, paper)), RefreshPace()
        self._screens.callback(panel.close)
        # It keeps its picture: one that nobody renews any more says so.
        self._screens.callback(
            lambda: panel.show(_turned(paper, pages.draw(look, DisplayedMoment(None, "stopped"), "now")))
        )
        while True:
            now = time.monotonic()
            view = self.state.view(now)
            page = paper.page if paper.page in pages.available(view) else "today"
            if pace.due(pages.draw(look, view, page).tobytes(), now):
                stamped = pages.draw(look, view, page, time.strftime("%d/%m %H:%M"))
                if not await asyncio.to_thread(panel.show, _turned(paper, stamped)):
                    pace.failed()
            await asyncio.sleep(_PRINT_S)


async def run(config: DisplayConfig) -> None:
    """Run until SIGTERM or SIGINT; every relay is open and every lamp dark afterwards."""
    loop, working = asyncio.get_running_loop(), asyncio.current_task()
    assert working is not None  # noqa: S101
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, working.cancel)
    # Pins are closed first: no relay waits for the last picture of a screen.
    with ExitStack() as screens, ExitStack() as pins:
        program = DisplayProgram(config, screens, pins)
        try:
            await program.run()
        except asyncio.CancelledError:
            program.systemd.stopping()
            log.info("stopped: relays open, lamps dark")


def switch_off(config: DisplayConfig) -> None:
    """Open every relay and darken every lamp: what systemd has done after a program that could not."""
    with ExitStack() as opened:
        Pins(config, opened, 0.0)


def _screens(config: DisplayConfig) -> list[tuple[DisplayPanel, PictureStyle, int]]:
    screens = []
    if config.oled:
        panel = DisplayPanel("oled", partial(open_oled, config.oled))
        screens.append((panel, look_of(config.oled.chip, config.language), config.oled.turn_s))
    if config.lcd:
        panel = DisplayPanel("lcd", partial(open_lcd, config.lcd))
        screens.append((panel, look_of(config.lcd.chip, config.language), config.lcd.turn_s))
    return screens


def _turned(paper: EpaperTable, picture: Image) -> Image:
    return picture.rotate(180) if paper.upside_down else picture


def _door(config: DisplayConfig) -> Path | None:
    """The file that ``linky-display-shutdown.path`` watches for."""
    return _run_folder("shutdown") / "shutdown" if config.button and config.button.shutdown else None


def _welcome(config: DisplayConfig) -> FirstVisitRequest | None:
    """The file that ``linky-display-welcome.path`` watches for, and where its service leaves the answer."""
    if config.button is None or not config.button.welcome:
        return None
    folder = _run_folder("welcome")
    return FirstVisitRequest(folder / "welcome", Path(f"{folder}-welcome") / "answer.json")


def _run_folder(what: str) -> Path:
    """Where a unit of its own watches for what the button asks."""
    folder = os.environ.get("RUNTIME_DIRECTORY")
    if not folder:
        raise ConfigError(
            f"button.{what}: works under systemd only, with linky-display.service and linky-display-{what}.path"
        )
    return Path(folder)


async def _either(event: asyncio.Event, seconds: float) -> None:
    """Wait for an event, no longer than that."""
    try:
        async with asyncio.timeout(max(0.0, seconds)):
            await event.wait()
    except TimeoutError:
        return
