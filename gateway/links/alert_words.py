"""What is said of a fault, in French and in English: itself, its repetition, what to do, its end."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from gateway.live.state import LinkKind


class Kind(enum.Enum):
    """What can be wrong; the value is the kind of the link that says so, but for what goes wrong beside another."""

    MUTE = LinkKind.METER
    GARBLED = LinkKind.DECODE
    PORT = LinkKind.PORT
    CLOCK = LinkKind.CLOCK
    STORE = LinkKind.STORE
    XMPP = LinkKind.XMPP
    RECIPIENT = LinkKind.RECIPIENT
    GONE = "suspended recipient"
    DISK = LinkKind.DISK
    KEEPING = LinkKind.KEEPING
    BACKUP = LinkKind.BACKUP
    BROKER = LinkKind.MQTT
    CELL = LinkKind.CELL
    OVERLOAD = LinkKind.OVERLOAD

    @property
    def link(self) -> LinkKind:
        """Which link says so."""
        return LinkKind.RECIPIENT if self is Kind.GONE else LinkKind(self.value)


class Topic(enum.Enum):
    """What is told and is no fault."""

    TEMPO = "tempo"
    OBJECTIVE = "objective"


@dataclass(frozen=True, slots=True)
class _Words:
    """What is said of one kind of fault in one language: the fault, its repetition, what to do, its end."""

    broken: str
    again: str
    remedy: str
    back: str


_FR = {
    Kind.MUTE: _Words(
        "Le compteur « {name} » ne dit plus rien depuis {time}",
        "Le compteur « {name} » s’est tu {times} en 10 minutes",
        "vérifiez son câble aux bornes I1 et I2 et l’alimentation de l’adaptateur",
        "Le compteur « {name} » parle de nouveau, après {time} de silence",
    ),
    Kind.GARBLED: _Words(
        "Ce que dit le compteur « {name} » est illisible depuis {time}",
        "Ce que dit le compteur « {name} » est devenu illisible {times} en 10 minutes",
        "éloignez son câble des fils du secteur et vérifiez l’adaptateur",
        "Ce que dit le compteur « {name} » est de nouveau lisible, après {time}",
    ),
    Kind.PORT: _Words(
        "Le port du compteur « {name} » est perdu depuis {time}",
        "Le port du compteur « {name} » s’est perdu {times} en 10 minutes",
        "rebranchez l’adaptateur ou la carte ; « linky-gateway status » dit ce qui manque",
        "Le port du compteur « {name} » est revenu, après {time}",
    ),
    Kind.CLOCK: _Words(
        "L’heure des relevés du compteur « {name} » n’est pas sûre depuis {time}",
        "L’heure des relevés du compteur « {name} » n’a pas été sûre {times} en 10 minutes",
        "reliez la passerelle à Internet ou réglez son heure ; si elle est juste, c’est l’horloge du compteur qui est"
        " fausse, et la passerelle s’en passe",
        "L’heure des relevés du compteur « {name} » est de nouveau sûre, après {time}",
    ),
    Kind.STORE: _Words(
        "Les relevés ne peuvent plus être enregistrés depuis {time}",
        "L’enregistrement des relevés a échoué {times} en 10 minutes",
        "vérifiez la place libre et la carte SD ; « linky-gateway status » dit ce qui manque",
        "Les relevés sont de nouveau enregistrés, après {time}",
    ),
    Kind.XMPP: _Words(
        "La passerelle n’est plus reliée à la fédération depuis {time}",
        "La passerelle a perdu la fédération {times} en 10 minutes",
        "vérifiez la box et le compte ; les relevés sont gardés, « linky-gateway status » dit ce qui manque",
        "La passerelle est de nouveau reliée à la fédération, après {time}",
    ),
    Kind.RECIPIENT: _Words(
        "Des données attendent {name} depuis {time}",
        "Des données ont attendu {name} {times} en 10 minutes",
        "prévenez ce destinataire, ou retirez-lui votre consentement s’il ne vient plus",
        "Les données qui attendaient {name} ne l’attendent plus, après {time}",
    ),
    Kind.GONE: _Words(
        "L’adresse de {name} n’existe plus et rien ne lui est plus envoyé",
        "L’adresse de {name} a disparu {times} en 10 minutes",
        "ce qui l’attend est gardé ; si elle revient, « linky-gateway consent resume » reprend l’envoi, sinon"
        " retirez-lui votre consentement",
        "L’envoi à {name} a repris",
    ),
    Kind.DISK: _Words(
        "La carte est presque pleine depuis {time}",
        "La carte a été presque pleine {times} en 10 minutes",
        "faites de la place (« journalctl --vacuum-size=50M ») ou gardez les minutes moins longtemps ([store]"
        " minute_days) ; quand elle sera pleine, plus aucun relevé ne sera enregistré",
        "Il y a de nouveau de la place sur la carte, après {time}",
    ),
    Kind.KEEPING: _Words(
        "La passerelle ne garde plus toutes les mesures depuis {time}",
        "La passerelle n’a pas gardé toutes les mesures, {times} en 10 minutes",
        "les index restent exacts ; « linky-gateway status » dit ce qui manque et ce qu’elle laisse de côté",
        "La passerelle garde de nouveau toutes les mesures, après {time}",
    ),
    Kind.BACKUP: _Words(
        "Aucune sauvegarde de nuit n’a réussi depuis {time}",
        "La sauvegarde de nuit a manqué {times} en 10 minutes",
        "branchez la clé USB, faites-y de la place et vérifiez que la phrase de passe est là ; « linky-gateway status »"
        " dit ce qui manque, « sudo systemctl start linky-gateway-backup » essaie de nouveau",
        "La sauvegarde de nuit a de nouveau réussi, après {time}",
    ),
    Kind.BROKER: _Words(
        "La messagerie MQTT de la maison ne répond plus depuis {time}, les écrans et la domotique ne reçoivent plus"
        " rien",
        "La messagerie MQTT de la maison s’est perdue {times} en 10 minutes",
        "vérifiez qu’elle tourne (« systemctl status mosquitto ») ; « linky-gateway status » dit ce qui manque",
        "La messagerie MQTT de la maison répond de nouveau, après {time}",
    ),
    Kind.CELL: _Words(
        "Une partie de la passerelle ne marche plus depuis {time} ({name})",
        "Une partie de la passerelle est tombée en panne {times} en 10 minutes ({name})",
        "le reste continue, et elle est relancée d’elle-même ; si cela dure, « linky-gateway status » en dit la cause",
        "Une partie de la passerelle marche de nouveau, après {time} ({name})",
    ),
    Kind.OVERLOAD: _Words(
        "La puissance souscrite est dépassée au compteur « {name} » depuis {time}",
        "La puissance souscrite a été dépassée {times} au compteur « {name} »",
        "éteignez un gros appareil, sinon le compteur coupe le courant",
        "La puissance souscrite n’est plus dépassée au compteur « {name} », après {time}",
    ),
}
_EN = {
    Kind.MUTE: _Words(
        "The meter “{name}” has said nothing for {time}",
        "The meter “{name}” fell silent {times} in 10 minutes",
        "check its cable at terminals I1 and I2 and the power of the adapter",
        "The meter “{name}” speaks again, after {time} of silence",
    ),
    Kind.GARBLED: _Words(
        "What the meter “{name}” says has been unreadable for {time}",
        "What the meter “{name}” says became unreadable {times} in 10 minutes",
        "keep its cable away from mains wires and check the adapter",
        "What the meter “{name}” says can be read again, after {time}",
    ),
    Kind.PORT: _Words(
        "The port of the meter “{name}” has been lost for {time}",
        "The port of the meter “{name}” was lost {times} in 10 minutes",
        "plug the adapter or the board in again; “linky-gateway status” says what is missing",
        "The port of the meter “{name}” is back, after {time}",
    ),
    Kind.CLOCK: _Words(
        "The time of the readings of meter “{name}” has not been sure for {time}",
        "The time of the readings of meter “{name}” was not sure {times} in 10 minutes",
        "connect the gateway to the Internet or set its clock; if it is right, the meter’s clock is wrong, and the"
        " gateway does without it",
        "The time of the readings of meter “{name}” is sure again, after {time}",
    ),
    Kind.STORE: _Words(
        "Readings could not be stored for {time}",
        "Storing the readings failed {times} in 10 minutes",
        "check the free space and the SD card; “linky-gateway status” says what is missing",
        "Readings are stored again, after {time}",
    ),
    Kind.XMPP: _Words(
        "The gateway has been cut off from the federation for {time}",
        "The gateway lost the federation {times} in 10 minutes",
        "check the router and the account; readings are kept, “linky-gateway status” says what is missing",
        "The gateway is connected to the federation again, after {time}",
    ),
    Kind.RECIPIENT: _Words(
        "Data have been waiting for {name} for {time}",
        "Data waited for {name} {times} in 10 minutes",
        "tell this recipient, or withdraw your consent if it comes no more",
        "The data that waited for {name} wait no more, after {time}",
    ),
    Kind.GONE: _Words(
        "The address of {name} is gone and nothing is sent there any more",
        "The address of {name} vanished {times} in 10 minutes",
        "what waits for it is kept; if it comes back, “linky-gateway consent resume” goes on, if not withdraw your"
        " consent",
        "Sending to {name} goes on",
    ),
    Kind.DISK: _Words(
        "The card has been nearly full for {time}",
        "The card was nearly full {times} in 10 minutes",
        "make room (“journalctl --vacuum-size=50M”) or keep minutes for less long ([store] minute_days); once it is"
        " full no reading is stored any more",
        "There is room on the card again, after {time}",
    ),
    Kind.KEEPING: _Words(
        "The gateway has not kept all readings for {time}",
        "The gateway did not keep all readings, {times} in 10 minutes",
        "indexes stay exact; “linky-gateway status” says what runs short and what is given up",
        "The gateway keeps all readings again, after {time}",
    ),
    Kind.BACKUP: _Words(
        "No nightly backup has succeeded for {time}",
        "The nightly backup was missing {times} in 10 minutes",
        "plug the USB stick in, make room on it and check that the passphrase is there; “linky-gateway status” says"
        " what is missing, “sudo systemctl start linky-gateway-backup” tries again",
        "The nightly backup succeeded again, after {time}",
    ),
    Kind.BROKER: _Words(
        "The MQTT broker of the house has not answered for {time}, displays and home automation are told nothing",
        "The MQTT broker of the house was lost {times} in 10 minutes",
        "check that it runs (“systemctl status mosquitto”); “linky-gateway status” says what is missing",
        "The MQTT broker of the house answers again, after {time}",
    ),
    Kind.CELL: _Words(
        "A part of the gateway has not been working for {time} ({name})",
        "A part of the gateway failed {times} in 10 minutes ({name})",
        "the rest goes on, and it is started again by itself; if it lasts, “linky-gateway status” says why",
        "A part of the gateway works again, after {time} ({name})",
    ),
    Kind.OVERLOAD: _Words(
        "More than the subscribed power has been drawn at the meter “{name}” for {time}",
        "More than the subscribed power was drawn {times} at the meter “{name}”",
        "switch a large appliance off, or the meter cuts the power",
        "No more than the subscribed power is drawn at the meter “{name}” now, after {time}",
    ),
}


# The parts by the first word of their names.
_PARTS = {
    "meter": ("le relevé du compteur « {} »", "reading the meter “{}”"),
    "counter": ("le comptage « {} »", "counting “{}”"),
    "tee": ("la copie de ce que dit le compteur « {} »", "the copy of what the meter “{}” says"),
    "commit": ("l’enregistrement des relevés", "storing the readings"),
    "watch": ("la surveillance", "the look-out"),
    "broker": ("la messagerie MQTT", "the MQTT messages"),
    "feed": ("l’affichage en direct", "the live display"),
    "home": ("Home Assistant", "Home Assistant"),
    "relays": ("les réponses aux cartes", "the answers to the boards"),
    "page": ("la page", "the page"),
    "federation": ("la fédération", "the federation"),
}


def _names(kind: Kind, name: str) -> tuple[str, str]:
    """What the fault is about, in French and in English."""
    if kind is not Kind.CELL:
        return name, name
    first, _, rest = name.partition(" ")
    fr, en = _PARTS.get(first, ("{}", "{}"))
    return fr.format(rest), en.format(rest)


def texts(kind: Kind, name: str, lasted: float, count: int, *, active: bool) -> tuple[str, str, str]:
    """The sentence in French, in English, and in English without the name of a recipient."""
    times_fr, times_en = ("une fois", "once") if count == 1 else (f"{count} fois", f"{count} times")
    name_fr, name_en = _names(kind, name)
    fr = {"name": name_fr, "time": _duration(lasted, "jours"), "times": times_fr}
    en = {"name": name_en, "time": _duration(lasted, "days"), "times": times_en}
    logged = en | ({"name": "a recipient"} if kind in (Kind.RECIPIENT, Kind.GONE) else {})
    said_fr, said_en = _FR[kind], _EN[kind]
    if count > 1 or (count == 1 and not active):
        now_fr, now_en = ("", "") if active else (", cela marche pour l’instant", ", it works for now")
        form_fr, form_en = f"{said_fr.again}{now_fr} : {said_fr.remedy}.", f"{said_en.again}{now_en}: {said_en.remedy}."
    elif active:
        form_fr, form_en = f"{said_fr.broken} : {said_fr.remedy}.", f"{said_en.broken}: {said_en.remedy}."
    else:
        form_fr, form_en = f"{said_fr.back} ; il n’y a rien à faire.", f"{said_en.back}; there is nothing to do."
    return form_fr.format_map(fr), form_en.format_map(en), form_en.format_map(logged)


def _duration(seconds: float, days: str) -> str:
    for unit, length in ((days, 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"
