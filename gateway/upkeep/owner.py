"""What only an owner can decide, from ``owner.toml``: blank where it is not decided, and then said to be missing."""

from __future__ import annotations

import tomllib
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

FILE: Final = Path(__file__).with_name("owner.toml")
# RFC 9116 §2.5.5: at most a year ahead.
_LONGEST: Final = timedelta(days=364)

_Url = Annotated[str, Meta(pattern=r"^(https://[^\s/]+(/[^\s/]+)*)?$")]
_Line = Annotated[str, Meta(pattern=r"^[^\r\n]{0,200}$")]
# Stands in a table of a document: nothing there may end a cell, a link or a line.
_Cell = Annotated[str, Meta(pattern=r"^[^\r\n|\[\]()<>`]{1,80}$")]

# Field -> what is made of it.
NEEDED: Final = {
    "name": "the Maintainer of the Debian package, the author of advisories",
    "mail": "the Maintainer of the Debian package",
    "url": "where devices look for new versions, the lines of an installation, the list of Raspberry Pi Imager",
    "home": "the links to the project's site",
    "source": "where the source is and questions are answered: the links of README.md and of the site",
    "security_contact": "security.txt of the folder and of each gateway's page, SECURITY.md",
    "support_end": "the last day on which this version is mended, which devices say",
    "release_keys": "the keys by which releases are believed, and their fingerprints",
    "apt_keys": "the keys of the apt repository",
    "shop": "what to buy, where and for how much, on the page for households",
}


class ShopArticle(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something to buy; ``price`` as the shop writes it, on the day ``checked`` (``YYYY-MM-DD``)."""

    what: Literal["adapter", "computer", "card", "supply", "board"]
    article: _Cell
    seller: _Cell
    url: Annotated[str, Meta(pattern=r"^https://[^\s()<>|]+$")]
    price: _Cell
    checked: Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]


class ProjectOwner(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The fields of the file; ``support_end`` as ``YYYY-MM-DD``."""

    name: _Line = ""
    mail: Annotated[str, Meta(pattern=r"^([^@\s<>]+@[^@\s<>]+)?$")] = ""
    url: _Url = ""
    home: _Url = ""
    source: _Url = ""
    security_contact: Annotated[str, Meta(pattern=r"^((mailto:|https://)[^\s]+)?$")] = ""
    security_policy: _Url = ""
    support_end: Annotated[str, Meta(pattern=r"^([0-9]{4}-[0-9]{2}-[0-9]{2})?$")] = ""
    release_keys: tuple[Annotated[str, Meta(pattern="^[0-9a-f]{64}$")], ...] = ()
    apt_keys: tuple[Annotated[str, Meta(pattern="^[0-9A-F]{40}$")], ...] = ()
    shop: tuple[ShopArticle, ...] = ()

    @property
    def maintainer(self) -> str:
        """As Debian writes one; with an address that cannot be where there is none (RFC 2606)."""
        return f"{self.name or 'linky-gateway developers'} <{self.mail or 'linky-gateway@packages.invalid'}>"

    @property
    def last_day(self) -> date | None:
        """The end of support."""
        return date.fromisoformat(self.support_end) if self.support_end else None

    def missing(self) -> list[str]:
        """The fields that are blank and should not be."""
        return [name for name in NEEDED if not getattr(self, name)]

    def security_txt(self, now: datetime, canonical: str = "") -> str:
        """The file of RFC 9116, good for less than a year, and for no longer than support; empty without a contact."""
        end = now + _LONGEST
        if self.last_day:
            end = min(end, datetime.combine(self.last_day, time(23, 59, 59), UTC))
        if not self.security_contact or end <= now:
            return ""
        lines = {
            "Contact": self.security_contact,
            "Expires": end.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "Preferred-Languages": "fr, en",
            "Canonical": canonical,
            "Policy": self.security_policy,
        }
        return "".join(f"{name}: {value}\n" for name, value in lines.items() if value)


def read_owner(path: Path = FILE) -> ProjectOwner:
    """The file; msgspec.ValidationError or tomllib.TOMLDecodeError, both ValueError, where it is wrong."""
    owner = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), ProjectOwner)
    if owner.support_end:
        date.fromisoformat(owner.support_end)
    for article in owner.shop:
        date.fromisoformat(article.checked)
    return owner


@cache
def owner() -> ProjectOwner:
    """The file that came with the program, read once."""
    return read_owner()
