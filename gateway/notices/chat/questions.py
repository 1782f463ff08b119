"""What a household asks in a chat, in French or English, however it is written: about what, and of which days.

A small grammar: what is asked about is known by its words, the days by their names (``spoken_days``). Who asks "how
much" alone asks of energy, but only where nothing else is said that is not known here: an honest "I did not understand"
is better than a figure of something else.
"""

from __future__ import annotations

import enum
import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.balance.calendar import BalancePeriod
from gateway.notices.chat.spoken_days import DaySpan, day, spoken_days, whole

if TYPE_CHECKING:
    from datetime import date


class ChatQuestion(enum.Enum):
    """What can be asked about."""

    USAGE = "usage"
    POWER = "power"
    DAY = "day"
    COST = "cost"
    PRICE = "price"
    GOAL = "goal"
    COMPARE = "compare"
    BASE_LOAD = "base-load"
    PEAK = "peak"
    SOLAR = "solar"
    INDEX = "index"
    STATE = "state"
    TEMPO = "tempo"
    TARIFF = "tariff"
    SHARING = "sharing"
    HELLO = "hello"
    THANKS = "thanks"
    HELP = "help"


@dataclass(frozen=True, slots=True)
class HouseholdQuestion:
    """What is asked about, of which days (None where that says nothing), and in which language (None: in either)."""

    topic: ChatQuestion
    days: DaySpan | None = None
    lang: str | None = None


@dataclass(frozen=True, slots=True)
class _Rule:
    """Words of which one is there; ``spare`` other words that nobody knows are let pass (None: any number).

    ``dated``: with (True) or without (False) days alone.
    """

    topic: ChatQuestion
    pattern: re.Pattern[str]
    spare: int | None = None
    dated: bool | None = None


def _rule(topic: ChatQuestion, words: str, spare: int | None = None, *, dated: bool | None = None) -> _Rule:
    return _Rule(topic, re.compile(rf"\b(?:{words})\b"), spare, dated)


_Q = ChatQuestion
# The first one counts: what is special stands before what is general.
_FRENCH = (
    _rule(
        _Q.SHARING,
        r"qui .*(?:recoi|voi|lit|lis|acces|demand|veu|partag|connai|sai|espion)\w*|partag\w*|destinataires?|accords?"
        r"|consentements?|demandes?|(?:envo|transm|communiqu)\w+ .*(?:donnees|infos?|informations|mesures|conso\w*)"
        r"|(?:voit|voient|recoit|recoivent|accede\w*) .*(?:donnees|infos?|informations|mesures|conso\w*)"
        r"|(?:donnees|infos?|informations|mesures) .*(?:partent|vont|envoy\w+|transm\w+)",
    ),
    _rule(_Q.GOAL, r"objectifs?|budget"),
    _rule(_Q.TEMPO, r"tempo|couleurs?|rouges?|blancs?|bleus?"),
    _rule(_Q.USAGE, r"(?:combien|conso\w*|kwh) .*(?:creuses?|pleines?|hc|hp)", dated=True),
    _rule(_Q.COMPARE, r"(?:plus|moins|autant) .*(?:que|qu)|par rapport|d habitude|(?:compar|augment|diminu|baiss)\w+"),
    _rule(
        _Q.PRICE,
        r"prix (?:du|d un|au) (?:kwh|kilowatt\w*)|prix .*(?:moment|maintenant|actuel\w*)|prix de l electricite"
        r"|(?:cout\w*|combien) .*(?:de l|par|a l) heure",
    ),
    _rule(_Q.BASE_LOAD, r"(?<!la )veille|talon|(?:tourne|consomme|allume)\w* .*la nuit|au repos|bruit de fond"),
    _rule(_Q.PEAK, r"pics?|max|maxi|maximum|maximale|record"),
    _rule(_Q.INDEX, r"index|releves?"),
    _rule(
        _Q.SOLAR,
        r"produi\w*|production|solaires?|panneaux?|photovolt\w*|inject\w*|autoconso\w*|soleil|surplus|revend\w*",
    ),
    _rule(_Q.TARIFF, r"(?:quand|quelle heure|est ce) .*(?:creuses?|pleines?|hc|hp|cher)|(?:moins|pas) cher"),
    _rule(
        _Q.COST,
        r"cout\w*|prix|factur\w+|euros?|€|depens\w*|pay\w*|payer|argent|cher|(?:je|on) (?:vous )?do(?:is|it)",
        1,
    ),
    _rule(
        _Q.TARIFF,
        r"creuses?|pleines?|hc|hp|tarif\w*|horaires?"
        r"|(?:lanc|demarr|recharg|branch|fai)\w+ .*(?:machines?|lessives?|linge|vaisselle|voiture|ballon)",
    ),
    _rule(
        _Q.POWER,
        r"puissance|watts?|disjonct\w*|sauter|conso\w* .*(?:maintenant|moment|actuel\w*|instant\w*)",
        dated=False,
    ),
    _rule(
        _Q.STATE,
        r"etat|pannes?|alertes?|problemes?|soucis?|erreurs?|defauts?|(?:tout|ca) (?:va|marche|fonctionne|roule)\w*"
        r"|marche|fonctionne|repond|ne va pas|en ligne|connecte\w*|debranche\w*",
    ),
    _rule(_Q.HELP, r"aide\w*|(?:que|quoi) .*(?:sais|sait|savez|peux|peut|pouvez|faire|demander)|tu sais faire", 2),
    _rule(_Q.POWER, r"(?:je|on|nous|maison) consomm\w+|en ce moment|maintenant|actuel\w*|instant\w*", 1, dated=False),
    _rule(_Q.USAGE, r"conso\w*|bilan|kwh|kilowatt\w*|electricite|energie|utilis\w+", 2),
    _Rule(_Q.USAGE, re.compile(""), 0, dated=True),
    _rule(_Q.HELLO, r"bonjour|bonsoir|salut|coucou", 0),
    _rule(_Q.THANKS, r"merci", 1),
)
_ENGLISH = (
    _rule(
        _Q.SHARING,
        r"who .*(?:get|see|ha|read|receive|ask|want|know)\w*|shar(?:e|es|ed|ing)|recipients?|consents?|requests?"
        r"|(?:send|sends|sent|sending) .*data|data .*(?:go|goes|sent)",
    ),
    _rule(_Q.GOAL, r"goals?|budget|targets?|objectives?"),
    _rule(_Q.TEMPO, r"tempo|colou?rs?|red|white|blue"),
    _rule(_Q.PEAK, r"peak (?:power|load|demand)|max|maximum|highest"),
    _rule(_Q.USAGE, r"(?:much|many|usage|kwh|consumption) .*(?:off ?peak|peak)", dated=True),
    _rule(_Q.PEAK, r"peak", 0, dated=True),
    _rule(_Q.COMPARE, r"(?:more|less) .*than|compar\w+|usual"),
    _rule(_Q.PRICE, r"per (?:kwh|kilowatt\w*|hour)|(?:an|each) hour|price .*(?:now|moment)|price of electricity"),
    _rule(_Q.BASE_LOAD, r"base ?load|stand ?by|at night|overnight"),
    _rule(_Q.INDEX, r"reading|readings|index|register"),
    _rule(_Q.SOLAR, r"solar|panels?|produc\w*|generat\w*|export\w*|inject\w*|sun"),
    _rule(_Q.TARIFF, r"(?:when|what time) .*(?:cheap\w*|off ?peak|peak)"),
    _rule(_Q.COST, r"cost\w*|bill\w*|euros?|€|spend\w*|spent|pay|paid|money|price|expensive", 1),
    _rule(
        _Q.TARIFF,
        r"off ?peak|peak|tariff|cheap\w*|hours"
        r"|(?:run|start|use|do|charge) .*(?:machine|dishwasher|laundry|washing|dryer|car|boiler)",
    ),
    _rule(
        _Q.POWER,
        r"power|watts?|right now|currently|at the moment|trip\w*|breaker|(?:am|are|is) .*(?:using|consuming|drawing)",
        dated=False,
    ),
    _rule(
        _Q.STATE,
        r"state|status|alerts?|problems?|issues?|wrong|faults?|works?|working|online"
        r"|(?:everything|all|it) .*(?:ok|okay|fine|right)",
    ),
    _rule(_Q.HELP, r"help|what can .*(?:you|i)|commands?", 2),
    _rule(_Q.USAGE, r"usage|use|used|using|consum\w+|kwh|draw|drawn|electricity|energy", 2),
    _Rule(_Q.USAGE, re.compile(""), 0, dated=True),
    _rule(_Q.POWER, r"now", 0, dated=False),
    _rule(_Q.HELLO, r"hello|hi|hey|good (?:morning|evening|afternoon)", 0),
    _rule(_Q.THANKS, r"thanks?|thank you|cheers", 1),
)
_RULES = {"fr": _FRENCH, "en": _ENGLISH}
# Words that say nothing of what is asked.
_FILLERS = {
    "fr": "a ai ait as au aux avec avez avons bonjour bonsoir c ca ce cela ces cet cette ci combien coucou d dans"
    " de depuis des du elle en encore est et etait ete fait faut gateway il ils j je jusqu kwh l la le les"
    " linky ma maison me mes moi mon merci n ne nos notre nous on ont ou par passerelle pendant plait pour qu"
    " quand que quel quelle quels quelles s sa salut se ses si sont stp sur svp t ta te tes toi ton tout toute"
    " tu un une va vais vas vaut vont vos votre vous y",
    "en": "a about am an and are at be been did do does far for from gateway gets go has have hello hey hi how i in"
    " is it its many me much my of on our please so still tell thanks that the there this to until up us was"
    " we were what will with you your",
}
_KNOWN = {lang: frozenset(words.split()) for lang, words in _FILLERS.items()}
# When, and no days: nothing that is kept is of them alone, or it has not come yet.
_ELSEWHEN = {
    "fr": re.compile(
        r"\b(?:demain|prochaine?s?|matin|midi|soir|soiree|nuit|heures?|\d{1,2} ?h\d*|(?:par|chaque) \w+)\b"
    ),
    "en": re.compile(
        r"\b(?:tomorrow|next|morning|noon|afternoon|evening|tonight|night|hours?|\d{1,2} ?[ap]m"
        r"|(?:per|each|every|a) (?:day|week|month|year))\b"
    ),
}
# Hours of the tariff are no time of day.
_TARIFF_HOURS = re.compile(r"\bheures? (?:creuses?|pleines?)\b|\b(?:off ?)?peak hours\b")
# Of which days that is asked, where none are named; others are not of days.
_DAYS = {
    _Q.USAGE: BalancePeriod.MONTH,
    _Q.COST: BalancePeriod.MONTH,
    _Q.PEAK: BalancePeriod.DAY,
    _Q.SOLAR: BalancePeriod.DAY,
}

# A question is short; the rest of a letter is not read.
_MOST_CHARACTERS = 400


def understand(text: str, today: date) -> HouseholdQuestion | None:
    """What is asked, on that day; None for what is not understood. A mere question mark asks for help."""
    if text.strip() == "?":
        return HouseholdQuestion(ChatQuestion.HELP)
    plain = _plain(text[:_MOST_CHARACTERS])
    found = [one for lang in _RULES if (one := _in_language(plain, lang, today)) is not None]
    if len(found) > 1 and found[0].topic is found[1].topic and found[0].days == found[1].days:
        both = _fillers(plain, "fr"), _fillers(plain, "en")
        lang = None if both[0] == both[1] else found[0].lang if both[0] > both[1] else found[1].lang
        return HouseholdQuestion(found[0].topic, found[0].days, lang)
    return max(found, key=lambda one: _fillers(plain, one.lang or ""), default=None)


def _plain(text: str) -> str:
    """Small letters, digits, / and €; without accents, marks and hyphens."""
    letters = unicodedata.normalize("NFKD", text).lower()
    letters = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return " ".join(re.findall(r"[a-z0-9/]+|€", letters))


def _fillers(plain: str, lang: str) -> int:
    return sum(word in _KNOWN[lang] for word in plain.split())


def _in_language(plain: str, lang: str, today: date) -> HouseholdQuestion | None:
    try:
        days, rest = spoken_days(plain, lang, today)
    except ValueError:
        return None
    elsewhen = _ELSEWHEN[lang].search(_TARIFF_HOURS.sub(" ", plain))
    for rule in _RULES[lang]:
        if elsewhen and rule.topic in _DAYS:
            continue
        if rule.dated is not None and rule.dated is (days is None):
            continue
        if (match := rule.pattern.search(rest)) and _fits(rule, match, rest, lang):
            period = _DAYS.get(rule.topic)
            return HouseholdQuestion(rule.topic, (days or _whole(period, today)) if period else None, lang)
    return None


def _fits(rule: _Rule, match: re.Match[str], rest: str, lang: str) -> bool:
    """Whether not too much stands beside it of which nobody knows what it asks."""
    others = f"{rest[: match.start()]} {rest[match.end() :]}".split()
    return rule.spare is None or sum(word not in _KNOWN[lang] for word in others) <= rule.spare


def _whole(period: BalancePeriod, today: date) -> DaySpan:
    return day(today) if period is BalancePeriod.DAY else whole(period, today)
