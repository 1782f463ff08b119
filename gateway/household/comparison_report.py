"""What ``compare`` shows: lines of text in one language, or one object for programs, or rows of CSV."""

from __future__ import annotations

import textwrap
from datetime import timedelta
from string import ascii_uppercase
from typing import TYPE_CHECKING

from gateway.balance.calendar import same_day
from gateway.balance.words import NOTHING, WIDTH, BalanceWriter, table
from gateway.household.comparison_words import COMPARISON_TEXTS
from gateway.words.numbers import PERCENT, time_of_day

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from fractions import Fraction

    from gateway.balance.own_contract import ClassCheck
    from gateway.household.comparison import ComparedOffer, Comparison

# As many offers beside each other as fit; more of them stand below.
_MOST_COLUMNS = 6
# Where more than this is shared out by time, the difference of two offers may be nothing else.
_MUCH = 0.1
# Below this a sharing is a matter of cents.
_LITTLE_WH = 1000


def as_text(found: Comparison, lang: str) -> Iterator[str]:
    """The lines, at most 80 columns wide."""
    words, writer = COMPARISON_TEXTS[lang], BalanceWriter(lang)
    if not found.known:
        yield words["nothing"].format(meter=found.meter)
        return
    if found.checks:
        yield from [*_wrapped(words["check"]), "", *_checks(found, words, writer), ""]
    if found.refused:
        yield from _wrapped(_refusal(found, words, writer))
        return
    letters = _letters(found, words)
    if letters:
        yield from _wrapped(words["head"].format(meter=found.meter))
        yield from [*_wrapped(_days(found, words, writer)), ""]
        yield from _months(letters, words, writer)
        yield from [*_by_class(letters, words, writer), ""]
    if found.order.shift and letters:
        yield from [*_shift(found, letters, words, writer), ""]
    for note in _notes(found, letters, words, writer):
        yield from _wrapped(note)


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, subsequent_indent="  ")


def _letters(found: Comparison, words: dict[str, str]) -> list[tuple[str, ComparedOffer]]:
    """What is reckoned, with a letter each; one's own contract is called so."""
    letters = iter(ascii_uppercase)
    return [(words["own"] if one.file is None else next(letters), one) for one in found.offers if one.months]


def _days(found: Comparison, words: dict[str, str], writer: BalanceWriter) -> str:
    return words["days"].format(
        first=found.first,
        last=found.end - timedelta(days=1),
        days=found.days,
        known=found.known,
        all=(found.end - found.first).days,
        kwh=writer.kwh(found.wh),
    )


def _months(letters: Sequence[tuple[str, ComparedOffer]], words: dict[str, str], writer: BalanceWriter) -> list[str]:
    lines: list[str] = []
    own = next((one.year.total for _, one in letters if one.file is None), None)
    for place in range(0, len(letters), _MOST_COLUMNS):
        part = letters[place : place + _MOST_COLUMNS]
        rows = []
        for number, month in enumerate(part[0][1].months):
            cells = [one.months[number] for _, one in part]
            label, wh = f"{month.first:%Y-%m}", sum(month.wh.values())
            rows.append([label, writer.kwh(wh), *(writer.euros(cell.total) for cell in cells)])
        years = [one.year for _, one in part]
        rows.append(
            [words["total"], writer.kwh(sum(years[0].wh.values())), *(writer.euros(one.total) for one in years)]
        )
        if own is not None:
            apart = [_signed(one.total - own, writer) if one.total != own else NOTHING for one in years]
            rows.append([words["difference"], "", *apart])
        lines += [*table([words["month"], words["kwh"], *(letter for letter, _ in part)], rows), ""]
    for letter, one in letters:
        lines += _wrapped(_legend(letter, one, words))
    return [*lines, ""]


def _signed(euros: Fraction, writer: BalanceWriter) -> str:
    return ("+" if euros > 0 else "") + writer.euros(euros)


def _legend(letter: str, one: ComparedOffer, words: dict[str, str]) -> str:
    if one.file is None:
        said = words["own-checked" if one.checked else "own-line"].format(name=one.name, checked=one.checked)
    else:
        offer = one.file.offer
        said = words["offer-line" if one.prices_of else "dated-line"].format(
            letter=letter, name=one.name, since=one.prices_of, source=offer.source, checked=offer.checked
        )
    return said


def _by_class(letters: Sequence[tuple[str, ComparedOffer]], words: dict[str, str], writer: BalanceWriter) -> list[str]:
    rows = []
    for letter, one in letters:
        year = one.year
        for word, wh in year.wh.items():
            if wh:
                name = f"{letter}, {writer.tariff_class(word)}"
                rows.append([name, writer.kwh(wh), writer.euros(year.energy[word])])
        rows.append([f"{letter}, {words['subscription']}", NOTHING, writer.euros(year.subscription)])
    return [words["by-class"], "", *table([words["class"], words["kwh"], words["euros"]], rows)]


def _shift(
    found: Comparison, letters: Sequence[tuple[str, ComparedOffer]], words: dict[str, str], writer: BalanceWriter
) -> list[str]:
    assert found.order.shift is not None  # noqa: S101 (whoever calls asks for it)
    wh, windows = found.order.shift
    said = [[time_of_day(*divmod(at, 60)).in_language(writer.lang) for at in pair] for pair in windows]
    hours = ", ".join("–".join(pair) for pair in said)
    rows = [[letter, writer.kwh(one.saved[1]), writer.euros(one.saved[0])] for letter, one in letters if one.saved]
    head = _wrapped(words["shift"].format(kwh=writer.kwh(wh), hours=hours))
    return [*head, "", *table([words["class"].partition(",")[0], words["moved"], words["saved"]], rows)]


def _checks(found: Comparison, words: dict[str, str], writer: BalanceWriter) -> list[str]:
    """The year by class, and each month in which it is wrong."""
    wrong = [one for one in found.checks if one.wrong]
    rows = [_check(words["total"], writer, word, [c for c in found.checks if c.word == word]) for word in _words(found)]
    rows += [_check(f"{one.month:%Y-%m}", writer, one.word, [one]) for one in wrong]
    head = [words[key] for key in ("month", "class", "by-hours", "by-index", "apart")]
    head[1] = head[1].rpartition(",")[2].strip().capitalize()
    return table(head, rows)


def _words(found: Comparison) -> list[str]:
    return list(dict.fromkeys(one.word for one in found.checks))


def _check(label: str, writer: BalanceWriter, word: str, checks: Sequence[ClassCheck]) -> list[str]:
    hours, index = sum(one.by_hours for one in checks), sum(one.by_index for one in checks)
    apart = writer.number(100 * abs(hours - index) / index, 2) if index else ""
    apart = PERCENT.in_language(writer.lang).format(number=apart) if apart else NOTHING
    return [label, writer.tariff_class(word), writer.kwh(hours), writer.kwh(index), apart]


def _refusal(found: Comparison, words: dict[str, str], writer: BalanceWriter) -> str:
    worst = max((one for one in found.checks if one.wrong), key=lambda one: abs(one.by_hours - one.by_index))
    return words["refused"].format(
        month=f"{worst.month:%Y-%m}",
        word=writer.tariff_class(worst.word),
        hours=writer.kwh(worst.by_hours),
        index=writer.kwh(worst.by_index),
    )


def _notes(
    found: Comparison, letters: Sequence[tuple[str, ComparedOffer]], words: dict[str, str], writer: BalanceWriter
) -> Iterator[str]:
    for one in found.offers:
        if one.why is not None:
            why = one.why.in_language(writer.lang)
            yield words["not-computable"].format(name=one.name, why=why)
    if letters:
        yield words["dated" if found.order.dated else "today"]
        if found.days < (found.end - same_day(found.end, found.end.year - 1)).days:
            yield words["incomplete"]
    for key, named in (
        ("example", [letter for letter, one in letters if one.file and one.file.example]),
        ("old", [letter for letter, one in letters if one.old]),
    ):
        if named:
            yield words[key].format(names=", ".join(named))
    for _, one in letters:
        yield from _notes_of(one, words, writer)
    if any(rule.colour for _, one in letters if one.file for rule in one.file.offer.when):
        days, red, white = found.colours
        yield words["tempo"].format(days=days, red=red, white=white)
    yield from _of_the_check(found, words, writer)
    yield from _of_the_power(found, words, writer)
    if letters:
        yield words["outside"]


def _notes_of(one: ComparedOffer, words: dict[str, str], writer: BalanceWriter) -> Iterator[str]:
    if one.left_out:
        yield words["left-out"].format(name=one.name, days=one.left_out)
    total = sum(one.year.wh.values())
    if one.shared > _MUCH * total:
        yield words["much-shared"].format(name=one.name, percent=writer.percent(one.shared / max(total, 1)))
    elif one.shared > _LITTLE_WH:
        yield words["shared"].format(name=one.name, kwh=writer.kwh(one.shared))


def _of_the_check(found: Comparison, words: dict[str, str], writer: BalanceWriter) -> Iterator[str]:
    if found.heard_since is not None:
        yield words["heard"].format(day=found.heard_since)
    if found.imported:
        yield words["imported"].format(days=found.imported)
    if found.checks:
        yield words["good"]
    if found.unchecked is not None:
        yield words["unchecked"].format(why=found.unchecked.in_language(writer.lang))
    elif not found.own:
        yield words["no-tariff"]
    elif not found.checks:
        yield words["unchecked"].format(why=words["no-index"])


def _of_the_power(found: Comparison, words: dict[str, str], writer: BalanceWriter) -> Iterator[str]:
    largest = found.largest
    if largest is None:
        return
    said = [words["largest"].format(va=writer.number(largest.va), day=largest.day, days=largest.days)]
    least = largest.least_kva
    if least is not None and (found.subscribed is None or least < found.subscribed):
        key = "least-alone" if found.subscribed is None else "least"
        said += [words[key].format(kva=least, power=found.subscribed), words["least-caveat"]]
    yield " ".join([*said, *([] if largest.by_meter else [words["by-minutes"]])])


# ---- for programs -------------------------------------------------------------------------------------------------


def as_json(found: Comparison) -> dict[str, object]:
    """The same for programs: Wh, euros; null where nothing is known."""
    largest = found.largest
    return {
        "meter": found.meter,
        "from": found.first.isoformat(),
        "to": found.end.isoformat(),
        "days_known": found.known,
        "days_compared": found.days,
        "days_imported": found.imported,
        "drawn_wh": found.wh,
        "prices": "dated" if found.order.dated else "today",
        "power_kva": found.power,
        "subscribed_kva": found.subscribed,
        "refused": found.refused,
        "off_peak_heard_since": None if found.heard_since is None else found.heard_since.isoformat(),
        "unchecked": None if found.unchecked is None else str(found.unchecked),
        "check": [
            {
                "month": f"{one.month:%Y-%m}",
                "class": one.word,
                "by_hours_wh": one.by_hours,
                "by_index_wh": one.by_index,
                "wrong": one.wrong,
            }
            for one in found.checks
        ],
        "offers": [_offer(one) for one in found.offers],
        "tempo_days": dict(zip(("known", "red", "white"), found.colours, strict=True)),
        "largest_power": largest
        and {
            "va": largest.va,
            "day": largest.day.isoformat(),
            "days_known": largest.days,
            "by_meter": largest.by_meter,
            "least_kva": largest.least_kva,
        },
    }


def _offer(one: ComparedOffer) -> dict[str, object]:
    offer = one.file.offer if one.file else None
    return {
        "name": one.name,
        "own": one.file is None,
        "example": bool(one.file and one.file.example),
        "source": offer.source if offer else None,
        "checked": one.checked.isoformat() if one.checked else None,
        "old": one.old,
        "prices_of": one.prices_of.isoformat() if one.prices_of else None,
        "not_computable": None if one.why is None else str(one.why),
        "days_left_out": one.left_out,
        "shared_by_time_wh": one.shared,
        "total": _euros(one.year.total) if one.months else None,
        "shift": one.saved and {"moved_wh": one.saved[1], "saved": _euros(one.saved[0])},
        "months": [
            {
                "month": f"{month.first:%Y-%m}",
                "days": month.days,
                "wh": dict(month.wh),
                "energy": {word: _euros(euros) for word, euros in month.energy.items()},
                "subscription": _euros(month.subscription),
                "total": _euros(month.total),
            }
            for month in one.months
        ],
    }


def as_rows(found: Comparison) -> Iterator[list[str]]:
    """Rows of CSV with their head: a row for each class of each month of each offer, and for its subscription."""
    yield ["offer", "own", "month", "days", "class", "kwh", "euros"]
    for one in found.offers:
        for month in one.months:
            label = [one.name, str(int(one.file is None)), f"{month.first:%Y-%m}", str(month.days)]
            for word, wh in month.wh.items():
                yield [*label, word, f"{wh / 1000:.3f}", f"{float(month.energy[word]):.4f}"]
            yield [*label, "subscription", "", f"{float(month.subscription):.4f}"]


def _euros(euros: Fraction) -> float:
    return round(float(euros), 4)
