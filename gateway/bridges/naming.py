"""What a series is called elsewhere, from the one table of labels: a title, BMHS's metaname, Warp 10's class.

BMHS names what its own agent sent by the labels of the historic mode in lower case; a series that only the standard
mode has gets its label there. PRIDE reads the load curve as ``pride.enedis.cdc``.
"""

from __future__ import annotations

import re
from functools import cache

from gateway.tic.frame import HISTORIC
from gateway.tic.labels import known_labels

_PRIDE_CLASSES = {"consumption/power/active/raw": "pride.enedis.cdc"}
_RAW = "raw"
# Energy by the hour and by the day, of an index.
_STEPS = {"hour": ("par heure", "by the hour"), "day": ("par jour", "by the day")}
_STEP = re.compile("/(hour|day)$")


def title(path: str, granularity: str, language: str) -> str:
    """What a person reads ("Énergie active soutirée totale, PT30M"); the path where no label of a meter feeds it."""
    if step := _STEP.search(path):
        index = title(f"{path[: step.start()]}/index", _RAW, language)
        return f"{index}, {_STEPS[step[1]][language == 'en']}"
    names = _labels().get(path)
    text = path if names is None else names[1 if language == "fr" else 2]
    return text if granularity == _RAW else f"{text}, {granularity}"


def metaname(path: str) -> str:
    """BMHS's name: ``papp``, ``hchp``, ``east``; the path with ``_`` where no label feeds it."""
    names = _labels().get(path)
    return names[0].lower() if names else path.replace("/", "_")


def gts_class(path: str) -> str:
    """The class of the Geo Time Series: ``pride.enedis.cdc`` for the load curve, else ``linky`` and the path."""
    return _PRIDE_CLASSES.get(path) or "linky." + path.removesuffix(f"/{_RAW}").replace("/", ".")


@cache
def _labels() -> dict[str, tuple[str, str, str]]:
    """Path -> label, French, English: the historic label where there is one."""
    found: dict[str, tuple[str, str, str]] = {}
    for row in known_labels():
        if row.series and not row.meter and (row.mode == HISTORIC or row.series not in found):
            found.setdefault(row.series, (row.label, row.fr, row.en))
    return found
