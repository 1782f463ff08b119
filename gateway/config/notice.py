"""``[[notice]]``: one way by which one person of the household is told, and of what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import msgspec

from gateway.balance.supplier_offer import minutes_of
from gateway.config import words as say
from gateway.config.faults import wrong
from gateway.words.catalogue import Language  # noqa: TC001 (msgspec reads it)
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

# systemd hands a file of the folder of secrets over under this and its name (systemd.exec(5), LoadCredential=).
NOTICES_CREDENTIAL = "notices"

EventName = Literal[
    "overload",
    "breaker",
    "meter",
    "red-day",
    "off-peak",
    "other-meter",
    "contract",
    "mode",
    "power-cut",
    "water-leak",
    "water-burst",
    "gas",
    "base-load",
    "objective",
    "injection",
    "injection-stopped",
    "gateway",
    "version",
]


class NoticeTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"person": "for"}):
    """``[[notice]]``: a way, for whom it is, and what is told there."""

    name: Annotated[str, msgspec.Meta(pattern="^[a-z0-9][a-z0-9-]{0,31}$")]
    # Most addresses hold a password: those are in a file of their own, or a credential.
    url: str | None = None
    url_file: str | None = None
    # Who is told there: one person's ways stand in for each other.
    person: Annotated[str, msgspec.Meta(min_length=1, max_length=40)] | None = None
    language: Language = "fr"
    # Of what; what is usual where it is not said.
    events: tuple[EventName, ...] | None = None
    # What may wake this person, besides what may wake everybody.
    urgent: tuple[EventName, ...] = ()
    quiet: str = "22:00/07:00"
    # Whether watts, hours and names may be in it: by itself only at home.
    figures: bool | None = None

    @property
    def credential(self) -> str:
        """Under which name systemd hands its address over."""
        return f"{NOTICES_CREDENTIAL}_{self.name}"


def check_notices(path: Path, notices: Sequence[NoticeTable]) -> None:
    """ConfigError, with the path of the first key that cannot be."""
    seen: set[str] = set()
    for number, one in enumerate(notices):
        place = f"notice[{number}]"
        if one.name in seen:
            raise wrong(path, f"{place}.name", say.USED_TWICE.filled(value=one.name, tables="[[notice]]"))
        seen.add(one.name)
        if one.url is not None and one.url_file is not None:
            raise wrong(path, f"{place}.url", say.ONE_ADDRESS)
        if one.quiet:
            try:
                minutes_of(one.quiet)
            except ValueError as error:
                raise wrong(path, f"{place}.quiet", say.QUIET.filled(value=one.quiet)) from error
        if one.url is not None:
            _check_url(path, f"{place}.url", one.url)


def _check_url(path: Path, place: str, url: str) -> None:
    from gateway.addresses.notice import read  # noqa: PLC0415 (a house without an address needs no forms of them)

    address = read(url)
    if isinstance(address, Phrase):
        raise wrong(path, place, address)
    if address.has_secret:
        raise wrong(path, place, say.SECRET_URL)
