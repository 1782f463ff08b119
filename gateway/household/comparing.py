"""The energy of one's own days under any offer, all offers on the same days; and the check of one's own contract first.

Nothing is projected: days that are not known whole, or of which an offer does not know a class, are left out of all of
them. Where one's own contract by its hours does not come to what the meter's indexes say, its hours are wrong, and so
would be whatever else is reckoned by them: nothing is compared then.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING

from gateway.balance.calendar import day_of, days, midnight, same_day
from gateway.balance.offer_bill import OfferMonth, OfferPart, OfferPrices, moved, offer_months, year_of
from gateway.balance.offer_hours import ClassSpan, HouseFacts, class_spans, moments
from gateway.balance.own_contract import ClassCheck, SpanEnergy, as_offer, class_checks, telling
from gateway.balance.supplier_offer import METER, NotComputable, SupplierOffer, minutes_of, newest_day
from gateway.household.comparison import ComparedOffer, Comparison, ComparisonOrder
from gateway.household.house_facts import largest_power, lived_colours, own_windows, subscribed_power
from gateway.household.metered import ImportedCurve, MeteredEnergy
from gateway.household.past.days import PastDays
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from gateway.balance.tariff import Tariff
    from gateway.config.offers import OfferFile
    from gateway.config.tables import Config
    from gateway.household.days import HouseholdDays
    from gateway.store.store import Archive

_ONE = timedelta(days=1)
# An offer that knows fewer of the days would take too many from all others.
_LEAST_KNOWN = 0.9
# Half a year.
_OLD = timedelta(days=183)

_NO_WINDOWS = Phrase(
    "the off-peak hours of your meter are not known on {count} of {days} days: write those of your bill as [[off_peak]]"
)
_NO_COLOURS = Phrase("the colours of {count} of {days} days are not known: give those of RTE by --colours FILE")
_NO_LIST = Phrase("its [[list]] does not say {count} of {days} days")
_NO_PRICE_THEN = Phrase("it has no price on {count} of {days} days: add a [[price]] of that time to a copy")
_WHICH_DAY = Phrase("the offer leaves the weekday to you: give it by --weekday wed")
_WHICH_HOURS = Phrase("the offer leaves the hours to you: give them by --hours 13:00/15:00")
_ONE_INDEX = Phrase(
    "your meter counts in one index alone, and cannot tell its classes; in standard mode it would: ask your supplier"
)
_NO_DAYS = Phrase("no day is known whole by all of them")


@dataclass
class _Stretch:
    """An offer over some days: its spans, of which days it knows all, and in which its hours lie in a silence."""

    offer: SupplierOffer
    spans: list[ClassSpan]
    unknown: set[date]
    wh: tuple[int, ...] = ()
    shared: int = 0
    silent: frozenset[date] = frozenset()

    def parts(self, days: Collection[date]) -> list[OfferPart]:
        pairs = zip(self.spans, self.wh, strict=True)
        return [OfferPart(s.day, s.word, wh, s.inside) for s, wh in pairs if s.word is not None and s.day in days]


def compare(
    archive: Archive,
    house: HouseholdDays,
    config: Config,
    files: Sequence[OfferFile],
    order: ComparisonOrder,
    today: date,
    progress: Callable[[int, int], None] = lambda done, count: None,
) -> Comparison:
    """Reckon all of it; ``progress`` is told how many steps of how many are done."""
    return _Comparing(archive, house, config, order, today).offers(files, progress)


class _Comparing:
    def __init__(
        self, archive: Archive, house: HouseholdDays, config: Config, order: ComparisonOrder, today: date
    ) -> None:
        self._archive, self._house, self._config, self._order, self._today = archive, house, config, order, today
        # The day that is not over says nothing of a day.
        ends = archive.imports.ends(house.meter)
        # A file may be of a time that has not come yet.
        over = day_of(max(house.last_time or 0, min(ends[1], midnight(today)) if ends else 0))
        self.end = min(order.end or over, over)
        year_ago = same_day(self.end, self.end.year - 1)
        begun = [day for day in (house.first, PastDays(archive, house.meter).first) if day]
        self.first = min(max(order.first or year_ago, min(begun, default=self.end)), self.end)
        self._dates = list(days(self.first, self.end))
        self._bounds = [*map(midnight, self._dates), midnight(self.end)]
        slices = house.drawn(self._bounds) if self._dates else []
        whole = zip(self._dates, slices, self._bounds, self._bounds[1:], strict=False)
        self._known, silent = {}, set()
        for day, one, begin, until in whole:
            if one.covered == until - begin:
                self._known[day] = one.wh
            elif not one.covered:
                silent.add(day)
        curve = ImportedCurve(archive, house.meter, self._bounds)
        # Of a day of which the meter has said anything its own word counts alone.
        self._imported = silent & curve.days.keys()
        self._known |= {day: curve.between(midnight(day), midnight(day + _ONE)) for day in self._imported}
        self._metered = MeteredEnergy(archive, house, curve, self._imported)
        colours = lived_colours(house, self.first - _ONE, self.end) if self._dates else {}
        self._windows = own_windows(archive, config, house.meter, self.first, self.end)
        self._facts = HouseFacts(
            windows=self._windows.assumed or order.supposed,
            colours={**order.colours, **colours},
            weekday=order.weekday,
            hours=order.hours,
            alsace_moselle=order.alsace_moselle,
        )
        now = self._bounds[-1]
        self._own, self._refuted = self._own_borders(), False
        self._subscribed = subscribed_power(archive, house.meter, now)
        self._power = order.power or self._subscribed

    def _own_borders(self) -> set[int]:
        """The moments at which the meter goes from one of its classes to another; none of hours that are supposed."""
        if not self._windows.assumed:
            return set()
        borders = {(day, edge) for day in self._dates for one in self._facts.windows_of(day) or () for edge in one}
        return {time for day, edge in borders for time, minute in moments(day, {edge}) if minute == edge % 1440}

    def offers(self, files: Sequence[OfferFile], progress: Callable[[int, int], None]) -> Comparison:
        checks, unchecked = self._checked_hours()
        names = [*([None] if self._config.tariff else []), *files]
        if any(one.wrong for one in checks):
            names = []
        largest = largest_power(self._archive, self._house.meter, self.first, self.end) if self._dates else None
        progress(1, len(names) + 1)
        found: list[tuple[OfferFile | None, list[_Stretch] | NotComputable]] = []
        for done, file in enumerate(names, start=2):
            try:
                found.append((file, self._stretches(file)))
            except NotComputable as error:
                found.append((file, error))
            progress(done, len(names) + 1)
        common = self._common([one for _, one in found if isinstance(one, list)])
        offers = tuple(self._compared(file, one, common) for file, one in found)
        colours = [colour for day in common if (colour := self._facts.colours.get(day))]
        return Comparison(
            meter=self._house.meter,
            first=self.first,
            end=self.end,
            known=len(self._known),
            days=len(common),
            wh=sum(self._known[day] for day in common),
            power=self._power,
            subscribed=self._subscribed,
            offers=offers,
            own=bool(self._config.tariff),
            imported=len(self._imported & common),
            shown=(min(common, default=self.first), max(common, default=self.end - _ONE)),
            refuted=self._refuted,
            heard_since=self._windows.heard_since,
            checks=tuple(checks),
            unchecked=unchecked,
            largest=largest,
            colours=(len(colours), colours.count("red"), colours.count("white")),
            order=self._order,
        )

    # ---- one's own contract ---------------------------------------------------------------------------------------

    def _checked_hours(self) -> tuple[list[ClassCheck], Phrase | None]:
        """The check; by hours that were heard alone where those that were taken for the others are wrong."""
        checks, unchecked = self._check()
        if self._windows.assumed != self._windows.known and (not checks or any(one.wrong for one in checks)):
            # On days of which nothing was heard the hours were others, or nothing says that they were not.
            self._facts = replace(self._facts, windows=self._windows.known)
            self._own = self._own_borders()
            checks, unchecked = self._check()
        elif not self._windows.assumed and self._order.supposed and any(one.wrong for one in checks):
            # A guess is nobody's contract: it is the guess that is wrong, where nothing else is.
            self._facts = replace(self._facts, windows=())
            checks, unchecked = self._check()
            self._refuted = not any(one.wrong for one in checks)
        return checks, unchecked

    def _check(self) -> tuple[list[ClassCheck], Phrase | None]:
        spans: list[SpanEnergy] = []
        why = None
        for tariff in self._config.tariff:
            first, end = self._within(tariff)
            if first >= end:
                continue
            try:
                stretch = self._stretch(as_offer(tariff), first, end, self._own_facts(tariff))
            except NotComputable as error:
                why = error.phrase
                continue
            if stretch.unknown:
                why = self._why(stretch.offer, stretch.unknown)
            bounds = [*(one.begin for one in stretch.spans), stretch.spans[-1].end]
            counted = self._house.classes(bounds)
            # What was drawn in a silence is shared out by time, and says nothing of the hours in which it was.
            sure = self._known.keys() - stretch.unknown - stretch.silent
            spans += [
                SpanEnergy(one.day, one.word, wh, classes)
                for one, wh, classes in zip(stretch.spans, stretch.wh, counted, strict=True)
                if one.word is not None and one.day in sure
            ]
        told = telling(spans)
        if spans and not told and why is None:
            why = _ONE_INDEX
        return class_checks(told), why

    def _within(self, tariff: Tariff) -> tuple[date, date]:
        # An `until` of 9999-12-31 has no day after it.
        until = tariff.until
        end = self.end if until is None or until >= self.end else until + _ONE
        return max(self.first, tariff.since), end

    def _own_facts(self, tariff: Tariff) -> HouseFacts:
        hours = tuple(map(minutes_of, tariff.chosen_hours)) or self._facts.hours
        return replace(self._facts, weekday=tariff.weekday or self._facts.weekday, hours=hours)

    # ---- any offer ------------------------------------------------------------------------------------------------

    def _stretches(self, file: OfferFile | None) -> list[_Stretch]:
        """An offer on all days; one's own contract, with each day's own prices, as it changed."""
        if file is not None:
            found = [self._stretch(file.offer, self.first, self.end, self._facts)]
        elif self._order.dated:
            spans = [(tariff, *self._within(tariff)) for tariff in self._config.tariff]
            found = [
                self._stretch(as_offer(tariff), first, end, self._own_facts(tariff))
                for tariff, first, end in spans
                if first < end
            ]
        else:
            tariff = self._newest_tariff()
            found = [self._stretch(as_offer(tariff), self.first, self.end, self._own_facts(tariff))]
        if not found:
            raise NotComputable(_NO_PRICE_THEN.filled(count=len(self._known), days=len(self._known)))
        covered = {day for one in found for day in self._with_prices(one)}
        if missing := self._known.keys() - covered:
            # A day without a price is as unknown as one without a class.
            found[0].unknown |= missing
        return found

    def _newest_tariff(self) -> Tariff:
        begun = [one for one in self._config.tariff if one.since <= self._today]
        return max(begun or self._config.tariff, key=lambda one: one.since)

    def _with_prices(self, one: _Stretch) -> set[date]:
        dates = {span.day for span in one.spans}
        if not self._order.dated:
            return dates
        return {day for day in dates if any(price.holds(day) for price in one.offer.price)}

    def _stretch(self, offer: SupplierOffer, first: date, end: date, facts: HouseFacts) -> _Stretch:
        weekday, hours = offer.chooses
        if weekday and facts.weekday is None:
            raise NotComputable(_WHICH_DAY)
        if hours and facts.hours is None:
            raise NotComputable(_WHICH_HOURS)
        begins, _ = minutes_of(f"{offer.day_begins}/24:00")
        besides = self._order.shift[1] if self._order.shift else ()
        spans = list(
            class_spans(offer.when, first, end, facts, day_begins=begins, lists=offer.days_of, besides=besides)
        )
        if not spans:
            raise NotComputable(_NO_DAYS)
        energy = self._metered.between([*(one.begin for one in spans), spans[-1].end], self._own)
        unknown = {one.day for one in spans if one.word is None}
        silent = frozenset(one.day for one in spans if energy.silences & {one.begin, one.end})
        return _Stretch(offer, spans, unknown, energy.wh, energy.shared, silent)

    def _common(self, found: Sequence[Sequence[_Stretch]]) -> set[date]:
        """The days that every offer knows, of those that know enough."""
        common = set(self._known)
        for stretches in found:
            if (unknown := self._unknown(stretches)) is not None:
                common -= unknown
        return common

    def _unknown(self, stretches: Sequence[_Stretch]) -> set[date] | None:
        """The days that an offer does not know; None where they are too many."""
        unknown = {day for one in stretches for day in one.unknown if day in self._known}
        return unknown if len(unknown) <= (1 - _LEAST_KNOWN) * len(self._known) else None

    def _why(self, offer: SupplierOffer, unknown: Collection[date]) -> Phrase:
        """Why an offer does not know the class, or the price, of days."""
        facts = {"count": len(unknown), "days": len(self._known)}
        if any(rule.hours == METER for rule in offer.when) and any(
            self._facts.windows_of(day) is None for day in unknown
        ):
            return _NO_WINDOWS.filled(**facts)
        if any(rule.colour for rule in offer.when) and any(
            {day, day - _ONE} - self._facts.colours.keys() for day in unknown
        ):
            return _NO_COLOURS.filled(**facts)
        return (_NO_LIST if offer.days_of else _NO_PRICE_THEN).filled(**facts)

    def _compared(
        self, file: OfferFile | None, found: list[_Stretch] | NotComputable, common: Collection[date]
    ) -> ComparedOffer:
        own = self._newest_tariff() if file is None else None
        name, checked = (
            (own.name, own.checked) if own else (file.offer.name, file.offer.checked) if file else ("", None)
        )
        old = checked is not None and self._today - checked > _OLD
        if isinstance(found, NotComputable):
            return ComparedOffer(name, file, checked, old=old, why=found.phrase)
        unknown = {day for one in found for day in one.unknown if day in self._known}
        if self._unknown(found) is None:
            return ComparedOffer(
                name, file, checked, old=old, why=self._why(found[0].offer, unknown), left_out=len(unknown)
            )
        of = None if self._order.dated else newest_day(found[0].offer, self._today)
        try:
            months, saved = self._priced(found, common, of)
        except NotComputable as error:
            return ComparedOffer(name, file, checked, old=old, why=error.phrase)
        since = next((one.since for one in found[0].offer.price if of and one.holds(of)), None)
        if not months:
            return ComparedOffer(name, file, checked, since, old=old, why=_NO_DAYS)
        shared = sum(one.shared for one in found)
        return ComparedOffer(name, file, checked, since, old, None, tuple(months), len(unknown), shared, saved)

    def _priced(
        self, found: Sequence[_Stretch], common: Collection[date], of: date | None
    ) -> tuple[list[OfferMonth], tuple[Fraction, int] | None]:
        months: dict[date, list[OfferMonth]] = {}
        spared, wh = Fraction(0), 0
        for one in found:
            days = {span.day for span in one.spans} & set(common)
            prices, parts = OfferPrices(one.offer, self._power, of), one.parts(days)
            known = offer_months(parts, days, prices)
            for month in known:
                months.setdefault(month.first, []).append(month)
            if self._order.shift:
                other, more = moved(parts, prices, self._order.shift[0])
                after = offer_months(other, days, prices)
                spared += year_of(known).total - year_of(after).total if known else 0
                wh += more
        found_months = [year_of(several) for _, several in sorted(months.items())]
        return found_months, (spared, wh) if self._order.shift else None
