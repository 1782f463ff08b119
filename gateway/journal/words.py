"""The journal for a person, in French and English: what each entry tells, and what is wrong with one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from gateway.journal.verify import Why

if TYPE_CHECKING:
    from gateway.journal.entry import Entry
    from gateway.journal.verify import Fault, Verdict

FRENCH, ENGLISH = "fr", "en"

_KINDS = {
    "begun": ("journal commencé", "journal begun"),
    "consent-granted": ("consentement donné", "consent granted"),
    "consent-withdrawn": ("consentement retiré", "consent withdrawn"),
    "consent-limited": ("consentement réduit", "consent limited"),
    "consent-resumed": ("consentement repris", "consent resumed"),
    "access-asked": ("accès demandé", "access asked for"),
    "access-refused": ("accès refusé", "access refused"),
    "domain-refused": ("domaine refusé", "domain refused"),
    "domain-heard": ("domaine de nouveau entendu", "domain heard again"),
    "request-denied": ("requête rejetée", "request denied"),
    "transfer": ("données transmises", "data sent"),
    "transfer-confirmed": ("réception confirmée", "receipt confirmed"),
    "notice-sent": ("avis envoyé", "notice sent"),
    "notice-confirmed": ("avis confirmé", "notice confirmed"),
    "configuration-changed": ("configuration modifiée", "configuration changed"),
    "recipient-suspended": ("destinataire suspendu", "recipient suspended"),
    "recipient-returned": ("destinataire revenu", "recipient returned"),
    "key-rotated": ("clé du journal changée", "journal key changed"),
    "data-erased": ("données effacées", "data erased"),
    "data-rectified": ("données rectifiées", "data rectified"),
    "restarted": ("passerelle démarrée", "gateway started"),
}
_FIELDS = {
    "recipient": ("destinataire", "recipient"),
    "consent": ("consentement", "consent"),
    "meter": ("compteur", "meter"),
    "series": ("série", "series"),
    "granularity": ("finesse", "granularity"),
    "push": ("envoi", "push"),
    "history": ("historique", "history"),
    "begins": ("à partir du", "from"),
    "until": ("jusqu'au", "until"),
    "channel": ("voie", "channel"),
    "text": ("texte", "text"),
    "by": ("par", "by"),
    "replaces": ("remplace", "replaces"),
    "request": ("demande", "request"),
    "asker": ("demandeur", "asker"),
    "domain": ("domaine", "domain"),
    "requests": ("demandes", "requests"),
    "day": ("jour", "day"),
    "points": ("valeurs", "values"),
    "first": ("première", "first"),
    "last": ("dernière", "last"),
    "key": ("clé", "key"),
    "epoch": ("époque", "epoch"),
    "reason": ("motif", "reason"),
    "notice": ("avis", "notice"),
    "told": ("objet", "told"),
    "days": ("jours d'absence", "days away"),
    "account": ("compte", "account"),
    "retention": ("conservation", "retention"),
    "units": ("unités", "units"),
    "strangers": ("visible des inconnus", "strangers see"),
    "batch_s": ("envoi groupé (s)", "batched over (s)"),
    "hash": ("empreinte", "hash"),
    "version": ("version", "version"),
    "purpose": ("finalité", "purpose"),
    "command": ("commande", "command"),
    "controller": ("responsable", "controller"),
    "profile": ("profil", "profile"),
    "pseudonym": ("pseudonyme", "pseudonym"),
    "what": ("quoi", "what"),
    "consents": ("consentements", "consents"),
}
_ERASED = ("effacé", "erased")
# Their numbers are 0 and 1.
_FLAGS = {"push", "history", "pseudonym"}
_YES, _NO = ("oui", "yes"), ("non", "no")
# Their numbers are POSIX seconds.
_TIMES = {"begins", "until", "day", "first", "last", "begins_at", "expires_at"}

_FAULTS = {
    Why.CHANGED: ("a été modifiée ou abîmée", "was changed or damaged"),
    Why.REMOVED: ("manque : elle a été retirée", "is missing: it was removed"),
    Why.REORDERED: ("n'est pas à sa place", "is not in its place"),
    Why.SIGNATURE: ("n'est pas signée par la clé du journal", "is not signed by the journal's key"),
    Why.KEY: (
        "annonce une clé qui n'est pas de celles à qui l'on se fie ; si elle est la bonne, ajoutez --key {detail}",
        "names a key that is not one of the trusted ones; if it is the right one, add --key {detail}",
    ),
    Why.TEXT: (
        "porte un texte « {detail} » qui n'est pas celui d'origine",
        "has a text “{detail}” that is not the one it was written with",
    ),
    Why.CUT: ("manque : la fin du journal a été coupée", "is missing: the end of the journal was cut off"),
    Why.REWRITTEN: (
        "n'est pas celle qui a suivi : le journal a été réécrit",
        "is not the one that was there: the journal was rewritten",
    ),
}
_VERDICT = (
    "{entries} entrées, toutes intactes et signées ; {erased} textes effacés\ndernière : {seq}:{hash}\nclé : {key}",
    "{entries} entries, all whole and signed; {erased} texts erased\nlast: {seq}:{hash}\nkey: {key}",
)
_UNCHECKED = (
    "cette clé est celle que le journal annonce lui-même : comparez-la, ou donnez la vraie par --key",
    "this key is the one that the journal itself names: compare it, or give the true one by --key",
)
_ANCHORED = (
    "empreintes notées ailleurs (journal du système, destinataires) : {count}, toutes s'y retrouvent",
    "hashes noted elsewhere (system log, recipients): {count}, all of them are in it",
)
_ALONE = (
    "aucune empreinte notée ailleurs n'est à portée d'ici : vérifié avec la clé seule. La clé est sur la carte : qui a"
    " la carte a pu tout réécrire. Demandez à un destinataire l'empreinte qu'il garde, et ajoutez --anchor N:EMPREINTE",
    "no hash noted elsewhere is within reach: checked by the key alone. The key is on the card: whoever has the card"
    " may have written all of it anew. Ask a recipient for the hash that it keeps, and add --anchor N:HASH",
)
_OF_ANOTHER = (
    "le journal du système parle aussi d'une autre base : sauvegarde reprise, données effacées, ou base échangée",
    "the system log speaks of another database, too: a backup restored, data erased, or the database exchanged",
)
_FAULT = ("l'entrée {seq} {words}", "entry {seq} {words}")


def as_text(entry: Entry, lang: str) -> str:
    """One line: when, the number, what happened, and its facts; a text that was erased is said to be."""
    facts = entry.facts()
    kind = facts.pop("kind")
    told = [f"{_word(_FIELDS, name, lang)} {_value(entry, name, facts[name], lang)}" for name in _ordered(facts)]
    return " · ".join([f"{_moment(entry.time)}  {entry.seq:>6}  {_word(_KINDS, kind, lang)}", *told])


def as_json(entry: Entry) -> dict[str, Any]:
    """The entry with its texts in their places, null for those that were erased."""
    facts = {
        name: (entry.texts[name].text if name in entry.texts else None) if isinstance(value, dict) else value
        for name, value in entry.facts().items()
    }
    return {"seq": entry.seq, "time": _moment(entry.time), **facts}


def verdict_text(verdict: Verdict, lang: str, *, key_given: bool) -> str:
    """What was found, in a few lines."""
    place = lang == ENGLISH
    if verdict.fault:
        return fault_text(verdict.fault, lang)
    assert verdict.head is not None, "without an entry there is a fault"  # noqa: S101
    words = {"entries": verdict.entries, "erased": verdict.erased, "seq": verdict.head.seq}
    lines = [_VERDICT[place].format(**words, hash=verdict.head.hash, key=verdict.key)]
    return "\n".join(lines if key_given else [*lines, _UNCHECKED[place]])


def anchors_text(count: int, lang: str, *, of_another: bool) -> str:
    """Whether anything but the key vouches for it."""
    place = lang == ENGLISH
    lines = [(_ANCHORED if count else _ALONE)[place].format(count=count)]
    return "\n".join([*lines, _OF_ANOTHER[place]] if of_another else lines)


def fault_text(fault: Fault, lang: str) -> str:
    """The number of the bad entry, and why it is bad."""
    place = lang == ENGLISH
    return _FAULT[place].format(seq=fault.seq, words=_FAULTS[fault.why][place].format(detail=fault.detail))


def _ordered(facts: dict[str, Any]) -> list[str]:
    """Who comes first, then the rest in the order of ``_FIELDS``."""
    known = list(_FIELDS)
    return sorted(facts, key=lambda name: (known.index(name) if name in known else len(known), name))


def _value(entry: Entry, name: str, value: int | str | dict[str, str], lang: str) -> str:
    if isinstance(value, dict):
        # What a stranger wrote stays on its line.
        return " ".join(entry.texts[name].text.split()) if name in entry.texts else f"({_ERASED[lang == ENGLISH]})"
    if name in _FLAGS:
        return (_YES if value else _NO)[lang == ENGLISH]
    return _moment(value) if name in _TIMES and isinstance(value, int) else str(value)


def _word(words: dict[str, tuple[str, str]], name: str, lang: str) -> str:
    return words[name][lang == ENGLISH] if name in words else name


def _moment(time: int) -> str:
    """ISO 8601 in UTC, as every output of ours; what is no time of our era stays a number."""
    try:
        return datetime.fromtimestamp(time, UTC).isoformat().replace("+00:00", "Z")
    except (ValueError, OverflowError, OSError):
        return str(time)
