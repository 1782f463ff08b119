"""A class without a meter: a gateway that has read a school, a home and a roof since last Monday, and goes on.

Three simulated meters on this machine, the days before written into its database, and the page at which they stand side
by side. No server, and nothing that leaves this machine.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Self

from demo.lived import LivedHouse

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from demo.endings import Endings

ROOF_W = 36_000
# Name -> options of its meter.
METERS: Mapping[str, Mapping[str, object]] = {
    "school": {"who": "school", "phases": 3, "power": 36},
    "home": {"who": "home", "power": 9},
    "roof": {"who": "roof", "phases": 3, "power": 36, "solar": ROOF_W},
}
_PLACES = """
[[place]]
name = "École"
kind = "school"
series = ["school"]
people = 130
area_m2 = 900
[[place]]
name = "Logement"
series = ["home"]
people = 4
area_m2 = 100
[[place]]
name = "Toit"
kind = "roof"
series = ["roof"]
area_m2 = 180
"""


class ClassRoom(LivedHouse):
    """The gateway of the class with its three meters; ``urls`` is where its page is."""

    def __init__(self, folder: Path, endings: Endings) -> None:
        super().__init__(folder, endings, METERS, ExitStack())

    @property
    def urls(self) -> tuple[str, ...]:
        """The page."""
        return (f"http://127.0.0.1:{self.port}/places?period=week",)

    def __enter__(self) -> Self:
        try:
            self.live(_PLACES, page=True)
            self.start()
            self.await_page()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()
