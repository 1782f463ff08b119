"""linkytic (github.com/hekmon/linkytic) from a folder of yours, without Home Assistant: it is not on the package index.

Its reader has had two forms: a thread that reads lines (``LinkyTICReader.run``), and a protocol of asyncio
(``TICProtocol``). What it imports of Home Assistant stands in here, empty; nothing that it does with bytes is touched.
"""

from __future__ import annotations

import asyncio
import importlib
import sys
from contextlib import suppress
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

from bench.stand_in import PIECE, EndOfStreamError, StandInPort, Tell

if TYPE_CHECKING:
    from pathlib import Path

# Where a checkout has it.
_INSIDE = "custom_components/linkytic"


class _Anything(ModuleType):
    """A module that has every name; what it has is a class to annotate with, or a decorator that decorates nothing."""

    def __getattr__(self, name: str) -> _Anything:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Anything(name)

    def __call__(self, function: Any = None, *_: object, **__: object) -> Any:  # noqa: ANN401 (a decorator of anything)
        return function


def load(folder: Path) -> ModuleType:
    """Its module ``serial_reader``; SystemExit with a sentence where the folder has none."""
    inside = next((at for at in (folder / _INSIDE, folder) if (at / "serial_reader.py").exists()), None)
    if inside is None:
        raise SystemExit(f"{folder} is no checkout of linkytic: it has no {_INSIDE}/serial_reader.py")
    for name in ("homeassistant", "homeassistant.core", "homeassistant.config_entries", "serialx"):
        sys.modules[name] = _Anything(name)
    # Not its __init__.py, which is Home Assistant's part of it.
    package = ModuleType("linkytic")
    package.__path__ = [str(inside)]
    sys.modules["linkytic"] = package
    return importlib.import_module("linkytic.serial_reader")


def read(module: ModuleType, data: bytes, mode: str, tell: Tell) -> None:
    """Give it the stream in whichever form it has."""
    if hasattr(module, "TICProtocol"):
        asyncio.run(_by_protocol(module, data, tell, standard=mode == "standard"))
    else:
        _by_lines(module, data, tell, standard=mode == "standard")


def _by_lines(module: ModuleType, data: bytes, tell: Tell, *, standard: bool) -> None:
    class Reader(module.LinkyTICReader):  # type: ignore[misc,name-defined] # it is loaded while this runs
        """Tells at each end of a frame what the frame had."""

        def _cleanup_cache(self) -> None:
            tags, values = self._tags_seen, self._values
            tell(len(tags), lambda: [(tag, values[tag]["value"]) for tag in tags])
            super()._cleanup_cache()

    reader = Reader("bench", "", standard, three_phase=False)
    reader._reader = StandInPort(data)  # noqa: SLF001 (an open port, as its run() makes one)
    # Called here and not started: its own processor time is all there is.
    with suppress(EndOfStreamError):
        reader.run()


async def _by_protocol(module: ModuleType, data: bytes, tell: Tell, *, standard: bool) -> None:
    class Meter(module.LinkyMeter):  # type: ignore[misc,name-defined] # it is loaded while this runs
        """Tells what each frame had."""

        def frame_received(self, frame: list[Any]) -> None:
            super().frame_received(frame)
            tell(len(frame), lambda: [(dataset.tag, dataset.value) for dataset in frame])

    meter = Meter()
    # As its connect_from_config sets them.
    meter._mode_std, meter._config = standard, SimpleNamespace(options={})  # noqa: SLF001
    protocol = module.TICProtocol(meter, module.StandardDataset if standard else module.HistoricDataset)
    for at in range(0, len(data), PIECE):
        protocol.data_received(data[at : at + PIECE])
