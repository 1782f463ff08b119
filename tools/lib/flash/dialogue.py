"""What tools/flash says and asks, in French or English; secrets are asked for without echo or read from a file."""

from __future__ import annotations

import getpass
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

from flash.errors import FlashError
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TEXTS = {
    "erases": Phrase("Everything on the {chip} board ({mac}), port {port}, will be erased."),
    "flash": Phrase("Flash: {size} MB."),
    "sure": Phrase("Go on? [yes/no] "),
    "use_port": Phrase("Use {port} ({title})? [yes/no] "),
    "open_broker": Phrase("The broker answers this machine alone. Open it to the boards of the house? [yes/no] "),
    "wifi": Phrase("Password of the Wi-Fi “{ssid}” (empty: open): "),
    "asking": Phrase("Which board is on {port}?"),
    "writing": Phrase("Writing"),
    "written": Phrase("Written and read back: identical."),
    "erased": Phrase("The {chip} board ({mac}) is erased."),
    "trying": Phrase("Does the board reach the Wi-Fi and the Raspberry Pi?"),
    "home": Phrase("Yes: the board is connected."),
    "no_wifi": Phrase("Plug the board in: it opens its own Wi-Fi, and its page asks for that of the house."),
    "label": Phrase("Label to stick on the board ({files}):"),
    "register": Phrase("For the Raspberry Pi to know it, copy {card} there (it is a secret), then:"),
    "registered": Phrase("The board is registered here."),
    "updating": Phrase("Updating"),
    "updated": Phrase(
        "{new} replaces {old}. The board has 5 minutes to reach the Raspberry Pi; else it goes back to {old} by itself."
    ),
    "current": Phrase("The board has {new} already: nothing to do."),
    "set": Phrase("{path}: {version}, {size} bytes, {count} files"),
}
_YES = {"oui", "o", "yes", "y"}
_BAR = 30


@dataclass(frozen=True, slots=True)
class Dialogue:
    """One person at one terminal; ``assume_yes`` answers every question whether to go on."""

    language: str
    out: TextIO
    assume_yes: bool = False

    def text(self, key: str, **values: object) -> str:
        """A text in the person's language."""
        return TEXTS[key].filled(**values).in_language(self.language)

    def say(self, key: str, **values: object) -> None:
        """Write a line."""
        print(self.text(key, **values), file=self.out, flush=True)

    def confirm(self, key: str, **values: object) -> None:
        """Go on only after a yes."""
        if self.assume_yes:
            return
        if not sys.stdin.isatty():
            raise FlashError("no_terminal", instead="--yes")
        if input(self.text(key, **values)).strip().lower() not in _YES:
            raise FlashError("not_confirmed")

    def secret(self, key: str, file: Path | None, option: str, **values: object) -> str:
        """A secret: the first line of a file, else asked for without echo."""
        if file:
            try:
                return file.read_text(encoding="utf-8").partition("\n")[0].rstrip("\r")
            except (OSError, UnicodeDecodeError) as error:
                said = error.strerror if isinstance(error, OSError) else "UTF-8"
                raise FlashError("unreadable", path=file, said=said) from error
        if not sys.stdin.isatty():
            raise FlashError("no_terminal", instead=option)
        return getpass.getpass(self.text(key, **values))

    def progress(self, key: str) -> Callable[[int, int], None]:
        """A bar for something that takes a while, called with (done, all); nothing where this is no terminal."""
        title, shown = self.text(key), -1

        def show(done: int, total: int) -> None:
            nonlocal shown
            percent = 100 * done // max(total, 1)
            if percent == shown or not self.out.isatty():
                return
            shown = percent
            full = _BAR * percent // 100
            end = "\n" if percent == 100 else ""
            self.out.write(f"\r{title}  {'█' * full}{'░' * (_BAR - full)} {percent:3} %{end}")
            self.out.flush()

        return show
