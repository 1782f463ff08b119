"""What a display of another machine needs to listen: ``display.json``, and the maker's examples with it filled in.

The examples are those of README.md beside this file, letter by letter (``tools/documents`` puts them there).
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, replace
from pathlib import Path

_EXAMPLES = Path(__file__).with_name("examples")


@dataclass(frozen=True, slots=True)
class Credentials:
    """How to reach the broker of the house as one of its users.

    Args:
        meter: a meter's name.
        host: the broker's, as in its certificate; ``port`` speaks TLS.
        user: the display's, with its ``password``.
        authority: PEM; whose certificates are believed.
        time: POSIX seconds; it is not earlier (a board wakes in 2000).
    """

    meter: str
    host: str
    port: int
    user: str
    password: str
    authority: str
    time: int

    def with_password(self, password: str) -> Credentials:
        """The same, complete."""
        return replace(self, password=password)

    def as_json(self) -> str:
        """The file ``display.json``, which the examples read."""
        return json.dumps(asdict(self), indent=2) + "\n"

    def plain(self) -> dict[str, str | int]:
        """What fits on a line each."""
        return {"host": self.host, "port": self.port, "user": self.user, "password": self.password}

    def program(self, language: str) -> str:
        """The example in ``python`` or ``micropython``, with everything in it that it else reads from the file."""
        literal = f"HOUSE = {json.dumps(asdict(self), indent=4)}"
        return re.sub(r"^HOUSE = .*$", lambda _: literal, example(language), count=1, flags=re.MULTILINE)


def example(language: str) -> str:
    """The example as it stands in the document."""
    return (_EXAMPLES / f"{language}.txt").read_text(encoding="utf-8")
