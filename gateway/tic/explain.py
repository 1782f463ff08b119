"""``decode --explain``: what the codes of a frame's groups mean, for a program (``state``) and for a person (``text``).

The names of the labels come from the table, in English and in French; what a code means from ``gateway.tic.states``,
``profile`` and ``industrial``. Only groups that may be believed and that have a meaning beyond their number are there.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from gateway.tic.hours import HourDecision, HourReason, decide
from gateway.tic.industrial import parse_amount, parse_jaune, parse_local
from gateway.tic.labels import Label, check, lookup
from gateway.tic.profile import READINGS, ContactOrder, HourBase, ProfileBlock, parse_profile
from gateway.tic.reading import parse_horodate
from gateway.tic.states import (
    Breaker,
    Colour,
    Euridis,
    PowerLine,
    StatusRegister,
    parse_option,
    parse_phases,
    parse_register,
    parse_relays,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gateway.tic.frame import Frame, Group

# English, French.
Text = tuple[str, str]
Meaning = tuple[object, Text]

_NOBODY = ("", "")

# Without the host's clock the repeated hour of autumn is taken as the first one, and said not to be sure.
_NEVER = datetime.min.replace(tzinfo=UTC)

_BREAKER: dict[Breaker, Text] = {
    Breaker.CLOSED: ("breaker closed", "organe de coupure fermé"),
    Breaker.OVERPOWER: ("breaker open: overpower", "organe de coupure ouvert : surpuissance"),
    Breaker.OVERVOLTAGE: ("breaker open: overvoltage", "organe de coupure ouvert : surtension"),
    Breaker.LOAD_SHEDDING: ("breaker open: load shedding", "organe de coupure ouvert : délestage"),
    Breaker.ORDER: ("breaker open: by order", "organe de coupure ouvert : sur ordre"),
    Breaker.OVERHEATING_HIGH_CURRENT: (
        "breaker open: overheating, current above what it may switch",
        "organe de coupure ouvert : surchauffe, courant supérieur au courant de commutation maximal",
    ),
    Breaker.OVERHEATING: ("breaker open: overheating", "organe de coupure ouvert : surchauffe"),
    Breaker.UNDEFINED: ("breaker: undefined", "organe de coupure : non défini"),
}
_COLOUR: dict[Colour, Text] = {
    Colour.UNKNOWN: ("not known", "inconnue"),
    Colour.BLUE: ("blue", "bleu"),
    Colour.WHITE: ("white", "blanc"),
    Colour.RED: ("red", "rouge"),
}
_EURIDIS: dict[Euridis, Text] = {
    Euridis.OFF: ("Euridis off", "Euridis désactivée"),
    Euridis.UNSECURED: ("Euridis on, without security", "Euridis activée sans sécurité"),
    Euridis.SECURED: ("Euridis on, with security", "Euridis activée avec sécurité"),
    Euridis.UNDEFINED: ("Euridis: undefined", "Euridis : non défini"),
}
_POWER_LINE: dict[PowerLine, Text] = {
    PowerLine.UNLOCKED: ("power line new, unlocked", "CPL nouveau, non verrouillé"),
    PowerLine.LOCKED: ("power line new, locked", "CPL nouveau, verrouillé"),
    PowerLine.REGISTERED: ("power line registered", "CPL enregistré"),
    PowerLine.UNDEFINED: ("power line: undefined", "CPL : non défini"),
}
_CONTACT: dict[ContactOrder, Text] = {
    ContactOrder.LEAVE: ("contact unchanged", "contact inchangé"),
    ContactOrder.TEMPO: ("contact as the Tempo programme says", "contact selon le programme Tempo"),
    ContactOrder.OPEN: ("contact opens", "contact ouvert"),
    ContactOrder.CLOSE: ("contact closes", "contact fermé"),
}
_PERIOD: dict[str, Text] = {
    "TH..": ("all hours", "toutes les heures"),
    "HC..": ("off-peak hours", "heures creuses"),
    "HP..": ("peak hours", "heures pleines"),
    "HN..": ("normal hours", "heures normales"),
    "PM..": ("mobile peak hours", "heures de pointe mobile"),
    "HCJB": ("off-peak hours, blue day", "heures creuses, jour bleu"),
    "HCJW": ("off-peak hours, white day", "heures creuses, jour blanc"),
    "HCJR": ("off-peak hours, red day", "heures creuses, jour rouge"),
    "HPJB": ("peak hours, blue day", "heures pleines, jour bleu"),
    "HPJW": ("peak hours, white day", "heures pleines, jour blanc"),
    "HPJR": ("peak hours, red day", "heures pleines, jour rouge"),
}
_OPTION: dict[str, Text] = {
    "base": ("base", "base"),
    "hc": ("peak and off-peak hours", "heures creuses"),
    "ejp": ("EJP", "EJP"),
    "tempo": ("Tempo", "Tempo"),
}


def explain(frame: Frame) -> dict[str, dict[str, object]]:
    """Label -> its name (``en``, ``fr``), its ``state`` as plain JSON, and the same in words (``text``).

    Units are those of SenML, times UTC; groups that are refused or have nothing to explain are left out.
    """
    told = {}
    hours = _hours(frame)
    for group in frame.groups:
        row = lookup(frame.mode, group.label)
        meaning = _meaning(row, group, hours) if row and check(frame.mode, group) is None else None
        if row and meaning:
            state, (en, fr) = meaning
            told[group.label] = {"en": row.en, "fr": row.fr, "state": state, "text": {"en": en, "fr": fr}}
    return told


def _hours(frame: Frame) -> HourDecision:
    """In which base the hours of its profiles are, as far as this frame alone decides it."""
    said = {group.label: group.data for group in frame.groups if check(frame.mode, group) is None}
    names = said.get("NGTF", "") + said.get("LTARF", "")
    tempo = any(word in names.upper() for word in ("TEMPO", "BLEU", "BLANC", "ROUGE"))
    return decide([said[label] for label in _PROFILES if label in said], tempo=tempo)


def _meaning(row: Label, group: Group, hours: HourDecision) -> Meaning | None:
    if group.label in _PROFILES:
        return _profile(group, hours)
    if row.meter:
        by_charset = _INDUSTRIAL.get(row.charset)
        return by_charset(group.data, row.unit) if by_charset else None
    by_label = _DOMESTIC.get(group.label.rstrip("123") if group.label[:4] in _NUMBERED else group.label)
    return by_label(group) if by_label else None


def _join(texts: Iterable[Text], separator: str = "; ") -> Text:
    pairs = [text for text in texts if text != _NOBODY]
    return separator.join(en for en, _ in pairs), separator.join(fr for _, fr in pairs)


def _register(group: Group) -> Meaning | None:
    register = parse_register(group.data)
    return (register.as_json(), _join(_register_texts(register))) if register else None


def _register_texts(said: StatusRegister) -> list[Text]:
    """The register in words; what is as it nearly always is, and nobody's concern, is left out."""
    supplier, distributor, notice, running = (
        str(n) for n in (said.supplier_index, said.distributor_index, said.peak_notice, said.peak_running)
    )
    tempo = {said.tempo_today, said.tempo_tomorrow} != {Colour.UNKNOWN}
    today, tomorrow = _COLOUR[said.tempo_today], _COLOUR[said.tempo_tomorrow]
    return [
        ("contact closed", "contact fermé") if said.contact_closed else ("contact open", "contact ouvert"),
        _BREAKER[said.breaker],
        ("cover open", "cache-bornes ouvert") if said.cover_open else ("cover closed", "cache-bornes fermé"),
        ("overvoltage", "surtension") if said.overvoltage else _NOBODY,
        ("reference power exceeded", "puissance de référence dépassée") if said.overload else _NOBODY,
        ("producer", "producteur") if said.producer else ("consumer", "consommateur"),
        ("injecting", "injection") if said.injecting else ("drawing", "soutirage"),
        (f"supplier index {supplier}", f"index fournisseur {supplier}"),
        (f"distributor index {distributor}", f"index distributeur {distributor}"),
        ("clock degraded", "horloge dégradée") if said.clock_degraded else ("clock good", "horloge correcte"),
        ("standard mode", "mode standard") if said.standard_mode else ("historic mode", "mode historique"),
        _EURIDIS[said.euridis],
        _POWER_LINE[said.power_line],
        ("power line synchronised", "CPL synchronisé") if said.power_line_synchronised else _NOBODY,
        (f"Tempo today {today[0]}", f"Tempo aujourd'hui {today[1]}") if tempo else _NOBODY,
        (f"Tempo tomorrow {tomorrow[0]}", f"Tempo demain {tomorrow[1]}") if tempo else _NOBODY,
        (f"notice of mobile peak {notice}", f"préavis de pointe mobile {notice}") if said.peak_notice else _NOBODY,
        (f"mobile peak {running} running", f"pointe mobile {running} en cours") if said.peak_running else _NOBODY,
    ]


def _relays(group: Group) -> Meaning | None:
    relays = parse_relays(group.data)
    if relays is None:
        return None
    closed = [number for number, is_closed in enumerate(relays, start=1) if is_closed]
    numbers = ", ".join(map(str, closed))
    text = (f"closed: {numbers}", f"fermés : {numbers}") if closed else ("all open", "tous ouverts")
    return {"closed": closed}, text


def _profile(group: Group, hours: HourDecision) -> Meaning | None:
    """The blocks; each hour in both bases where nobody can tell which one the meter writes."""
    if (blocks := parse_profile(group.data, hours.base)) is not None:
        text = _join((_DECIDED[hours.reason], _join(_block_text(block, block.time) for block in blocks)), ": ")
        return [block.as_json() for block in blocks], text
    both = [parse_profile(group.data, base) for base in READINGS]
    if None in both:
        return None
    pairs = list(zip(*(blocks or () for blocks in both), strict=True))
    state = [_either(*pair) for pair in pairs]
    texts = [_block_text(one, f"{one.time}|{other.time}") for one, other in pairs]
    return state, _join((_DECIDED[hours.reason], _join(texts)), ": ")


def _either(decimal: ProfileBlock, hexadecimal: ProfileBlock) -> dict[str, object]:
    readings = {HourBase.DECIMAL.value: decimal.time, HourBase.HEXADECIMAL.value: hexadecimal.time}
    return decimal.as_json() | {"from": None} | readings


def _block_text(block: ProfileBlock, time: str) -> Text:
    index = (f"index {block.index}",) * 2 if block.index else ("index unchanged", "index inchangé")
    numbers = ", ".join(map(str, block.virtual))
    virtual = (f"virtual contacts {numbers} closed", f"contacts virtuels {numbers} fermés") if numbers else _NOBODY
    texts = _join((index, _CONTACT[block.contact], virtual), ", ")
    return f"{time} {texts[0]}", f"{time} {texts[1]}"


def _peak(group: Group) -> Meaning | None:
    horodate = parse_horodate(group.horodate or "")
    if horodate is None:
        return None
    number, begins, time = group.label[-1], group.label.startswith("D"), _iso(horodate.time)
    en = f"mobile peak {number} {'begins' if begins else 'ends'} at {time}"
    fr = f"{'début' if begins else 'fin'} de la pointe mobile {number} : {time}"
    return {"peak": int(number), "time": time}, (en, fr)


def _option(group: Group) -> Meaning | None:
    option = parse_option(group.data)
    if option is None:
        return None
    en, fr = _OPTION[option.contract]
    if option.circuit_1:
        en += f", circuit 1 programme {option.circuit_1}, circuit 2 programme {option.circuit_2}"
        fr += f", circuit 1 programme {option.circuit_1}, circuit 2 programme {option.circuit_2}"
    return option.as_json(), (en, fr)


def _phases(group: Group) -> Meaning | None:
    phases = parse_phases(group.data)
    if phases is None:
        return None
    absent = [number for number, present in enumerate(phases, start=1) if not present]
    numbers = ", ".join(map(str, absent))
    text = (f"absent: phase {numbers}", f"absente : phase {numbers}")
    return {"absent": absent}, text if absent else ("all phases present", "toutes les phases présentes")


def _overload(group: Group) -> Meaning:
    amperes = int(group.data)
    return {"overload": True, "current": amperes}, (f"overload: {amperes} A", f"dépassement : {amperes} A")


def _notice(group: Group) -> Meaning:
    minutes = int(group.data)
    text = (f"EJP notice, {minutes} minutes, or EJP running", f"préavis EJP de {minutes} minutes, ou EJP en cours")
    return {"notice": minutes * 60}, text


def _message(group: Group) -> Meaning:
    text = " ".join(group.data.split())
    return (None, ("no message", "pas de message")) if text == "PAS DE MESSAGE" else (text, (text, text))


def _iso(time: datetime) -> str:
    return time.isoformat().replace("+00:00", "Z")


def _amount(data: str, unit: str) -> Meaning | None:
    amount = parse_amount(data, unit)
    if amount is None:
        return None
    cut = (" (truncated period)", " (période tronquée)") if amount.truncated else _NOBODY
    text = f"{amount.value} {amount.unit}"
    return asdict(amount), (text + cut[0], text + cut[1])


def _amounts(data: str, unit: str) -> Meaning:
    amounts = [amount for field in data.split(":") if (amount := parse_amount(field, unit))]
    state = {"values": [amount.value for amount in amounts], "unit": amounts[0].unit}
    text = ", ".join(f"{amount.value} {amount.unit}" for amount in amounts)
    return state, (text, text)


def _stamp(data: str, _unit: str) -> Meaning | None:
    local = parse_local(data[:17], _NEVER)
    if local is None:
        return None
    state = {"time": _iso(local.time), "sure": local.sure} | ({"tariff": data[18:].strip()} if data[18:] else {})
    return state, (_iso(local.time), _iso(local.time))


def _jaune(data: str, _unit: str) -> Meaning:
    said = parse_jaune(data)
    over = ("overload notice", "préavis de dépassement") if said.overload else _NOBODY
    power = (f"{said.power} VA",) * 2
    tariff = (f"tariff period {said.tariff}", f"période tarifaire {said.tariff}")
    return asdict(said), _join(((f"{said.date} {said.time}",) * 2, tariff, over, power, (f"Kp {said.kp}",) * 2))


_PROFILES = ("PJOURF+1", "PPOINTE")
_DECIDED: dict[HourReason, Text] = {
    HourReason.NO_HEXADECIMAL: _NOBODY,
    HourReason.NO_DECIMAL: ("hours written in hexadecimal", "heures écrites en hexadécimal"),
    HourReason.TEMPO: ("hours read as those of Tempo", "heures lues comme celles de Tempo"),
    HourReason.OFF_PEAK: ("hours read as eight off-peak ones", "heures lues comme huit heures creuses"),
    HourReason.CAME_TRUE: ("hours read as they came true", "heures lues comme elles ont eu lieu"),
    HourReason.NOTHING: (
        "hours not known yet, decimal|hexadecimal",
        "heures pas encore connues, décimal|hexadécimal",
    ),
}

# Labels of phases and peaks, which end in their number.
_NUMBERED = ("ADIR", "DPM1", "DPM2", "DPM3", "FPM1", "FPM2", "FPM3")

_DOMESTIC: dict[str, Callable[[Group], Meaning | None]] = {
    "STGE": _register,
    "RELAIS": _relays,
    "DPM": _peak,
    "FPM": _peak,
    "OPTARIF": _option,
    "PTEC": lambda group: (group.data, _PERIOD[group.data]),
    "DEMAIN": lambda group: (group.data, _COLOUR[Colour(group.data)]),
    "HHPHC": lambda group: (group.data, (f"schedule group {group.data}", f"groupe horaire {group.data}")),
    "PPOT": _phases,
    "MOTDETAT": lambda group: (group.data, ("reserved to the distributor", "réservé au distributeur")),
    "ADPS": _overload,
    "ADIR": _overload,
    "PEJP": _notice,
    "MSG1": _message,
    "MSG2": _message,
}
_INDUSTRIAL: dict[str, Callable[[str, str], Meaning | None]] = {
    "amount": _amount,
    "tangent": _amount,
    "energies": _amounts,
    "powers": _amounts,
    "stamp": _stamp,
    "stamp-tariff": _stamp,
    "jaune": _jaune,
    "overload": lambda _data, _unit: ({"overload": True}, ("overload notice", "préavis de dépassement")),
}
