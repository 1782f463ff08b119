"""What is wrong with a file of settings, as one sentence: file, line and key, what stands there, what may stand there.

msgspec and tomllib say what they met, in English and in terms of their own; here that becomes a household's words, by
what the settings' types allow. A key is found again in the file by its text, so the line is as good as the file is
plain; where it is not found, no line is said. Tables are counted from 1. What may be a secret is not repeated.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from gateway.config import words as say
from gateway.errors import ConfigError
from gateway.words.phrase import NOTHING, Phrase, same

if TYPE_CHECKING:
    import tomllib
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

# msgspec.inspect: one of the classes that say what a type is.
Node = Any

# Longer than a line is no help.
_MOST_CHARACTERS = 60
_SECRET = re.compile(r"(prm|token|password|passphrase)[^.]*$|^notice\b.*\.url$")

_KINDS = {
    "text": (msgspec.inspect.StrType, msgspec.inspect.LiteralType, msgspec.inspect.DateType),
    "number": (msgspec.inspect.IntType, msgspec.inspect.FloatType),
    "bool": (msgspec.inspect.BoolType,),
    "list": (msgspec.inspect.VarTupleType, msgspec.inspect.ListType),
}

_HEADER = re.compile(r"\s*(\[\[?)\s*([A-Za-z0-9_.\"'-]+)\s*\]")
_KEY = re.compile(r"\s*([A-Za-z0-9_.\"'-]+)\s*=")
_STEP = re.compile(r"([^.\[\]]+)((?:\[[^]]*\])?)")
_COMMA = re.compile(r"(?<![\w.,])([+-]?[0-9]+),([0-9]+)(?![\w,])")
_AT_LINE = re.compile(r" \(at line ([0-9]+), column [0-9]+\)$")
_CURLY = re.compile("[“”„«»‘’]")


def wrong(path: Path, place: str, what: Phrase | str) -> ConfigError:
    """The error that a ``place`` such as ``meter[0].source`` is wrong; all of the file where it is empty."""
    what = what if isinstance(what, Phrase) else same(what)
    line = _line_of(_text(path), place)
    return _error(path, line, say.AT.filled(place=_named(place), what=what) if place else what)


def wrong_toml(path: Path, error: tomllib.TOMLDecodeError) -> ConfigError:
    """The error that the file is no TOML at all."""
    found, text = _AT_LINE.search(str(error)), _text(path)
    line = int(found[1]) if found else None
    written = text.splitlines()[line - 1] if line and line <= len(text.splitlines()) else ""
    words = str(error)[: found.start()] if found else str(error)
    return _error(path, line, _of_tomllib(words, written))


def wrong_value(path: Path, raw: Mapping[str, object], kind: type, error: msgspec.ValidationError) -> ConfigError:
    """The error that a value is none that its type allows."""
    message, _, at = str(error).partition(" - at ")
    place = re.sub(r"^(`key` in )?`?\$\.?|`$", "", at)
    whole = msgspec.inspect.type_info(kind)
    if found := re.search("unknown field `(.*)`", message):
        key = found[1]
        return wrong(path, _below(place, key), _unknown(whole, _node_at(whole, place), key))
    if found := re.search("missing required field `(.*)`", message):
        return wrong(path, place, say.MISSING.filled(key=_key(_node_at(whole, place), found[1])))
    place = _exact(raw, place)
    return wrong(path, place, _refused(_node_at(whole, place), _value_at(raw, place), place))


def kinds_at(kind: type, place: str) -> frozenset[str]:
    """What a place of the settings may hold: ``text``, ``number``, ``bool``, ``list``, ``table``; none of no place."""
    of = msgspec.inspect
    node: Node = of.type_info(kind)
    for name in place.split("."):
        below = _keys(node)
        # Of several that are known by their names the name itself is no key.
        inner = next((item for one in _choices(node) for item in _items(one) if hasattr(item, "fields")), None)
        node = below.get(name, inner)
    choices = _choices(node) if node is not None else ()
    return frozenset(next((w for w, kinds in _KINDS.items() if isinstance(one, kinds)), "table") for one in choices)


# ---- where --------------------------------------------------------------------------------------------------------


def _error(path: Path, line: int | None, what: Phrase) -> ConfigError:
    where = say.FILE if line is None else say.LINE
    return ConfigError(where.filled(path=path, line=line, what=what))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _named(place: str) -> str:
    """As the file has it: ``[[meter]] 1, source``."""
    (table, number), *below = _steps(place)
    if not below and not number:
        return table
    head = f"[[{table}]] {int(number[1:-1]) + 1}," if number else f"[{table}]"
    levels = [*map(_counted, below[:-1]), *(name for name, _ in below[-1:])]
    return f"{head} {'.'.join(levels)}" if below else head.rstrip(",")


def _counted(step: tuple[str, str]) -> str:
    """A level of a place, counted from 1 where it is one of several."""
    name, item = step
    return f"{name} {int(item[1:-1]) + 1}" if item[1:-1].isdecimal() else name


def _steps(place: str) -> list[tuple[str, str]]:
    """Each level of a place: its name, and the number of one of several."""
    return [(found[1], found[2]) for found in _STEP.finditer(place)]


def _line_of(text: str, place: str) -> int | None:
    """The line of a key, else of what it lies in; None where none of that is found."""
    lines = dict(reversed(list(_places(text))))
    while place:
        for name in (place, f"{place}[0]"):
            if name in lines:
                return lines[name]
        place = re.sub(r"(\[[^]]*\]|\.?[^.\[\]]+)$", "", place)
    return None


def _places(text: str) -> Iterator[tuple[str, int]]:
    """Every table and key that a file has, by its place, and its line."""
    table, counts, inside = "", dict[str, int](), ""
    for number, line in enumerate(text.splitlines(), start=1):
        quotes = [mark for mark in ('"""', "'''") if line.count(mark) % 2]
        if inside:
            inside = "" if inside in quotes else inside
            continue
        if found := _HEADER.match(line):
            table = _numbered(re.sub("[\"']", "", found[2]), counts, one_more=found[1] == "[[")
            yield table, number
        elif found := _KEY.match(line):
            yield _below(table, re.sub("[\"']", "", found[1])), number
        inside = quotes[0] if quotes else ""


def _numbered(name: str, counts: dict[str, int], *, one_more: bool) -> str:
    """A table's name with the number of each of several, counted within the one above: ``tariff[0].when[2]``."""
    path, levels = "", name.split(".")
    for depth, level in enumerate(levels, start=1):
        path = _below(path, level)
        if one_more and depth == len(levels):
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path += f"[{counts[path]}]"
    return path


def _below(place: str, key: str) -> str:
    return f"{place}.{key}" if place else key


# ---- what may stand there -----------------------------------------------------------------------------------------


def _choices(node: Node) -> tuple[Node, ...]:
    """The types that something may have, without that it may be left out."""
    every = node.types if isinstance(node, msgspec.inspect.UnionType) else (node,)
    return tuple(one for one in every if not isinstance(one, msgspec.inspect.NoneType))


def _node_at(node: Node, place: str) -> Node:
    """The type of what stands at a place."""
    for name, item in _steps(place):
        # Below a dict every key is alike.
        node = _keys(node).get(name) or next(
            (one.value_type for one in _choices(node) if hasattr(one, "value_type")), None
        )
        if item:
            node = next((inner for one in _choices(node) for inner in _items(one)), None)
    return node


def _items(node: Node) -> list[Node]:
    return [getattr(node, name) for name in ("item_type", "value_type") if hasattr(node, name)]


def _exact(raw: Mapping[str, object], place: str) -> str:
    """The place with the key of what is no number, where msgspec says only that it is one of several: ``[...]``."""
    within, several, _ = place.partition("[...]")
    values = _value_at(raw, within) if several else None
    pairs = values.items() if isinstance(values, dict) else ()
    texts = [key for key, value in pairs if isinstance(value, str) or str(value) == "nan"]
    return f"{within}.{texts[0]}" if texts else within


def _value_at(raw: object, place: str) -> object:
    """What the file has there."""
    for name, item in _steps(place):
        raw = raw.get(name) if isinstance(raw, dict) else None
        if item:
            raw = raw[int(item[1:-1])] if isinstance(raw, list) else None
    return raw


def _keys(node: Node) -> dict[str, Node]:
    return {field.encode_name: field.type for one in _choices(node) for field in getattr(one, "fields", ())}


def _key(node: Node, name: str) -> str:
    """A key as it is written: a table in its brackets."""
    for one in _choices(_keys(node).get(name)):
        if hasattr(one, "fields"):
            return f"[{name}]"
        if any(hasattr(inner, "fields") for inner in _items(one)):
            return f"[[{name}]]"
    return f"`{name}`"


def _unknown(whole: Node, here: Node, key: str) -> Phrase:
    known = [name for name in _keys(here) if name not in say.OURS]
    if near := _near(key, known):
        return say.UNKNOWN_NEAR.filled(near=_key(here, near))
    tables = {
        name: _keys(next(iter([*_items(one), one]))) for name, node in _keys(whole).items() for one in _choices(node)
    }
    if owners := [_key(whole, name) for name, keys in tables.items() if key in keys]:
        return say.UNKNOWN_ELSEWHERE.filled(tables=", ".join(owners))
    return say.UNKNOWN_HERE.filled(known=", ".join(_key(here, name) for name in known))


def _near(word: str, known: list[str]) -> str | None:
    from difflib import get_close_matches  # noqa: PLC0415 (a daemon, whose file is right, would keep it for months)

    return next(iter(get_close_matches(word.lower(), known, 1)), None)


def _refused(node: Node, value: object, place: str) -> Phrase:
    """Why a value is none, and what to write."""
    kinds = _choices(node)
    literals = [str(one) for kind in kinds for one in getattr(kind, "values", ())]
    if literals and isinstance(value, str):
        near = _near(value, literals)
        more = say.PERHAPS.filled(near=near) if near else NOTHING
        return say.NONE_OF.filled(value=_shown(value, place), known=", ".join(literals)) + more
    table = place.rpartition(".")[2]
    if any(hasattr(item, "fields") for kind in kinds for item in _items(kind)):
        return say.TWO_BRACKETS.filled(table=table)
    if isinstance(value, list) and any(hasattr(kind, "fields") for kind in kinds):
        return say.ONE_BRACKET.filled(table=table)
    wanted = _either(dict.fromkeys(one for kind in kinds if (one := _wanted(kind, value))))
    if value is None or isinstance(value, list | dict):
        return say.WRITE.filled(wanted=wanted)
    return say.NOT_THIS.filled(value=_shown(value, place), wanted=wanted)


def _either(phrases: Iterable[Phrase]) -> Phrase:
    said = NOTHING
    for phrase in phrases:
        said = said + say.OR + phrase if said else phrase
    return said


def is_secret(place: str) -> bool:
    """Whether what stands there is repeated to nobody."""
    return bool(_SECRET.search(place))


def _shown(value: object, place: str) -> str:
    """As a person wrote it; not what nobody else is to read."""
    if is_secret(place):
        return "…"
    text = str(value).lower() if isinstance(value, bool) else repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= _MOST_CHARACTERS else f"{text[:_MOST_CHARACTERS]}…"


def _wanted(kind: Node, value: object) -> Phrase:
    """What to write where such a type is."""
    of = msgspec.inspect
    match kind:
        case of.IntType() | of.FloatType():
            return _number(kind, value)
        case of.StrType():
            return _written(kind)
        case of.DictType():
            return say.PAIRS
        case of.LiteralType():
            return say.ONE_OF.filled(known=", ".join(f'"{one}"' for one in kind.values))
    if isinstance(kind, of.BoolType | of.DateType):
        return say.YES_NO if isinstance(kind, of.BoolType) else say.DATE
    return say.TABLE if hasattr(kind, "fields") else say.LIST if _items(kind) else NOTHING


def _written(kind: Node) -> Phrase:
    """A text of that form or length."""
    if kind.pattern is not None:
        return say.PATTERNS.get(kind.pattern, say.OTHER_TEXT)
    if kind.max_length is not None:
        return say.SHORT_TEXT.filled(most=kind.max_length)
    return say.SOME_TEXT if kind.min_length else say.TEXT


def _number(kind: Node, value: object) -> Phrase:
    least = kind.ge if kind.ge is not None else kind.gt
    whole = isinstance(kind, msgspec.inspect.IntType) and (isinstance(value, float) or kind.le is not None)
    number = say.WHOLE_NUMBER if whole else say.NUMBER
    if kind.gt is not None:
        number += say.MORE_THAN.filled(least=least)
    elif kind.le is not None:
        number += say.FROM_TO.filled(least=least, most=kind.le)
    elif least is not None:
        number += say.AT_LEAST.filled(least=least)
    if not isinstance(value, str):
        return number
    return number + (say.POINT_NO_QUOTES if "," in value else say.NO_QUOTES)


# ---- what is no TOML ----------------------------------------------------------------------------------------------


def _of_tomllib(words: str, written: str) -> Phrase:
    value = written.partition("=")[2]
    if _CURLY.search(written) and words.startswith("Invalid"):
        return say.CURLY
    if (found := _COMMA.search(value)) and "Expected" in words:
        return say.COMMA.filled(written=found[0], number=f"{found[1]}.{found[2]}")
    if words == "Invalid value" and (text := value.partition("#")[0].strip()):
        if text.lower() in say.TRUE_FALSE:
            return say.TRUE_OR_FALSE.filled(written=text, word=say.TRUE_FALSE[text.lower()])
        return say.IN_QUOTES.filled(text=text if len(text) <= _MOST_CHARACTERS else "…")
    for begin, phrase in say.OF_TOMLLIB.items():
        if words.startswith(begin):
            return phrase
    return say.NO_TOML.filled(why=words)
