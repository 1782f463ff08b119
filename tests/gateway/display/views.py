"""What displays are told, for tests: the contract's object with some keys changed, and configurations."""

import json

from gateway.display.config import load
from gateway.display.state import DisplayedMoment, LiveMessage

STATUS, JSON, RELAYS = "linky/status", "linky/meter/house/json", "linky/meter/house/value/status/relays"

# A house in the evening.
HOUSE = {
    "version": 1, "meter": "house", "sequence": 7, "time": "2026-01-15T19:30:00Z", "age_s": 0.2, "stale": False,
    "mode": "standard", "drawn_va": 3450, "injected_va": 0, "subscribed_va": 6000, "tariff": "HP", "tariff_index": 2,
    "tariff_kind": "peak", "tempo_today": "unknown", "tempo_tomorrow": "unknown", "overload": False,
    "breaker": "closed", "injecting": False, "drawn_today_wh": 9120, "drawn_yesterday_wh": 14800,
    "injected_today_wh": None, "produced_today_wh": None, "self_consumed_today_wh": None,
    "cost_today_cents": 231, "broken": [], "alert": False,
}  # fmt: skip
SUN = {"drawn_va": 0, "injected_va": 1280, "injecting": True, "injected_today_wh": 2300, "produced_today_wh": 6100}


def said(**changed):
    """The payload of the topic ``json``."""
    return json.dumps(HOUSE | changed).encode()


def view(fault=None, *, age_s=0.2, live=None, contacts=None, **changed):
    """What is known when that was said."""
    fields = {key: value for key, value in (HOUSE | changed).items() if key in LiveMessage.__struct_fields__}
    return DisplayedMoment(LiveMessage(**fields), fault, age_s, fault is None if live is None else live, contacts)


NOTHING = DisplayedMoment(None, "waiting")


def configuration(folder, text):
    """A checked configuration file of this text."""
    file = folder / "display.toml"
    file.write_text(text)
    return load(file)
