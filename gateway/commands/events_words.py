"""What happened to a meter, for a person, in French and in English: one line an event, on the clock of the house."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from gateway.language import Phrase, joined, same
from gateway.store.labels import label_of
from gateway.store.local_time import local_second, local_time

if TYPE_CHECKING:
    from gateway.store.points import Event

KINDS = {
    "state-known": Phrase("première lecture de l’état", "state read for the first time"),
    "tariff-changed": Phrase("changement de tarif", "tariff changed"),
    "tempo-today": Phrase("couleur Tempo du jour", "Tempo colour of the day"),
    "tempo-tomorrow": Phrase("couleur Tempo de demain", "Tempo colour of tomorrow"),
    "peak-announced": Phrase("pointe mobile annoncée", "mobile peak announced"),
    "peak-begun": Phrase("début de la pointe mobile", "mobile peak begun"),
    "peak-ended": Phrase("fin de la pointe mobile", "mobile peak ended"),
    "ejp-notice": Phrase("préavis EJP", "EJP notice"),
    "overload-begun": Phrase("dépassement de puissance", "overload begun"),
    "overload-ended": Phrase("fin du dépassement", "overload ended"),
    "breaker-opened": Phrase("disjoncteur ouvert", "breaker opened"),
    "breaker-closed": Phrase("disjoncteur fermé", "breaker closed"),
    "contact-switched": Phrase("contact sec basculé", "dry contact switched"),
    "relay-switched": Phrase("contact virtuel basculé", "virtual contact switched"),
    "cover-opened": Phrase("cache-bornes ouvert", "terminal cover opened"),
    "cover-closed": Phrase("cache-bornes fermé", "terminal cover closed"),
    "direction-changed": Phrase("sens du courant changé", "direction of the current changed"),
    "clock-degraded": Phrase("horloge du compteur peu sûre", "meter’s clock is unsure"),
    "clock-recovered": Phrase("horloge du compteur à nouveau sûre", "meter’s clock is sure again"),
    "message-received": Phrase("message du distributeur", "message of the distributor"),
    "mode-switched": Phrase("mode du compteur changé", "mode of the meter changed"),
    "contract-changed": Phrase("contrat changé", "contract changed"),
    "index-step": Phrase("saut de l’index", "index jumped"),
    "index-fell": Phrase("index en baisse", "index fell"),
    "roll-over": Phrase("index revenu à zéro", "index rolled over"),
    "meter-replaced": Phrase("compteur remplacé", "meter replaced"),
    "out-of-range": Phrase("valeur impossible", "impossible value"),
    "port-changed": Phrase("câble branché à un autre port", "cable plugged into another port"),
    "clock-wrong": Phrase("horloge du compteur fausse", "meter’s clock is wrong"),
    "clock-right": Phrase("horloge du compteur à nouveau juste", "meter’s clock is right again"),
    "shortage": Phrase("place ou mémoire", "room or memory"),
    "index-set-by-hand": Phrase("index saisi à la main", "index set by hand"),
}
_VALUES = {
    "open": Phrase("ouvert", "open"),
    "closed": Phrase("fermé", "closed"),
    "good": Phrase("juste", "good"),
    "degraded": Phrase("peu sûre", "degraded"),
    "standard": Phrase("standard", "standard"),
    "historic": Phrase("historique", "historic"),
    "BLEU": Phrase("bleu", "blue"),
    "BLAN": Phrase("blanc", "white"),
    "ROUG": Phrase("rouge", "red"),
    "overpower": Phrase("surpuissance", "overpower"),
    "overvoltage": Phrase("surtension", "overvoltage"),
    "load-shedding": Phrase("délestage", "load shedding"),
    "order": Phrase("sur ordre", "by order"),
    "overheating": Phrase("surchauffe", "overheating"),
    "overheating-high-current": Phrase("surchauffe, courant trop fort", "overheating, high current"),
    "undefined": Phrase("non défini", "undefined"),
    "disk": Phrase("la carte", "the card"),
    "memory": Phrase("la mémoire", "memory"),
    "processor": Phrase("le processeur", "the processor"),
    "link": Phrase("la liaison", "the link"),
    "nothing": Phrase("rien, tout est gardé", "nothing, everything is kept"),
    "raw": Phrase("valeurs à la seconde", "raw values"),
    "minutes": Phrase("valeurs à la minute", "minutes"),
    "half_hours": Phrase("demi-heures", "half hours"),
}
_FACTS = {
    "number": Phrase("n° {}", "no. {}"),
    "begin": Phrase("de {}", "from {}"),
    "end": Phrase("à {}", "to {}"),
    "drift_s": Phrase("écart {} s", "off by {} s"),
    "meter": Phrase("compteur {}", "meter {}"),
    "port": Phrase("port de {}", "port of {}"),
    "of": Phrase("manque : {}", "short of: {}"),
    "given_up": Phrase("plus gardé : {}", "given up: {}"),
    "more": Phrase("et {} fois de plus avant", "and {} more times before"),
}
# Their names say which series it is.
_SAYS_IT_ALL = frozenset(kind for kind in KINDS if not kind.startswith(("index-", "roll-", "out-", "message-")))


def event_in_words(event: Event) -> Phrase:
    """When, which meter, what happened, to which of its series, and how it was before and is now."""
    parts = [local_second(event.time), same(event.meter), KINDS.get(event.kind, same(event.kind))]
    if event.series and event.kind not in _SAYS_IT_ALL:
        parts.append(Phrase(*label_of(event.series)))
    return joined("  ", [*parts, _facts(event.detail)])


def _facts(detail: dict[str, object]) -> Phrase:
    facts = {name: value for name, value in detail.items() if value is not None}
    before, after = facts.pop("before", None), facts.pop("after", None)
    said = []
    if before is not None and after is not None:
        said.append(Phrase("{was} → {now}", "{was} → {now}").filled(was=_value(before), now=_value(after)))
    elif before is not None or after is not None:
        said.append(_value(after if before is None else before))
    for name, value in facts.items():
        form, text = _FACTS.get(name, same(f"{name} {{}}")), _value(value)
        said.append(Phrase(form.fr.format(text.fr), form.en.format(text.en)))
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
