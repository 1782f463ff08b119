"""What happened to a meter, for a person, in French and in English: one line an event, on the clock of the house."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from gateway.store.labels import label_of
from gateway.store.local_time import local_second, local_time
from gateway.words.phrase import Phrase, joined, same

if TYPE_CHECKING:
    from gateway.store.points import StoredEvent

KINDS = {
    "state-known": Phrase("state read for the first time"),
    "tariff-changed": Phrase("tariff changed"),
    "tempo-today": Phrase("Tempo colour of the day"),
    "tempo-tomorrow": Phrase("Tempo colour of tomorrow"),
    "peak-announced": Phrase("mobile peak announced"),
    "peak-begun": Phrase("mobile peak begun"),
    "peak-ended": Phrase("mobile peak ended"),
    "ejp-notice": Phrase("EJP notice"),
    "overload-begun": Phrase("overload begun"),
    "overload-ended": Phrase("overload ended"),
    "breaker-opened": Phrase("breaker opened"),
    "breaker-closed": Phrase("breaker closed"),
    "contact-switched": Phrase("dry contact switched"),
    "relay-switched": Phrase("virtual contact switched"),
    "cover-opened": Phrase("terminal cover opened"),
    "cover-closed": Phrase("terminal cover closed"),
    "direction-changed": Phrase("direction of the current changed"),
    "clock-degraded": Phrase("meter’s clock is unsure"),
    "clock-recovered": Phrase("meter’s clock is sure again"),
    "message-received": Phrase("message of the distributor"),
    "mode-switched": Phrase("mode of the meter changed"),
    "contract-changed": Phrase("contract changed"),
    "index-step": Phrase("index jumped"),
    "index-fell": Phrase("index fell"),
    "roll-over": Phrase("index rolled over"),
    "meter-replaced": Phrase("meter replaced"),
    "out-of-range": Phrase("impossible value"),
    "port-changed": Phrase("cable plugged into another port"),
    "clock-wrong": Phrase("meter’s clock is wrong"),
    "clock-right": Phrase("meter’s clock is right again"),
    "shortage": Phrase("room or memory"),
    "index-set-by-hand": Phrase("index set by hand"),
    "off-peak-moved": Phrase("off-peak hours have moved"),
    "off-peak-season": Phrase("off-peak hours of the season"),
    "off-peak-changed": Phrase("off-peak hours are others"),
    "off-peak-today": Phrase("off-peak hours of the day"),
    "profile-hours": Phrase("hours of the meter’s profiles"),
    "profile-contradicted": Phrase("the meter’s profile is not what counts"),
}
_VALUES = {
    "open": Phrase("open"),
    "closed": Phrase("closed"),
    "good": Phrase("good"),
    "degraded": Phrase("degraded"),
    "standard": Phrase("standard"),
    "historic": Phrase("historic"),
    "BLEU": Phrase("blue"),
    "BLAN": Phrase("white"),
    "ROUG": Phrase("red"),
    "overpower": Phrase("overpower"),
    "overvoltage": Phrase("overvoltage"),
    "load-shedding": Phrase("load shedding"),
    "order": Phrase("by order"),
    "overheating": Phrase("overheating"),
    "overheating-high-current": Phrase("overheating, high current"),
    "undefined": Phrase("undefined"),
    "disk": Phrase("the card"),
    "memory": Phrase("memory"),
    "processor": Phrase("the processor"),
    "link": Phrase("the link"),
    "nothing": Phrase("nothing, everything is kept"),
    "raw": Phrase("raw values"),
    "minutes": Phrase("minutes"),
    "half_hours": Phrase("half hours"),
    "decimal": Phrase("decimal"),
    "hexadecimal": Phrase("hexadecimal"),
    "undecided": Phrase("undecided"),
    "none": Phrase("none"),
    "no-decimal-hour": Phrase("an hour that is none in decimal"),
    "no-hexadecimal-hour": Phrase("an hour that is none in hexadecimal"),
    "tempo-hours": Phrase("as Tempo changes at 6 and 22"),
    "eight-off-peak-hours": Phrase("as off-peak hours are eight a day"),
    "change-seen": Phrase("as it came true"),
    "nothing-yet": Phrase("nothing decides it yet"),
}
_FACTS = {
    "number": Phrase("no. {value}"),
    "begin": Phrase("from {value}"),
    "end": Phrase("to {value}"),
    "drift_s": Phrase("off by {value} s"),
    "meter": Phrase("meter {value}"),
    "port": Phrase("port of {value}"),
    "of": Phrase("short of: {value}"),
    "given_up": Phrase("given up: {value}"),
    "more": Phrase("and {value} more times before"),
    "since": Phrase("since {value}"),
    "reason": same("{value}"),
    "index": Phrase("index {value} counts"),
    "contradictions": Phrase("{value} times so far"),
}
# Their names say which series it is.
_SAYS_IT_ALL = frozenset(kind for kind in KINDS if not kind.startswith(("index-", "roll-", "out-", "message-")))


def event_in_words(event: StoredEvent) -> Phrase:
    """When, which meter, what happened, to which of its series, and how it was before and is now."""
    parts = [local_second(event.time), same(event.meter), KINDS.get(event.kind, same(event.kind))]
    if event.series and event.kind not in _SAYS_IT_ALL:
        parts.append(label_of(event.series))
    return joined("  ", [*parts, _facts(event.detail)])


def _facts(detail: dict[str, object]) -> Phrase:
    facts = {name: value for name, value in detail.items() if value is not None}
    before, after = facts.pop("before", None), facts.pop("after", None)
    said = []
    if before is not None and after is not None:
        said.append(same("{was} → {now}").filled(was=_value(before), now=_value(after)))
    elif before is not None or after is not None:
        said.append(_value(after if before is None else before))
    for name, value in facts.items():
        said.append(_FACTS.get(name, same(f"{name} {{value}}")).filled(value=_value(value)))
    return joined(", ", said)


def _value(value: object) -> Phrase:
    text = " ".join(str(value).split())
    if text in _VALUES:
        return _VALUES[text]
    try:
        moment = datetime.fromisoformat(text) if "T" in text else None
    except ValueError:
        moment = None
    return local_time(moment.timestamp()) if moment and moment.tzinfo else same(text)
