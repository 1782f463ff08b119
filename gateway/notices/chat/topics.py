"""What can be asked in a chat. No I/O."""

from __future__ import annotations

import enum


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
    PAGE = "page"
    HELLO = "hello"
    THANKS = "thanks"
    HELP = "help"


# What counters of pulses count; what is of several days beside each other.
COUNTED = (ChatQuestion.WATER, ChatQuestion.GAS, ChatQuestion.HEAT)
SEVERAL = (ChatQuestion.AVERAGE, ChatQuestion.MOST)
