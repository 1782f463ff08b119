"""A plan for a person, before anything is kept, and for programs: period, values, holes, doubts, how well it holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.household.past.plan import FilePlan, PastPlan, SeriesPlan, doubts, steps
from gateway.household.past.values import CONSUMPTION, CURVE, DAILY, INDEX, MAXIMUM, PERIODS, PointFlag
from gateway.store.local_time import local_time
from gateway.store.recorder import iso
from gateway.words.numbers import age, decimal
from gateway.words.phrase import NOTHING, Phrase, joined, same

if TYPE_CHECKING:
    from collections.abc import Iterator

_KINDS = {
    (CURVE, True): Phrase("drawn, curve"),
    (CURVE, False): Phrase("injected, curve"),
    (INDEX, True): Phrase("drawn, indexes"),
    (INDEX, False): Phrase("injected, indexes"),
    (DAILY, True): Phrase("drawn, by day"),
    (DAILY, False): Phrase("injected, by day"),
    (PERIODS, True): Phrase("drawn, by period"),
    (PERIODS, False): Phrase("injected, by period"),
    (MAXIMUM, True): Phrase("drawn, highest power"),
    (MAXIMUM, False): Phrase("injected, highest power"),
}
_SOURCES: tuple[tuple[str, Phrase | str], ...] = (
    ("enedis-", Phrase("Enedis customer account")),
    ("sge-", "Enedis SGE"),
    ("dataconnect-", "Enedis DataConnect"),
    ("quoalise", Phrase("proxy of Consometers")),
    ("edf-", "EDF"),
    ("totalenergies-", "TotalEnergies"),
    ("octopus-", "Octopus"),
    ("mint-", "Mint"),
    ("ser-", "Strasbourg Électricité Réseaux"),
    ("ha-", "Home Assistant"),
    ("emoncms-", "emoncms"),
    ("", Phrase("another tool")),
)
_FILE = Phrase("{name}: {source}")
_REFUSED = Phrase("{name}: not imported: {why}")
_KNOWN = Phrase(
    "{name}: imported already, as import {number}: nothing is added; to have it read anew, undo that import first"
)
_PERIOD = Phrase("  {kind}: {first} to {last}, {points} values, {energy} kWh")
_PERIOD_ONLY = Phrase("  {kind}: {first} to {last}, {points} values")
_STEPS, _STEP = Phrase("    steps: {steps}"), Phrase("{minutes} min: {count}")
_MERGED = Phrase("    new: {new}, known already: {same}")
_BETTER = Phrase("from a better source: {count}")
_WORSE = Phrase("from a lesser source, left aside: {count}")
_OTHER = Phrase("different: {count} (taken)")
_OTHER_LEFT = Phrase("different: {count} (left aside; add --take to take them)")
_FIRST_OTHER = Phrase("    first difference, {when}: {before} before, {after} in this file")
_LEFT_OUT = Phrase("from before --since, left out: {count}")
_COUNTS = {
    "missing": Phrase("empty: {count}"),
    "equal": Phrase("repeated: {count}"),
    "stray": Phrase("off the grid, left aside: {count}"),
    "nowhere": Phrase("in the hour that spring skips: {count}"),
    "ambiguous": Phrase("in the hour that autumn repeats: {count}"),
    "dropped": Phrase("of unknown step, left aside: {count}"),
    "unknown": Phrase("read or estimated not stated: {count}"),
}
_CONFLICTS = Phrase("two values for one moment: {count} (the first kept; {when}: {one} and {other})")
_HOLES = Phrase("holes: {count}, in all {length}")
_ROWS = Phrase("    in the file: {what}")
_FLAGS = {
    PointFlag.ESTIMATED: Phrase("estimated or corrected: {count}"),
    PointFlag.STEP_INFERRED: Phrase("step inferred from neighbours: {count}"),
    PointFlag.DST_ASSUMED: Phrase("autumn's repeated hour, the first assumed: {count}"),
    PointFlag.METER_ASSUMED: Phrase("meter assumed: {count}"),
    PointFlag.CAUTION: Phrase("doubted by the distributor: {count}"),
    PointFlag.ROUNDED: Phrase("rounded: {count}"),
    PointFlag.DERIVED: Phrase("difference of two indexes: {count}"),
    PointFlag.STAMP_ASKED: Phrase("placed as you said: {count}"),
}
_DOUBTS = Phrase("    flagged: {what}")
_ASIDE = Phrase("  left aside: {name}: {why}")
_CHECKS = Phrase("Checks:")
_MARKS = {"agrees": "+", "differs": "!", "refused": "x", "unknown": "?"}
_SUM = Phrase("{count} values to keep for {meter}, marked as imported; what the meter itself said stays as it is.")
_HOUSEHOLD = Phrase("They must all be of your household: if you moved in later, add --since with the date.")
_NOTHING = Phrase("Nothing new: nothing is changed.")


def as_lines(plan: PastPlan, *, take: bool) -> Iterator[Phrase]:
    """The lines that a person reads before saying yes."""
    for file in plan.files:
        yield from _file(file, take=take)
    if plan.checks:
        yield _CHECKS
        for check in plan.checks:
            yield same(f"  {_MARKS[check.verdict]} ") + check.said
    if plan.refused:
        return
    yield _SUM.filled(count=plan.count, meter=plan.meter) if plan.count else _NOTHING
    if plan.count:
        yield _HOUSEHOLD


def _file(file: FilePlan, *, take: bool) -> Iterator[Phrase]:
    if file.refused:
        yield _REFUSED.filled(name=file.name, why=file.refused)
    elif file.batch is not None:
        yield _KNOWN.filled(name=file.name, number=file.batch)
    else:
        forms = file.forms
        source = next(said for begin, said in _SOURCES if forms and forms[0].startswith(begin))
        yield _FILE.filled(name=file.name, source=source)
        for one in file.series:
            yield from _series(one, take=take)
    for name, why in file.left_aside:
        yield _ASIDE.filled(name=name, why=why)


def _series(one: SeriesPlan, *, take: bool) -> Iterator[Phrase]:
    block = one.block
    facts = {
        "kind": _KINDS[block.kind, block.direction == CONSUMPTION],
        "first": local_time(block.points[0].start),
        "last": local_time(block.points[-1].start + block.points[-1].step),
        "points": len(block.points),
        "energy": decimal(float(block.wh) / 1000, 2),
    }
    yield (_PERIOD_ONLY if block.kind == MAXIMUM else _PERIOD).filled(**facts)
    if block.kind == CURVE:
        parts = [_STEP.filled(minutes=step // 60, count=count) for step, count in steps(block.points).items()]
        yield _STEPS.filled(steps=joined(", ", parts))
    yield _MERGED.filled(new=one.merged.new, same=one.merged.same) + _beside(one, take=take)
    if one.merged.different:
        point, before = one.merged.different[0]
        yield _FIRST_OTHER.filled(when=local_time(point.start), before=before, after=point.value)
    rows = joined(", ", _rows(one))
    if rows:
        yield _ROWS.filled(what=rows)
    marked = doubts(block.points)
    said = [phrase.filled(count=marked[flag]) for flag, phrase in _FLAGS.items() if marked[flag]]
    if said:
        yield _DOUBTS.filled(what=joined(", ", said))


def _beside(one: SeriesPlan, *, take: bool) -> Phrase:
    made = one.merged
    more = [
        _BETTER.filled(count=made.better) if made.better else NOTHING,
        _WORSE.filled(count=made.worse) if made.worse else NOTHING,
        (_OTHER if take else _OTHER_LEFT).filled(count=len(made.different)) if made.different else NOTHING,
        _LEFT_OUT.filled(count=one.left_out) if one.left_out else NOTHING,
    ]
    said = joined(", ", more)
    return same(", ") + said if said else NOTHING


def _rows(one: SeriesPlan) -> Iterator[Phrase]:
    block = one.block
    for name, phrase in _COUNTS.items():
        if block.counts[name]:
            yield phrase.filled(count=block.counts[name])
    if block.conflicts:
        at, first, other = block.conflicts[0]
        yield _CONFLICTS.filled(count=len(block.conflicts), when=local_time(at), one=first, other=other)
    if block.holes:
        length = sum(end - start for start, end in block.holes)
        yield _HOLES.filled(count=len(block.holes), length=age(length))


def as_json(plan: PastPlan) -> dict[str, object]:
    """The same for programs."""
    return {
        "meter": plan.meter,
        "importable": not plan.refused,
        "points": plan.count,
        "files": [_file_as_json(file) for file in plan.files],
        "checks": [
            {"check": one.name, "direction": one.direction, "verdict": one.verdict, "said": str(one.said)} | one.figures
            for one in plan.checks
        ],
    }


def _file_as_json(file: FilePlan) -> dict[str, object]:
    return {
        "file": file.name,
        "sha256": file.sha256.hex(),
        "known_as": file.batch,
        "refused": str(file.refused) if file.refused else None,
        "points": file.count,
        "series": [_series_as_json(one) for one in file.series],
        "left_aside": [{"what": name, "why": str(why)} for name, why in file.left_aside],
    }


def _series_as_json(one: SeriesPlan) -> dict[str, object]:
    block = one.block
    marked = doubts(block.points)
    return {
        "series": block.series,
        "form": block.form,
        "stamp": block.stamp,
        "from": iso(block.points[0].start),
        "to": iso(block.points[-1].start + block.points[-1].step),
        "points": len(block.points),
        "steps_s": {str(step): count for step, count in steps(block.points).items()},
        "wh": None if block.kind == MAXIMUM else round(float(block.wh), 3),
        "new": one.merged.new,
        "same": one.merged.same,
        "better": one.merged.better,
        "worse": one.merged.worse,
        "different": [
            {"start": iso(point.start), "before": before, "after": point.value}
            for point, before in one.merged.different[:100]
        ],
        "stored": len(one.stored),
        "before_household": one.left_out,
        "rows": {name: count for name, count in block.counts.items() if count},
        "conflicts": [{"at": iso(at), "values": [first, other]} for at, first, other in block.conflicts[:100]],
        "holes": [[iso(start), iso(end)] for start, end in block.holes[:100]],
        "set_aside": [iso(at) for at in block.rejected],
        "other_meter_from": [iso(at) for at in block.breaks],
        "flags": {(flag.name or "").lower(): count for flag, count in marked.items()},
    }
