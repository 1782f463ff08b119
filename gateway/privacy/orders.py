"""Orders on what is stored, as the command line and the page make them and the control socket carries them."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Generic, Literal, TypedDict, TypeVar

from gateway.consent.orders import Order, Row

if TYPE_CHECKING:
    from gateway.store.points import Value

A_co = TypeVar("A_co", covariant=True)

# Of times, POSIX seconds: all that there can be.
EARLIEST, LATEST = 0, 2**62


class CorrectionRow(TypedDict):
    """What a correction did to a point; the time is ISO 8601, a value None where there is none."""

    meter: str
    series: str
    granularity: str
    time: str
    before: Value | None
    after: Value | None
    unit: str


class Erasing(Order[A_co], Generic[A_co], frozen=True, kw_only=True):
    """What is meant: readings of a ``range``, what is kept about a ``recipient``, or everything."""

    what: Literal["range", "recipient", "everything"]
    recipient: str = ""
    meter: str | None = None
    series: str = ""
    first: int = EARLIEST
    last: int = LATEST


class Preview(Erasing[Row], frozen=True, kw_only=True, tag="privacy-preview"):
    """What an erasure would take."""

    looks: ClassVar[bool] = True
    patience_s: ClassVar[float] = 60.0


class Erase(Erasing[Row], frozen=True, kw_only=True, tag="privacy-erase"):
    """Erase it; what was done. The database is written anew after it, on a memory card."""

    patience_s: ClassVar[float] = 600.0


class _OfPoint(Order[list[CorrectionRow]], frozen=True, kw_only=True):
    series: str
    granularity: str
    time: int
    meter: str | None = None


class Rectify(_OfPoint, frozen=True, kw_only=True, tag="privacy-rectify"):
    """Correct a point."""

    value: str
    reason: str = ""


class Remove(_OfPoint, frozen=True, kw_only=True, tag="privacy-remove"):
    """Take a point away; ``Restore`` brings it back."""

    reason: str = ""


class Restore(_OfPoint, frozen=True, kw_only=True, tag="privacy-restore"):
    """Undo the last correction of a point."""


class Withdraw(Order[int], frozen=True, kw_only=True, tag="privacy-withdraw"):
    """Take away all that says something of a time across a break; how many points that were."""

    patience_s: ClassVar[float] = 600.0


class Rotate(Order[dict[str, str]], frozen=True, kw_only=True, tag="privacy-rotate"):
    """Give a recipient a new pseudonym; the name of each meter for it."""

    recipient: str
