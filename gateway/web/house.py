"""What the pages need of the house, and of the encrypted way to them: whoever serves them gives it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gateway.live.state import HouseNow
    from gateway.web.home.pages import DayFigures
    from gateway.web.home.picture import PictureRequest


class PageHouse(Protocol):
    """What the page shows."""

    @property
    def name(self) -> str:
        """How the house is called on paper: as its machine is."""

    @property
    def sources(self) -> Mapping[str, str]:
        """Meter -> where its bytes come from."""

    def meters(self) -> list[dict[str, object]]:
        """Each meter as the live feed's JSON object, with its ``phases``."""

    async def report(self) -> dict[str, Any]:
        """Links and alerts in the form of ``status --json``."""

    def alerts(self) -> list[dict[str, str]]:
        """What the household is told now, by language, and what ``kind`` of fault or news it is."""

    async def figures(self) -> DayFigures:
        """What the store knows of the day, a minute old at most."""

    @property
    def equivalents(self) -> Sequence[Mapping[str, Any]]:
        """What energy is like: ``fr`` and ``en`` name a thing, which takes ``wh``."""

    @property
    def requests(self) -> int:
        """How many requests for access wait for an answer."""

    @property
    def invited(self) -> str:
        """By whom an invitation is that whoever prepared the machine brought; empty once it is answered."""

    async def now(self) -> HouseNow:
        """All of it as one object."""

    async def picture(self, asked: PictureRequest, meters: Sequence[Mapping[str, object]]) -> bytes:
        """A PNG of one of these meters. Raises ConfigError where pictures cannot be made here."""

    async def changed(self) -> None:
        """Wait until a meter has said something new."""


class EncryptedWay(Protocol):
    """Another way to the pages, by TLS."""

    def url(self, called: str) -> str | None:
        """Where the page that is called so (a Host header) is encrypted; None where it is not now."""
