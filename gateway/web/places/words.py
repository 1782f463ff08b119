"""What the page *places* says, in French and in English; it shares the words of periods and tables with *history*."""

from __future__ import annotations

from gateway.balance.equivalence import APPLIANCES, EQUIVALENTS
from gateway.web.history import words as history_words
from gateway.words.phrase import Phrase
from gateway.words.table import WordTable

# Of the history's those that stand on this page, too.
_SHARED = (
    "period day week previous next last_known last_day date show values time bad_day bad_choice bad_table store_fault"
    " download csv_half-hours csv_parts csv_fr csv_en local_time utc_time remark in_part is_estimated".split()
)

_OWN = WordTable(
    {
        "places": "Compare places",
        "for_places": "A school, a home, a roof side by side, for a day or a week",
        "bad_places_period": "That period is not available: choose day or week.",
        "places_intro": "All places on the same scale: {axis}.",
        "places_unit": "Show in",
        "places_view": "Charts",
        "view_apart": "one below the other",
        "view_together": "in one chart",
        "places_screen": "For the class-room screen",
        "places_class": "For teachers",
        "places_leave": "Leave full screen",
        "places_one": (
            "There is only one place here so far. Others appear beside it when a school, a neighbour or a shared roof"
            " shares its readings with you; ask them to."
        ),
        "places_empty": "Nothing is stored yet: this page fills in as soon as a meter sends data.",
        "kind_home": Phrase("Home", "kind of place"),
        "kind_school": Phrase("School", "kind of place"),
        "kind_hall": Phrase("Town hall or community hall", "kind of place"),
        "kind_office": Phrase("Office or workshop", "kind of place"),
        "kind_roof": Phrase("Solar roof", "kind of place"),
        "kind_other": Phrase("Other", "kind of place"),
        "of_area": "{n} m²",
        "place_consumed": Phrase("what it uses", "of a place"),
        "place_produced": Phrase("what it produces", "of a place"),
        "option_kwh": "Energy (kWh)",
        "option_w": "Power (W)",
        "option_person": "Energy per person (Wh)",
        "option_m2": "Energy per m² (Wh)",
        "axis_kwh": "kWh per half hour",
        "axis_w": "average power of each half hour, in W",
        "axis_person": "Wh per person, per half hour",
        "axis_m2": "Wh per m², per half hour",
        "axis_things": "{things} ({watts} W each)",
        "short_kwh": "kWh",
        "short_w": "W",
        "short_person": "Wh",
        "short_m2": "Wh",
        "amount_kwh": "{n} kWh",
        "amount_w": "{n} W",
        "amount_person": "{n} Wh per person",
        "amount_m2": "{n} Wh per m²",
        "amount_bulb": "{n} × light bulb",
        "amount_heater": "{n} × electric heater",
        "amount_kettle": "{n} × kettle",
        "place_total": Phrase("In all", "of a place"),
        "place_mean": Phrase("On average", "of a place"),
        "place_highest": Phrase("Highest", "of a place"),
        "place_lowest": Phrase("Lowest", "of a place"),
        "amount_at": "{amount}, {when}",
        "place_like": "as much as {n} {things}",
        "place_unknown": "Unknown: {spans}.",
        "day_end": Phrase("midnight", "end of a day"),
        "more_spans": "and at other times",
        "place_nothing": "Nothing is known of this place for this period.",
        "place_silent": "Nothing from {names} for this period: without it, the place is unknown.",
        "place_untold": (
            "What the panels produce is counted, but no meter here tells what goes to the grid: how much was used is"
            " unknown."
        ),
        "place_uncounted": (
            "Several homes give to the grid here, and some panels have no counter: what was produced and used is"
            " unknown. As a place of its own each home can be known."
        ),
        "place_estimated": "Dashed: estimated from the readings before and after.",
        "some_estimated": "Some half hours are estimated.",
        "lacks_people": "How many people there are here is not stated.",
        "lacks_area": "How many square metres there are here is not stated.",
        "places_all": Phrase("Whole period", "row of a table"),
        "places_partly": "* part of this time is not known.",
        "short_day": Phrase("Day", "column of a table"),
        **{f"thing_{one.key}": one.name for one in (*APPLIANCES, *EQUIVALENTS)},
    }
)
WORDS = _OWN.with_those_of(history_words.WORDS, _SHARED)
