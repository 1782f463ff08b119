"""The contract's topics and objects: stable names, every key always there, no address of a recipient."""

import json
from dataclasses import replace
from pathlib import Path

from gateway.live import compact, topics
from gateway.live.meter import LiveMeter

README = Path(topics.__file__).with_name("README.md")


def test_both_frames_of_a_meter_say_the_same(snapshot):
    """What fits into 40 bytes is what the JSON object says."""
    text, data = topics.frames(snapshot)
    assert (text.topic, data.topic) == ("linky/meter/house/json", "linky/meter/house/compact")
    said, short = json.loads(text.payload), compact.decode(data.payload)
    for key in ("sequence", "drawn_va", "subscribed_va", "drawn_today_wh", "produced_today_wh", "tariff_index"):
        assert said[key] == getattr(short, key), key
    assert said["tariff_kind"] == compact.TARIFFS[short.tariff]
    assert (said["tempo_today"], said["tempo_tomorrow"]) == (
        compact.COLOURS[short.today],
        compact.COLOURS[short.tomorrow],
    )
    assert said["broken"] == [name for bit, name in enumerate(compact.LINKS) if short.broken >> bit & 1][::-1]
    assert short.flags == compact.STANDARD_MODE | compact.ALERT


def test_every_key_is_there_before_anything_is_known():
    """A maker's program never meets a missing key; what has never been heard is stale."""
    nothing = topics.as_json(LiveMeter("house").snapshot(0))
    assert nothing["stale"] is True
    assert nothing["drawn_va"] is None
    assert compact.decode(compact.encode(topics.as_compact(LiveMeter("house").snapshot(0)))).flags == compact.STALE


def test_the_json_of_the_document_is_true(snapshot):
    """The object in README.md is the example's, and every key of it is explained."""
    text = README.read_text(encoding="utf-8")
    said = topics.frames(snapshot)[0].payload.decode()
    shown = text.partition("```json\n")[2].partition("```")[0]
    assert json.loads(shown) == json.loads(said)
    for key in topics.as_json(snapshot):
        assert f"`{key}`" in text, key


def test_an_open_breaker_an_overload_and_an_injection_are_flags(snapshot):
    """Each has a bit of its own."""
    told = topics.as_compact(replace(snapshot, breaker="overpower", overload=True, injecting=True, age_s=11.0))
    for flag in (compact.BREAKER_OPEN, compact.OVERLOAD, compact.INJECTING, compact.STALE):
        assert told.flags & flag


def test_a_link_without_a_bit_is_other(snapshot):
    """A counter that is broken is said to a display that knows no counters."""
    assert topics.as_compact(replace(snapshot, broken=("counter", "port"))).broken == 0b1000_0001


def test_who_knows_no_time_zone_is_told_hours_by_the_clock_of_the_house():
    """Until when the tariff counts and when the next off-peak hours begin; nothing where nobody knows."""
    told = {"contract/tariff/until": "2026-01-15T21:00:00Z", "contract/off-peak/next": "2026-07-15T21:30:00Z"}
    shown = {m.topic: m.payload for m in topics.values("house", told)}
    assert shown["linky/meter/house/until"] == b"22:00"
    assert shown["linky/meter/house/off-peak"] == b"23:30"
    gone = {m.topic: m.payload for m in topics.values("house", dict.fromkeys(told, "unknown"))}
    assert gone["linky/meter/house/until"] == gone["linky/meter/house/off-peak"] == b""


def test_what_the_day_costs_has_a_topic_of_its_own():
    """Cents, also of a day that earns; empty where nobody knows."""
    known = [topics.cost_today("house", cents) for cents in (231, -4, 0, None)]
    assert {one.topic for one in known} == {"linky/meter/house/cost-today"}
    assert [one.payload for one in known] == [b"231", b"-4", b"0", b""]


def test_topics_of_values_links_and_alerts():
    """Each has its place, and says it in the words that a person would write."""
    told = {"consumption/power/apparent/raw": 750, "contract/tariff": "HC..", "power/active/estimate": None}
    values = topics.values("house", told)
    assert [(m.topic, m.payload) for m in values] == [
        ("linky/meter/house/value/consumption/power/apparent/raw", b"750"),
        ("linky/meter/house/value/contract/tariff", b"HC.."),
        # What is not known any more is taken away.
        ("linky/meter/house/value/power/active/estimate", b""),
    ]
    assert topics.links({"port house": "ok"}) == [topics.RetainedMessage("linky/link/port/house", b"ok")]
    assert topics.alert("meter house", {"fr": "Muet."}).payload == b'{"fr":"Muet."}'
    assert topics.alert("store", {}).payload == b"{}"
    assert topics.alert("counter old", None).payload == b""
