"""A neighbourhood over two domains: three houses at one server, a school and a roof at another, a gateway each.

The first house receives the four others' energy by half hours, with their consent, two weeks back and then as it comes;
its page has them side by side, and its part of the roof.
"""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

from demo.class_room import ROOF_W
from demo.lived import LivedHouse, begins
from gateway.balance.calendar import day_of
from harness.accounts import register, table
from servers import Federation, RigError, wait_until

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from demo.endings import Endings

_STEP_S, _ARRIVE_S = 1800, 110.0


@dataclass(frozen=True)
class Neighbour:
    """One of them: what it is called, its account, what it is, what it lets have, how its meter is run."""

    name: str
    jid: str
    kind: str
    side: str
    about: str
    meter: Mapping[str, object]

    @property
    def identifier(self) -> str:
        """What it lets the first house have, by its name."""
        return f"{self.jid}/{self.name}@{self.jid.partition('@')[2]}/{self.side}"


_HOUSE = {"who": "home", "power": 9}
_LARGE = {"phases": 3, "power": 36}
_USED, _MADE = "consumption/energy", "production/energy"
FIRST = Neighbour("maison-1", "maison-1@sen1.test", "home", _USED, "Maison 1", _HOUSE)
OTHERS = (
    Neighbour("maison-2", "maison-2@sen1.test", "home", _USED, "Maison 2", _HOUSE | {"seed": 2}),
    Neighbour("maison-3", "maison-3@sen1.test", "home", _USED, "Maison 3", _HOUSE | {"seed": 3}),
    Neighbour("ecole", "ecole@sen2.test", "school", _USED, "École", _LARGE | {"who": "school"}),
    Neighbour("toit", "toit@sen2.test", "roof", _MADE, "Toit", _LARGE | {"who": "roof", "solar": ROOF_W}),
)
# As its page has them: the school first, the roof last.
SIDE_BY_SIDE = (OTHERS[2], FIRST, *OTHERS[:2], OTHERS[3])
_SIZES = {"home": "people = 4\narea_m2 = 100\n", "school": "people = 130\narea_m2 = 900\n", "roof": "area_m2 = 180\n"}
# What the first house pays, and what its co-operative says of the roof; {monday} is when what is shown begins.
_ROOF = """
[[tariff]]
name = "Base"
from = {monday:%Y}-01-01
subscription = 15.65
prices = {{ base = 0.1952 }}

[[roof]]
name = "Toit"
shares = 400
held = 12
share_price = 100
received = ["toit"]
area_m2 = 180
[[roof.budget]]
year = {monday:%Y}
planned = 1200
spent = [
    {{ date = {monday:%Y}-01-01, what = "Assurance", euros = 410.50 }},
    {{ date = {monday:%Y-%m-%d}, what = "Nettoyage des panneaux", euros = 280 }},
]
"""


class Neighbourhood:
    """Two servers, five gateways with their meters; ``urls`` are pages of the first house."""

    def __init__(self, folder: Path, endings: Endings) -> None:
        self._folder, self._endings, self._stack = folder, endings, ExitStack()
        self.houses: dict[str, LivedHouse] = {}
        self.begun = time.time()

    @property
    def first(self) -> LivedHouse:
        """The house that receives."""
        return self.houses[FIRST.name]

    @property
    def urls(self) -> tuple[str, ...]:
        """Where its page has all of them, and its part of the roof."""
        return tuple(f"http://127.0.0.1:{self.first.port}/{page}" for page in ("places?period=week", "roof"))

    def __enter__(self) -> Self:
        try:
            federation = self._stack.enter_context(Federation(self._folder / "xmpp"))
            for one in (FIRST, *OTHERS):
                self._settle(one, federation)
            for one in OTHERS:
                self._give(one)
            # Who gives before who asks: nobody is away then.
            for one in (*OTHERS, FIRST):
                self.houses[one.name].start()
            self.first.await_page()
            wait_until(self._is_whole, _ARRIVE_S, "the neighbours' weeks", 0.5, RigError, [self.require_alive])
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def require_alive(self) -> None:
        """RigError where one of the gateways has ended by itself."""
        for house in self.houses.values():
            house.require_alive()

    def arrived(self) -> dict[str, int]:
        """Identifier of an account -> the half hours of its index that the first house has."""
        sql = (
            "SELECT provider, count(*) FROM received_point JOIN received_series ON received_series.id = series"
            " WHERE path LIKE '%energy/active/index' AND granularity = 'PT30M' GROUP BY provider"
        )
        return {str(provider): int(count) for provider, count in self.first.query(sql)}

    def _is_whole(self) -> bool:
        wanted = (int(self.begun) // _STEP_S * _STEP_S - begins(self.begun)) // _STEP_S
        arrived = self.arrived()
        return all(arrived.get(one.jid, 0) >= wanted for one in OTHERS)

    def _settle(self, one: Neighbour, federation: Federation) -> None:
        """A gateway with its account, its meter and its past."""
        house = LivedHouse(self._folder / one.name, self._endings, {one.name: one.meter}, self._stack)
        register(federation, house.folder, [one.jid])
        tables = f"{table(federation, one.jid)}batch_s = 0\n"
        if one is FIRST:
            tables += "".join(map(_received, OTHERS)) + "".join(map(_place, SIDE_BY_SIDE))
            tables += _ROOF.format(monday=day_of(begins(self.begun)))
        house.live(tables, page=one is FIRST)
        self.houses[one.name] = house

    def _give(self, one: Neighbour) -> None:
        day = f"{datetime.fromtimestamp(begins(self.begun) - 86_400, UTC):%Y-%m-%d}"
        words = ("--series", one.side, "--granularity", "PT30M", "--begins", day)
        self.houses[one.name].grant(FIRST.jid, *words)


def _received(one: Neighbour) -> str:
    whose = f'name = "{one.name}"\nprovider = "{one.jid}/proxy"\nidentifier = "{one.identifier}"\n'
    return f"[[received]]\n{whose}history = 15\n"


def _place(one: Neighbour) -> str:
    return f'[[place]]\nname = "{one.about}"\nkind = "{one.kind}"\nseries = ["{one.name}"]\n{_SIZES[one.kind]}'
