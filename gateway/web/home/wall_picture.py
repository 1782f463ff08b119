"""A page of ``linky-display`` as a PNG for the page of the house: neither of the two rooms knows the other.

Pillow and its fonts are needed, and only loaded for the first picture.
"""

from __future__ import annotations

import io
from datetime import datetime
from typing import TYPE_CHECKING, Any

from gateway.errors import ConfigError
from gateway.store.local_time import PARIS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gateway.web.home.picture import PictureRequest


def draw(asked: PictureRequest, meters: Sequence[Mapping[str, object]], clock: float) -> bytes:
    """The PNG of one of the meters (objects of the live feed), with the time of day at which it was true.

    Grey and mono are for paper: black on white. Raises ConfigError without Pillow, a font, or that meter.
    """
    # Pillow comes with it.
    from gateway.display import pages, sheet  # noqa: PLC0415

    # Grey is one bit a pixel, drawn larger: colours of days that became greys would be taken for other ones.
    scale = 2 if asked.ink == "grey" else 1
    look = sheet.PictureStyle(asked.width * scale, asked.height * scale, asked.ink == "colour", asked.lang)
    picture = pages.draw(look, _view(asked, meters), asked.page, f"{datetime.fromtimestamp(clock, PARIS):%d/%m %H:%M}")
    written = io.BytesIO()
    _inked(picture, asked.ink).save(written, "PNG")
    return written.getvalue()


def _inked(picture: Any, ink: str) -> Any:  # noqa: ANN401 (Pillow is not loaded here)
    from PIL import ImageChops  # noqa: PLC0415

    if ink == "colour":
        return picture
    paper = ImageChops.invert(picture.convert("L"))
    return paper.reduce(2) if ink == "grey" else paper.convert("1")


def _view(asked: PictureRequest, meters: Sequence[Mapping[str, object]]) -> Any:  # noqa: ANN401 (as above)
    import msgspec  # noqa: PLC0415

    from gateway.display.state import VERSION, DisplayedMoment, LiveMessage  # noqa: PLC0415

    found = [meter for meter in meters if asked.meter in (None, meter.get("meter"))]
    if not found:
        raise ConfigError("meter: there is none of that name")
    # In a public place not all keys are there.
    frame = msgspec.convert({"version": VERSION, **found[0]}, LiveMessage)
    if frame.age_s is None:
        return DisplayedMoment(None, "waiting")
    return DisplayedMoment(frame, "meter" if frame.stale else None, frame.age_s)
