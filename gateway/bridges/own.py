"""A sink of one's own: a class in a file that the configuration names, or an installed package's entry point.

Whoever writes the configuration decides what runs: it is a program like this one, of the same user, in the same
sandbox. It has the three things of ``core.Blocking``; what it raises besides BridgeError ends the bridge, and is shown.
"""

from __future__ import annotations

import sys
import traceback
from importlib.metadata import entry_points
from types import ModuleType
from typing import TYPE_CHECKING

from gateway.bridges.core import InThread
from gateway.errors import ConfigError, GatewayError

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.bridges.config import OwnTable

_HAS = ("most", "missing", "send")
# What a package's pyproject.toml has below [project.entry-points."linky_gateway.sinks"].
GROUP = "linky_gateway.sinks"


def load_sink(file: Path | None, table: OwnTable, token: str | None) -> InThread:
    """The sink, in a thread; ``token`` is given as ``token`` where there is one. Without a file it is an entry point.

    ConfigError says where: a file that cannot be read or run, no such class, one that takes other words, one that lacks
    what a sink has.
    """
    found = getattr(_run(file), table.sink, None) if file else _installed(table.sink)
    if not isinstance(found, type):
        raise ConfigError(f"own.sink: {file or GROUP} has no class {table.sink}")
    given = {**table.given, **({"token": token} if token else {})}
    try:
        sink = found(**given)
    except TypeError as error:
        raise ConfigError(f"own.given: {table.sink} takes other words: {error}") from error
    except GatewayError:
        raise
    except Exception as error:
        raise ConfigError(f"own.given: {table.sink} could not be made: {error!r}") from error
    if wanting := [name for name in _HAS if not hasattr(sink, name)]:
        raise ConfigError(f"own.sink: {table.sink} of {file or GROUP} lacks {', '.join(wanting)}")
    return InThread(sink)


def _installed(name: str) -> object:
    """What an installed package offers under that name; None where none does."""
    for entry in entry_points(group=GROUP, name=name):
        try:
            return entry.load()
        except Exception as error:
            raise ConfigError(f"own.sink: {name} of {entry.value} cannot be loaded: {error!r}") from error
    return None


def _run(file: Path) -> ModuleType:
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"own.file: {file}: cannot be read: {getattr(error, 'strerror', None) or error}") from error
    module = ModuleType(f"linky_bridge_own.{file.stem}")
    module.__file__ = str(file)
    # A dataclass looks there for the module of its annotations.
    sys.modules[module.__name__] = module
    try:
        exec(compile(text, str(file), "exec"), module.__dict__)  # noqa: S102 (that is what it is for)
    except SyntaxError as error:
        raise ConfigError(f"own.file: {file}, line {error.lineno}: {error.msg}") from error
    except Exception as error:
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(file)]
        raise ConfigError(f"own.file: {file}, line {lines[-1] if lines else 1}: {error!r}") from error
    return module
