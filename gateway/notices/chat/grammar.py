"""What can be asked in a chat, and what a language's grammar is made of (``french``, ``english``). No I/O."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class ChatQuestion(enum.Enum):
    """What can be asked about."""

    USAGE = "usage"
    AVERAGE = "average"
    MOST = "most"
    POWER = "power"
    DAY = "day"
    COST = "cost"
    PRICE = "price"
    GOAL = "goal"
    COMPARE = "compare"
    BASE_LOAD = "base-load"
    PEAK = "peak"
    SOLAR = "solar"
    WATER = "water"
    GAS = "gas"
    HEAT = "heat"
    INDEX = "index"
    STATE = "state"
    TEMPO = "tempo"
    TARIFF = "tariff"
    SHARING = "sharing"
    DECIDE = "decide"
    ERASE = "erase"
    SET = "set"
    OFFERS = "offers"
    BACKUP = "backup"
    UPDATE = "update"
    HELLO = "hello"
    THANKS = "thanks"
    HELP = "help"


# What counters of pulses count; what is of several days beside each other.
COUNTED = (ChatQuestion.WATER, ChatQuestion.GAS, ChatQuestion.HEAT)
SEVERAL = (ChatQuestion.AVERAGE, ChatQuestion.MOST)


@dataclass(frozen=True, slots=True)
class SentenceRule:
    """Words of which one is there; beside them stand ``also`` and what says nothing, and no other word but ``spare``.

    ``words`` are those of ``pattern`` that ask by themselves: between the words of the others anything might stand.
    ``dated``: with (True) or without (False) days alone.
    """

    topic: ChatQuestion
    pattern: re.Pattern[str]
    words: re.Pattern[str]
    also: re.Pattern[str]
    spare: int = 0
    dated: bool | None = None


def rule(topic: ChatQuestion, words: str, also: str = "", spare: int = 0, *, dated: bool | None = None) -> SentenceRule:
    """A rule of the words that are joined by ``|``."""
    alone = "|".join(one for one in _alternatives(words) if ".*" not in one)
    whole, by_itself = (re.compile(rf"\b(?:{one})\b" if one else "(?!)") for one in (words, alone))
    return SentenceRule(topic, whole, by_itself, re.compile(also), spare, dated)


def _alternatives(words: str) -> list[str]:
    """What ``|`` joins outside of parentheses."""
    found, depth = [""], 0
    for letter in words:
        depth += (letter == "(") - (letter == ")")
        if letter == "|" and not depth:
            found.append("")
        else:
            found[-1] += letter
    return found


def any_days(topic: ChatQuestion) -> SentenceRule:
    """Days alone, and nothing beside them that says something."""
    return SentenceRule(topic, re.compile(""), re.compile("(?!)"), re.compile(""), dated=True)


@dataclass(frozen=True, slots=True)
class Grammar:
    """One language.

    Args:
        rules: the first one counts: what is special stands before what is general.
        known: words that say nothing of what is asked. No number, and none that says "since", "until", "ago" or
            "without".
        around: what a question is wrapped in: greetings, who wants to know, thanks.
        orders: words of an order, to which the list of who gets what is no answer.
        elsewhen: when, and no days: nothing that is kept is of them alone, or it has not come yet.
        written: as people write in a hurry -> the word.
        joined: words that together are no day, though one of them is -> one word.
        spelt: words that are known with one letter wrong.
        things: what an order may be of that is none of sharing.
    """

    rules: tuple[SentenceRule, ...]
    known: frozenset[str]
    around: re.Pattern[str]
    orders: re.Pattern[str]
    elsewhen: re.Pattern[str]
    written: Mapping[str, str]
    joined: tuple[tuple[re.Pattern[str], str], ...]
    spelt: frozenset[str]
    things: re.Pattern[str]
