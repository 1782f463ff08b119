"""The catalogue: which series there are for this asker, by the command ``list_series`` and by service discovery.

Shown are those to which a consent gives access, or all if the household has opened its catalogue; a reading never is:
the samples are invented, and stand apart from where readings stand. For a program:

    <catalogue xmlns="urn:linky-gateway:0">
      <series name="gw@x/ab12@x/consumption/power/apparent/raw" path="consumption/power/apparent/raw" kind="gauge"
              unit="VA" granularities="raw PT1M PT15M PT30M P1D" first="2026-…Z" last="2026-…Z" retention="P3Y">
        <label xml:lang="fr">…</label><label xml:lang="en">…</label>
        <consent granularity="PT30M" push="true" history="true" history-from="…Z" until="…Z"/>
        <sample invented="true"><sensml xmlns="urn:ietf:params:xml:ns:senml">…</sensml></sample>
      </series>
    </catalogue>

Without a ``<consent>`` the asker has none; ``retention`` binds whoever receives; a period is stamped at its beginning.
Who asks for them gets public words besides (``public_words``).
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from gateway.errors import SenMLError
from gateway.federation.provider.allowed import bound, meter_of, not_authorized
from gateway.federation.wire.fields import (
    read_form,
    read_identifier,
    read_limit,
    read_number_after,
    read_page,
    wants_words,
)
from gateway.federation.wire.form import XML_LANG, Answer, CommandRequest, Table, build_page
from gateway.federation.wire.stanza import OURS, Publisher, build_sensml
from gateway.senml.naming import Identifier, NameForm
from gateway.store.labels import label_of
from gateway.store.points import Consent, Granularity, MeterInfo, Point, Series, Value, finest_allowed, offered
from gateway.store.recorder import iso
from gateway.words.catalogue import LANGUAGES
from gateway.words.phrase import NOTHING, Phrase, joined, same

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Sequence

    from gateway.store.consents import Consents
    from gateway.store.meters import Meters
    from gateway.store.pseudonyms import Pseudonyms

# The node of service discovery.
CATALOGUE = "catalogue"

# Some 1.5 kB each, for a person and for a program: a page is 40 kB.
MOST_SERIES = 25
# In public words each takes twice as much again; with long addresses there are fewer.
MOST_IN_WORDS = 10

# What a sample says, by unit: nobody's readings. Its time is that of no reading either.
_INVENTED: dict[str, tuple[Value, Value]] = {
    "Wh": (1_000_000, 1_000_025),
    "VA": (450, 460),
    "W": (400, 410),
    "V": (230, 231),
    "A": (2, 3),
    "l": (1_000, 1_010),
}
_INVENTED_TEXT, _INVENTED_NUMBER = ("EXEMPLE 1", "EXEMPLE 2"), (1, 2)
_INVENTED_TIME, _INVENTED_STEP_S = 946_684_800, 60

_COLUMNS = (
    ("name", Phrase("Name")),
    ("label", Phrase("Label")),
    ("unit", Phrase("Unit")),
    ("kind", Phrase("Kind")),
    ("granularities", Phrase("Granularities")),
    ("first", Phrase("First reading")),
    ("last", Phrase("Last reading")),
    ("retention", Phrase("Retention at most")),
    ("consent", Phrase("Your access")),
    ("sample", Phrase("Invented sample")),
)
KINDS = {
    "index": Phrase("index (only rises)"),
    "gauge": Phrase("value of the moment"),
    "curve": Phrase("curve, mean of a period"),
    "mean": Phrase("mean of a period"),
    "maximum": Phrase("maximum of the day"),
    "text": Phrase("text"),
    "daily": Phrase("total of the day"),
}
_NONE = Phrase("none")


@dataclass(frozen=True, slots=True)
class SeenSeries:
    """One series that the asker may see, and its consents to it; ``made_here``: of a counter at the panels."""

    meter: MeterInfo
    series: Series
    consents: Sequence[Consent]
    made_here: bool = False

    @property
    def label(self) -> Phrase:
        """What it is called: what a counter at the panels counts was made, not injected."""
        return label_of(self.series.path, made_here=self.made_here)


class Catalogue:
    """Shows which series there are.

    Args:
        meters, consents, pseudonyms: of the store, asked through ``call``.
        call: ``await call(function, *arguments)``.
        publisher: who answers for the data, and how it writes them.
        clock: the host's POSIX seconds.
        everybody: whether somebody without a consent may see it.
        made_here: the names of the counters of what the house makes itself.
    """

    def __init__(
        self,
        meters: Meters,
        consents: Consents,
        pseudonyms: Pseudonyms,
        call: Callable[..., Awaitable[Any]],
        publisher: Publisher,
        clock: Callable[[], float] = time.time,
        everybody: bool = False,
        made_here: Collection[str] = (),
    ) -> None:
        self._meters = meters
        self._consents = consents
        self._pseudonyms = pseudonyms
        self._call, self._publisher, self._clock = call, publisher, clock
        self._everybody, self._made_here = everybody, made_here

    async def answer(self, question: CommandRequest) -> Answer:
        """One page of the series. Raises RequestError when there is none that the asker may see."""
        named = bool(question.fields.get("identifier"))
        identifier = read_identifier(question.fields) if named else None
        form = identifier.form if identifier else read_form(question.fields)
        wanted = read_page(question)
        words = wants_words(question.fields)
        skip, limit = read_number_after(wanted), read_limit(wanted, MOST_IN_WORDS if words else MOST_SERIES)
        seen: list[SeenSeries] = await self._call(self._visible, question.asker, identifier)
        if not seen:
            raise not_authorized()
        page = seen[skip : skip + limit]
        public = []
        if words:
            element, count = _in_public_words(question, self._publisher, form, page)
            page, public = page[:count], [element]
        first, last = (str(skip), str(skip + len(page) - 1)) if page else (None, None)
        catalogue, rows = ET.Element(f"{{{OURS}}}catalogue"), []
        for one in page:
            described = self._describe(one, form)
            catalogue.append(described)
            rows.append(_row(one, described, question.lang))
        note = _place(skip, len(page), len(seen))
        called = [one.label + same(f" ({self._name(one, form)})") for one in page]
        summary = joined(" ", (note, joined("; ", called)))
        payload = [catalogue, *public, build_page(first, last, skip, len(seen))]
        return Answer((), payload, note, Table(_COLUMNS, rows), summary)

    async def items(self, asker: str, lang: str) -> list[tuple[str, str]]:
        """For service discovery: node and name of each series that the asker may see; none is no error."""
        seen: list[SeenSeries] = await self._call(self._visible, asker, None)
        return [(self._name(one, NameForm.SEN1), one.label.in_language(lang)) for one in seen]

    def _visible(self, asker: str, identifier: Identifier | None) -> list[SeenSeries]:
        now = self._clock()
        consents = self._consents.allowed(asker, now)
        # Each meter as this asker knows it.
        meters = self._pseudonyms.view_of(asker, now).meters
        if identifier is not None:
            meant = meter_of(self._publisher, meters, identifier)
            meters = (meant,) if meant else ()
        found = []
        for meter in meters if consents or self._everybody else []:
            for series in self._meters.series(meter.name):
                given = [c for c in consents if c.covers(meter.name, series.path) and _finest(c, series) is not None]
                asked = identifier is None or identifier.covers(series.path)
                if asked and (given or self._everybody) and self._can_be_named(meter, series):
                    found.append(SeenSeries(meter, series, given, meter.name in self._made_here))
        return found

    def _can_be_named(self, meter: MeterInfo, series: Series) -> bool:
        """Whether it has a name in the federation: without one it can neither be asked for nor sent."""
        try:
            self._publisher.name(meter, series.path)
        except SenMLError:
            return False
        return True

    def _name(self, one: SeenSeries, form: NameForm) -> str:
        return self._publisher.name(one.meter, one.series.path).written(form)

    def _describe(self, one: SeenSeries, form: NameForm) -> ET.Element:
        series = one.series
        sample = self._sample(one)
        unit, _ = self._publisher.measured(sample[0])
        facts = {"name": self._name(one, form), "path": series.path, "kind": series.kind, "unit": unit}
        facts["granularities"] = " ".join(granularity.code for granularity in offered(series.kind))
        if series.last_time:
            facts |= {"first": iso(series.first_time), "last": iso(series.last_time)}
        if retention := bound(self._publisher, one.consents).retention:
            facts["retention"] = retention
        element = ET.Element(f"{{{OURS}}}series", {name: fact for name, fact in facts.items() if fact})
        for lang in LANGUAGES:
            ET.SubElement(element, f"{{{OURS}}}label", {XML_LANG: lang}).text = one.label.in_language(lang)
        for consent in one.consents:
            ET.SubElement(element, f"{{{OURS}}}consent", _consent_facts(consent, series))
        invented = ET.SubElement(element, f"{{{OURS}}}sample", {"invented": "true"})
        invented.append(build_sensml(self._publisher, one.meter, form, sample))
        return element

    def _sample(self, one: SeenSeries) -> list[Point]:
        """Two points that nobody measured."""
        granularity = offered(one.series.kind)[0]
        values = _INVENTED.get(one.series.unit, _INVENTED_NUMBER) if one.series.unit else _INVENTED_TEXT
        step = granularity or _INVENTED_STEP_S
        return [
            Point(one.series, granularity, _INVENTED_TIME + place * step, value) for place, value in enumerate(values)
        ]


def _in_public_words(
    question: CommandRequest, publisher: Publisher, form: NameForm, seen: Sequence[SeenSeries]
) -> tuple[ET.Element, int]:
    """The element, and how many of the series fit into it."""
    from gateway.federation.provider.public_words import build_words  # noqa: PLC0415 (few ask for them)

    return build_words(question, publisher, form, seen)


def _finest(consent: Consent, series: Series) -> Granularity | None:
    return finest_allowed(series.kind, consent.granularity)


def _consent_facts(consent: Consent, series: Series) -> dict[str, str]:
    terms, finest = consent.terms, _finest(consent, series)
    assert finest is not None, "it gives none of this series"  # noqa: S101
    facts = {"granularity": finest.code, "push": str(terms.push).lower(), "history": str(terms.history).lower()}
    if terms.history and terms.history_from is not None:
        facts["history-from"] = iso(terms.history_from)
    return facts | {"until": iso(consent.until)}


def _row(one: SeenSeries, described: ET.Element, lang: str) -> list[str]:
    facts = described.attrib
    finest = sorted({finest for c in one.consents if (finest := _finest(c, one.series)) is not None})
    access = ", ".join(granularity.code for granularity in finest) or _NONE.in_language(lang)
    samples = [r.get("v") or r.get("vs") or "" for r in described.iter("{urn:ietf:params:xml:ns:senml}senml")]
    kind = KINDS[one.series.kind].in_language(lang)
    return [
        *(facts["name"], one.label.in_language(lang), facts.get("unit", ""), kind, facts["granularities"]),
        *(facts.get("first", ""), facts.get("last", ""), facts.get("retention", "")),
        *(access, " ; ".join(samples)),
    ]


def _place(skip: int, shown: int, total: int) -> Phrase:
    """Where a page stands among all, and how to get the next one."""
    if shown == total:
        return Phrase("{total} series. The samples are invented.").filled(total=total)
    if not shown:
        return Phrase("{total} series; there are no others.").filled(total=total)
    first, last = skip + 1, skip + shown
    place = Phrase("Series {first} to {last} of {total}.").filled(first=first, last=last, total=total)
    more = Phrase("For the next ones: after = {after}.").filled(after=last - 1) if last < total else NOTHING
    return joined(" ", (place, more, Phrase("The samples are invented.")))
