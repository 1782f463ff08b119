"""What a household asks in a chat, in French or English, however it is written: about what, and of which days.

A small grammar: what is asked about is known by its words, the days by their names (``spoken_days``). Every other word
must be one that is known to stand there: an honest "I did not understand" is better than a figure of something else.
"""

from __future__ import annotations

import enum
import re
import unicodedata
from dataclasses import dataclass
from datetime import timedelta
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
    """Words of which one is there; beside them stand ``also`` and what says nothing, and no other word but ``spare``.

    ``dated``: with (True) or without (False) days alone.
    """

    topic: ChatQuestion
    pattern: re.Pattern[str]
    also: re.Pattern[str]
    spare: int = 0
    dated: bool | None = None


def _rule(topic: ChatQuestion, words: str, also: str = "", spare: int = 0, *, dated: bool | None = None) -> _Rule:
    return _Rule(topic, re.compile(rf"\b(?:{words})\b"), re.compile(also), spare, dated)


_Q = ChatQuestion
# What is asked of may be said at length: of the electricity of the house, and of nothing else that has a meter.
_HOUSE = {
    "fr": r"conso\w*|electri\w*|energie\w*|kwh|kilowatt\w*|courant|compteur|maison|foyer|logement|utilis\w*|bilan"
    r"|reseau",
    "en": r"electric\w*|energy|kwh|kilowatt\w*|power|usage|use|used|using|consum\w*|house|home|household|meter"
    r"|dr[ae]w\w*|grid",
}
_DATA = r"donnees|infos?|informations|mesures|releves|conso\w*|production"
_GIVEN = r"recoi\w*|voi\w*|lit|lis\w*|acce\w*|demand\w*|veu\w*|partag\w*|connai\w*|envo\w*|transm\w*|communiqu\w*|ont"
_HOURS = r"creuses?|pleines?|hc|hp|heures?"
_CHORES = (
    r"lanc\w+|demarr\w+|recharg\w+|branch\w+|faire|machines?|laver?|linge|vaisselle|lessives?|voiture|ballon|seche"
)
# The first one counts: what is special stands before what is general.
_FRENCH = (
    _rule(
        _Q.SHARING,
        rf"qui .*(?:{_GIVEN}|sai\w*|espion\w*) .*(?:{_DATA})|(?:envo|transm|communiqu|partag)\w+ .*(?:{_DATA})"
        rf"|(?:voit|voient|recoit|recoivent|accede\w*) .*(?:{_DATA})|(?:{_DATA}) .*(?:partent|vont|envoy\w+|transm\w+)",
        # Of whom it is asked may have a name.
        rf"{_DATA}|{_GIVEN}|sai\w*|espion\w*|partent|vont|a|ou",
        1,
    ),
    _rule(
        _Q.SHARING,
        r"qui (?:me )?(?:recoit|voit|lit|demande|espionne)|destinataires?|accords?|consentements?|demandes?",
        "attente|attendent",
    ),
    _rule(_Q.GOAL, r"objectifs?|budget", rf"depass\w*|ten\w+|respect\w*|rest\w*|{_HOUSE['fr']}"),
    _rule(
        _Q.TEMPO, r"tempo|couleurs?|rouges?|blancs?|bleus?", r"jours?|rest\w*|demain|edf|sera|saison|encore|quoi|koi"
    ),
    _rule(
        _Q.USAGE, r"(?:combien|conso\w*|kwh) .*(?:creuses?|pleines?|hc|hp)", rf"{_HOURS}|{_HOUSE['fr']}|en", dated=True
    ),
    _rule(
        _Q.COMPARE,
        r"(?:plus|moins|autant) .*(?:que|qu)|par rapport|d habitude|(?:compar|augment|diminu|baiss)\w+",
        rf"plus|moins|autant|rapport|habitude|(?:compar|augment|diminu|baiss)\w+|{_HOUSE['fr']}",
    ),
    _rule(
        _Q.PRICE,
        r"(?:prix|combien|cout\w*) (?:du|d un|au|le|un) (?:kwh|kilowatt\w*)|prix .*(?:moment|maintenant|actuel\w*)"
        r"|prix de l electricite"
        r"|(?:cout\w*|combien) .*(?:de l|par|a l) heure",
        rf"prix|cout\w*|heure|moment|maintenant|actuel\w*|{_HOUSE['fr']}",
    ),
    _rule(
        _Q.BASE_LOAD,
        r"(?<!la )veille|talon|(?:tourne|consomme|allume)\w* .*la nuit|au repos|bruit de fond",
        rf"qui|veille|talon|tourn\w*|allum\w*|nuit|repos|bruit|fond|{_HOUSE['fr']}",
    ),
    _rule(
        _Q.PEAK,
        r"pics?|max|maxi|maximum|maximale|record",
        rf"puissance|watts?|demi|heure|pointe|appel\w*|{_HOUSE['fr']}",
    ),
    _rule(_Q.INDEX, r"index|releves?", rf"linky|injection|{_HOUSE['fr']}"),
    _rule(
        _Q.SOLAR,
        r"produi\w*|production|solaires?|panneaux?|photovolt\w*|inject\w*|autoconso\w*|surplus|revend\w*",
        rf"soleil|{_HOUSE['fr']}",
    ),
    _rule(
        _Q.TARIFF,
        r"(?:quand|quelle heure|est ce) .*(?:creuses?|pleines?|hc|hp|cher)|(?:moins|pas) cher",
        rf"{_HOURS}|{_CHORES}|moins|pas|cher|debut\w*|commenc\w*|finiss\w*|prochaines?|demain|{_HOUSE['fr']}",
    ),
    _rule(
        _Q.COST,
        r"cout\w*|prix|factur\w+|euros?|€|depens\w*|pay\w*|payer|argent|cher|(?:je|on) (?:vous )?do(?:is|it)",
        rf"montant|edf|{_HOUSE['fr']}",
    ),
    _rule(
        _Q.TARIFF,
        r"creuses?|pleines?|hc|hp|tarif\w*|horaires?"
        r"|(?:lanc|demarr|recharg|branch|fai)\w+ .*(?:machines?|lessives?|linge|vaisselle|voiture|ballon)",
        rf"{_HOURS}|{_CHORES}|tarif\w*|horaires?|debut\w*|commenc\w*|finiss\w*|maintenant|moment|demain|actuel\w*|{_HOUSE['fr']}",
    ),
    _rule(
        _Q.POWER,
        r"puissance|watts?|disjonct\w*|sauter|conso\w* .*(?:maintenant|moment|actuel\w*|instant\w*)",
        rf"puissance|watts?|disjonct\w*|sauter|souscrite|maintenant|moment|actuel\w*|instant\w*|direct|{_HOUSE['fr']}",
        dated=False,
    ),
    _rule(
        _Q.STATE,
        r"etat|pannes?|alertes?|problemes?|soucis?|erreurs?|defauts?|(?:tout|ca) (?:va|marche|fonctionne|roule)\w*"
        r"|marche|fonctionne|repond|ne va pas|en ligne|connecte\w*|debranche\w*",
        r"compteur|linky|passerelle|bien|toujours|plus|pas|rien|depuis|il|y|aucun\w*",
    ),
    _rule(
        _Q.HELP,
        r"aide\w*|(?:que|quoi) .*(?:sais|sait|savez|peux|peut|pouvez|faire|demander)|tu sais faire",
        r"aide\w*|sais|sait|savez|peux|peut|pouvez|faire|demander|aider",
    ),
    _rule(
        _Q.POWER,
        r"(?:je|on|nous|maison) consomm\w+|en ce moment|maintenant|actuel\w*|instant\w*",
        _HOUSE["fr"],
        dated=False,
    ),
    _rule(_Q.USAGE, r"conso\w*|bilan|kwh|kilowatt\w*|electricite|energie|utilis\w+", _HOUSE["fr"]),
    _Rule(_Q.USAGE, re.compile(""), re.compile(""), dated=True),
    _rule(_Q.HELLO, r"bonjour|bonsoir|salut|coucou"),
    _rule(_Q.THANKS, r"merci", "beaucoup|bien"),
)
_THINGS = r"machine|dishwasher|laundry|washing|dryer|car|boiler"
_ENGLISH = (
    _rule(
        _Q.SHARING,
        r"who .*(?:get|see|ha|read|receive|ask|want|know)\w* .*(?:data|figures|usage|consumption|readings)"
        r"|(?:send|sends|sent|sending|share|shares|shared) .*data|data .*(?:go|goes|sent)",
        r"who|(?:get|see|ha|read|receive|ask|want|know|send|shar)\w*|data|figures|usage|consumption|readings|goes|sent",
        1,
    ),
    _rule(_Q.SHARING, r"sharing|recipients?|consents?|requests?", "pending|waiting|data"),
    _rule(_Q.GOAL, r"goals?|budget|targets?|objectives?", rf"within|exceed\w*|left|reach\w*|{_HOUSE['en']}"),
    _rule(_Q.TEMPO, r"tempo|colou?rs?|red|white|blue", r"days?|left|tomorrow|season"),
    _rule(_Q.PEAK, r"peak (?:power|load|demand)|max|maximum|highest", rf"half|{_HOUSE['en']}"),
    _rule(
        _Q.USAGE,
        r"(?:much|many|usage|kwh|consumption) .*(?:off ?peak|peak)",
        rf"off|peak|hours|{_HOUSE['en']}",
        dated=True,
    ),
    _rule(_Q.PEAK, r"peak", dated=True),
    _rule(
        _Q.COMPARE,
        r"(?:more|less) .*than|compar\w+|usual",
        rf"more|less|than|compar\w+|usual|{_HOUSE['en']}",
    ),
    _rule(
        _Q.PRICE,
        r"(?:per|an?|one) (?:kwh|kilowatt\w*)|per hour|(?:an|each) hour|price .*(?:now|moment)|price of electricity",
        rf"price|cost\w*|per|hour|now|moment|each|right|{_HOUSE['en']}",
    ),
    _rule(_Q.BASE_LOAD, r"base ?load|stand ?by|at night|overnight", _HOUSE["en"]),
    _rule(_Q.INDEX, r"reading|readings|index|register", _HOUSE["en"]),
    _rule(_Q.SOLAR, r"solar|panels?|produc\w*|generat\w*|export\w*|inject\w*", rf"sun|{_HOUSE['en']}"),
    _rule(
        _Q.TARIFF,
        r"(?:when|what time) .*(?:cheap\w*|off ?peak|peak)",
        rf"when|time|cheap\w*|off|peak|hours|begin\w*|start\w*|end\w*|tomorrow|{_HOUSE['en']}",
    ),
    _rule(_Q.COST, r"cost\w*|bill\w*|euros?|€|spend\w*|spent|pay|paid|money|price|expensive", _HOUSE["en"]),
    _rule(
        _Q.TARIFF,
        rf"off ?peak|peak|tariff|cheap\w*|hours|(?:run|start|use|do|charge) .*(?:{_THINGS})",
        rf"off|peak|tariff|cheap\w*|hours|run|start|use|do|charge|now|time|can|tomorrow|{_THINGS}|{_HOUSE['en']}",
    ),
    _rule(
        _Q.POWER,
        r"power|watts?|right now|currently|at the moment|trip\w*|breaker|(?:am|are|is) .*(?:using|consuming|drawing)",
        rf"watts?|right|now|currently|moment|trip\w*|breaker|subscribed|{_HOUSE['en']}",
        dated=False,
    ),
    _rule(
        _Q.STATE,
        r"state|status|alerts?|problems?|issues?|wrong|faults?|works?|working|online"
        r"|(?:everything|all|it) .*(?:ok|okay|fine|right)",
        r"state|status|alerts?|problems?|issues?|wrong|faults?|works?|working|online|everything|ok|okay|fine|right|meter"
        r"|any|there|not|well|still",
    ),
    _rule(_Q.HELP, r"help|what can .*(?:you|i)|commands?", "help|commands?|what|can|do|ask|say"),
    _rule(_Q.USAGE, r"usage|use|used|using|consum\w+|kwh|draw|drawn|electricity|energy", _HOUSE["en"]),
    _Rule(_Q.USAGE, re.compile(""), re.compile(""), dated=True),
    _rule(_Q.POWER, r"now", dated=False),
    _rule(_Q.HELLO, r"hello|hi|hey|good (?:morning|evening|afternoon)"),
    _rule(_Q.THANKS, r"thanks?|thank you|cheers", "much|lot"),
)
_RULES = {"fr": _FRENCH, "en": _ENGLISH}
# Who gets nothing any more is an order, and the list of who gets what no answer to it.
_ORDERS = {
    "fr": re.compile(
        r"\b(?:plus|pas|arret\w*|stop\w*|retir\w*|annul\w*|suppr\w*|effac\w*|revo[qc]\w*|coup\w*|bloqu\w*)\b"
    ),
    "en": re.compile(r"\b(?:not|t|no|stop\w*|withdraw\w*|revok\w*|delet\w*|remov\w*|cancel\w*|eras\w*|block\w*)\b"),
}
# Words that say nothing of what is asked. No number, and none that says "since", "until", "ago" or "without".
_FILLERS = {
    "fr": "a affiche ai ait alors as au aujourd aussi aux avec avez avons bonjour bonsoir c ca ce cela ces cest cet"
    " cette ci combien coucou d dans de des dire dis donc donne donner du elle en encore est et etait ete eu"
    " fait faut gateway il ils j jai je juste kwh l la le les linky m ma maison me mes moi mon montre n ne nos"
    " notre nous on ont ou par passerelle pendant peut peux plait pour qu quand que quel quelle quelles quels"
    " quoi s sa salut savoir se ses si sommes son sont stp suis sur svp t ta te tes toi ton total totale tout"
    " toute tu un une va vais vas vaut veux voir vont vos votre voudrais vous y",
    "en": "a about all am an and are at be been can could did do does far for from gateway gets give go has have"
    " hello hey hi how i in is it its know like many me much my of on or our please re s show so still tell"
    " thanks that the there this to total up us ve want was we were what will with would you your",
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
# What is told of now alone: asked of other days it is not answered, for the figure would be another one.
_OF_NOW = {_Q.PRICE, _Q.INDEX, _Q.BASE_LOAD, _Q.TEMPO, _Q.TARIFF}

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
    for rule in _RULES[lang]:
        if rule.dated is not None and rule.dated is not bool(days):
            continue
        if rule.pattern.search(rest) and _fits(rule, rest, lang):
            if not _is_then(rule, days, plain, rest, lang, today):
                return None
            period = _DAYS.get(rule.topic)
            span = (days[0] if days else _whole(period, today)) if period else None
            return HouseholdQuestion(rule.topic, span, lang)
    return None


def _fits(rule: _Rule, rest: str, lang: str) -> bool:
    """Whether nothing stands beside it of which nobody knows what it asks."""
    # Between the words of a longer pattern anything may stand.
    pattern = rule.pattern.pattern
    others = (rest if not pattern or ".*" in pattern else rule.pattern.sub(" ", rest)).split()
    return sum(word not in _KNOWN[lang] and not rule.also.fullmatch(word) for word in others) <= rule.spare


def _is_then(rule: _Rule, days: list[DaySpan], plain: str, rest: str, lang: str, today: date) -> bool:
    """Whether what is told is of the days that are named, and of no other time; and no order."""
    topic = rule.topic
    if topic in _DAYS:
        return len(days) <= 1 and not _ELSEWHEN[lang].search(_TARIFF_HOURS.sub(" ", plain))
    if topic is _Q.SHARING and _ORDERS[lang].search(rest):
        return False
    if topic in {_Q.PRICE, _Q.INDEX, _Q.GOAL, _Q.COMPARE, _Q.POWER, _Q.BASE_LOAD} and _ELSEWHEN[lang].search(
        rule.pattern.sub(" ", rest)
    ):
        return False
    told = _told(topic, today)
    return all(one in told if told else one.first <= today < one.end for one in days)


def _told(topic: ChatQuestion, today: date) -> tuple[DaySpan, ...]:
    """The days of which that is told; none where it is of no days."""
    month, year = whole(BalancePeriod.MONTH, today), whole(BalancePeriod.YEAR, today)
    if topic is _Q.GOAL:
        return day(today), month, year
    if topic is _Q.COMPARE:
        before = whole(BalancePeriod.YEAR, year.first - timedelta(days=1))
        then = whole(BalancePeriod.MONTH, BalancePeriod.MONTH.year_before(month.first))
        return day(today), day(today - timedelta(days=1)), month, before, then
    return (day(today),) if topic in _OF_NOW else ()


def _whole(period: BalancePeriod, today: date) -> DaySpan:
    return day(today) if period is BalancePeriod.DAY else whole(period, today)
