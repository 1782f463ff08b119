"""Which topic the concepts of a sentence speak for, whatever their order: the highest score, if it is clearly ahead.

A sign is a set of concepts that are there together, in any order; the more they say, the more it counts. Signs of two
topics that count alike are two questions, or another one than either: nothing is answered then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.notices.chat.topics import ChatQuestion

if TYPE_CHECKING:
    from collections.abc import Collection

_Q = ChatQuestion
# What is ahead by less is not clearly meant.
_AHEAD = 1
# (topic, its score, the concepts: all of them, of "a|b" one, of "-a" none)
SIGNS = tuple(
    (
        topic,
        score,
        tuple(frozenset(one.split("|")) for one in signs.split() if one[0] != "-"),
        frozenset(one[1:] for one in signs.split() if one[0] == "-"),
    )
    for topic, score, signs in (
        (_Q.USAGE, 3, "energy"),
        (_Q.USAGE, 5, "energy dated|howmuch|kwh"),
        (
            _Q.USAGE,
            4,
            "dated howmuch -trip -fault -stop -party -who -sun -limit -page -silent -lastread -share -compare -warn",
        ),
        (_Q.USAGE, 10, "offpeak energy -when -price"),
        (_Q.USAGE, 10, "offpeak howmuch dated -when -money -index"),
        (_Q.USAGE, 10, "offpeak used -price"),
        # Two things that are counted apart, or one of which nobody here knows the price.
        (None, 12, "water|gas|heat electric"),
        (None, 12, "solar energy and"),
        (None, 12, "money|price water|gas|heat"),
        (None, 12, "money|cash solar|sun|average|max|most|standby|fault -kwhunit"),
        (None, 12, "money|cash|kwhunit|weather compare"),
        (None, 12, "offpeak money dated"),
        (None, 12, "offpeak index|power"),
        (None, 12, "money subscribed -kwhunit"),
        (None, 12, "tariff thing -run -offpeak -cheap"),
        (_Q.COST, 3, "money -who -when"),
        (_Q.COST, 6, "cash howmuch|dated|energy"),
        (_Q.COST, 6, "money dated|howmuch|energy|forecast|what"),
        (None, 12, "money|cash send"),
        # Euros are told with the kWh.
        (_Q.USAGE, 10, "kwh money -kwhunit"),
        (_Q.COST, 8, "bill -who -when"),
        (_Q.COST, 8, "bill howmuch|forecast|dated -when"),
        (_Q.COST, 8, "forecast money"),
        (_Q.PRICE, 11, "price kwhunit"),
        (_Q.PRICE, 10, "money|howmuch perhour -bill -dated"),
        (_Q.PRICE, 10, "kwhunit -dated"),
        (_Q.PRICE, 10, "price now -bill -dated"),
        (_Q.PRICE, 10, "price offpeak -dated -when -used"),
        (_Q.PRICE, 8, "price energy -dated -bill"),
        (_Q.POWER, 6, "power -dated -money -when"),
        (_Q.POWER, 6, "energy now"),
        (_Q.POWER, 10, "solar drawing now"),
        (_Q.POWER, 6, "drawing -dated"),
        (_Q.POWER, 8, "power now|subscribed -solar"),
        (_Q.POWER, 8, "subscribed limit|near"),
        (_Q.POWER, 12, "subscribed max"),
        (_Q.POWER, 6, "limit -setting"),
        (_Q.POWER, 8, "kwh limit -setting -dated"),
        (_Q.POWER, 8, "trip -dated"),
        (_Q.POWER, 10, "trip limit|near|power -dated"),
        (_Q.PEAK, 3, "max"),
        (_Q.PEAK, 8, "max dated|howmuch|when|what"),
        (_Q.PEAK, 10, "max power|energy|trip"),
        (_Q.PEAK, 3, "most when"),
        (_Q.PEAK, 10, "most when energy|power"),
        (_Q.PEAK, 8, "highest power dated"),
        (_Q.MOST, 3, "most dayword -when -works"),
        (_Q.MOST, 12, "topday -money"),
        (_Q.MOST, 12, "most dayword energy -when"),
        (_Q.AVERAGE, 3, "average"),
        (_Q.AVERAGE, 8, "average energy|howmuch|power"),
        (_Q.COMPARE, 3, "compare"),
        (_Q.COMPARE, 8, "compare energy|power|used"),
        (_Q.BASE_LOAD, 8, "standby"),
        (_Q.BASE_LOAD, 10, "standby|asleep energy|howmuch|power|works|run"),
        (_Q.BASE_LOAD, 8, "night energy|power|works|run -dated"),
        (_Q.SOLAR, 8, "solar"),
        (_Q.SOLAR, 10, "solar share"),
        (_Q.SOLAR, 8, "sun howmuch|dated"),
        (_Q.SOLAR, 8, "grid -drawing"),
        (_Q.WATER, 8, "water"),
        (_Q.GAS, 8, "gas"),
        (_Q.HEAT, 8, "heat"),
        (_Q.WATER, 10, "water index"),
        (_Q.GAS, 10, "gas index"),
        (_Q.HEAT, 10, "heat index"),
        (_Q.INDEX, 3, "index -when"),
        (_Q.INDEX, 8, "index meter|what|howmuch|give|party|now|may -when"),
        (_Q.INDEX, 8, "meter says"),
        (_Q.INDEX, 8, "meter howmuch -energy -power -money"),
        (_Q.GOAL, 8, "goal"),
        (_Q.GOAL, 10, "goal compare"),
        (_Q.TEMPO, 8, "tempo"),
        (_Q.TEMPO, 3, "colour|red -meter -box"),
        (_Q.TEMPO, 8, "red howmuch"),
        (_Q.TEMPO, 10, "red days"),
        (_Q.TEMPO, 8, "colour tomorrow|dated|days|now"),
        (_Q.TEMPO, 10, "red tomorrow|dated|colour|now|or"),
        (_Q.TARIFF, 8, "offpeak"),
        (_Q.TARIFF, 8, "cheap"),
        (_Q.TARIFF, 8, "price when -bill -dated -howmuch"),
        (_Q.TARIFF, 10, "offpeak|cheap|tariff when"),
        (_Q.TARIFF, 10, "offpeak|cheap now"),
        (_Q.TARIFF, 10, "run chore may|now|when -howmuch -trip -money"),
        (_Q.TARIFF, 6, "tariff"),
        (_Q.TARIFF, 8, "tariff what|now"),
        (_Q.STATE, 4, "fault -party -bill -money -person -delete"),
        (_Q.STATE, 4, "status"),
        (_Q.STATE, 6, "fault|works|status all|now -party -bill -money -person -delete"),
        (_Q.STATE, 8, "fault|works|status meter|box -party -bill"),
        (_Q.STATE, 8, "fine meter|box -energy -money -howmuch"),
        (_Q.STATE, 10, "silent|lastread"),
        (_Q.STATE, 8, "meter see -who -party"),
        (_Q.STATE, 10, "meter see data -who -party"),
        (_Q.SHARING, 3, "share"),
        (_Q.SHARING, 8, "recipient"),
        (_Q.SHARING, 8, "share data|energy|who|party|what|all"),
        (_Q.SHARING, 10, "who|party see data|energy"),
        (_Q.SHARING, 3, "who|party see"),
        (_Q.SHARING, 8, "who|party data -index -dated"),
        (_Q.SHARING, 10, "who|party know data|energy"),
        (_Q.SHARING, 10, "data go"),
        (_Q.SHARING, 8, "request waiting|see"),
        (_Q.DECIDE, 12, "stop share|see|request -who"),
        (_Q.DECIDE, 12, "neg share|send"),
        (_Q.DECIDE, 12, "neg give party"),
        (_Q.DECIDE, 12, "how party neg|silent"),
        (_Q.DECIDE, 12, "how give see|data"),
        (_Q.DECIDE, 12, "how share data|energy|party|stop|neg"),
        (_Q.DECIDE, 3, "how share"),
        (_Q.ERASE, 14, "delete data -party"),
        (_Q.DECIDE, 14, "delete data|party party"),
        (_Q.SET, 12, "warn"),
        (_Q.SET, 14, "setting settable"),
        (_Q.SET, 14, "how setting price"),
        (_Q.SET, 14, "message cond"),
        (_Q.SET, 12, "how fault settable"),
        (_Q.OFFERS, 14, "gain offer"),
        (_Q.OFFERS, 14, "gain offpeak or|without|another -run"),
        (_Q.OFFERS, 14, "compare offer"),
        (_Q.OFFERS, 14, "offer different money|cheap|gain"),
        (_Q.BACKUP, 12, "backup"),
        (_Q.UPDATE, 12, "update"),
        (_Q.UPDATE, 12, "install waiting"),
        (_Q.PAGE, 12, "page where|how"),
        (_Q.HELP, 8, "help"),
        (_Q.HELP, 3, "what ability you"),
        (_Q.HELP, 8, "question ability"),
    )
)


def topic_of(concepts: Collection[str]) -> tuple[ChatQuestion | None, int]:
    """The topic that is clearly ahead, and by how much it is meant; None where there is none."""
    best: dict[ChatQuestion | None, int] = {}
    for topic, score, wanted, unwanted in SIGNS:
        there = unwanted.isdisjoint(concepts) and not any(one.isdisjoint(concepts) for one in wanted)
        if there and score > best.get(topic, 0):
            best[topic] = score
    if not best:
        return None, 0
    if len(best) > 1:
        # What is asked politely begins alike: "can you tell me what…".
        best.pop(_Q.HELP, None)
    (topic, score), *others = sorted(best.items(), key=lambda one: -one[1])
    return (topic, score) if not others or score - others[0][1] >= _AHEAD else (None, 0)
