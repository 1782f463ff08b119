"""What the page *sharing* says of who may know whether the gateway is well, in French and in English."""

from __future__ import annotations

from gateway.words.table import WordTable

HEALTH_WORDS = WordTable(
    {
        "health": "Whether the gateway is working",
        "health_until": "{who} may ask whether the gateway is working, until {day}.",
        "health_later": "{who} will be able to ask whether the gateway is working, until {day}.",
        "health_none": "No reading: only whether the gateway and its connections are working, when it asks.",
        "health_proposed": "Your installer would like to know whether the gateway is working",
        "health_learns": "It will learn",
        "health_told": (
            "whether the meter is being read and since when it is not, the likely cause of a fault, whether the"
            " database, the card, the backup, the page and the displays are working, the version of the program"
        ),
        "health_learns_not": "It will not learn",
        "health_untold": "your readings, the power, the indexes, the tariff, the meter’s number, who receives readings",
        "health_reveals": "whether the gateway is switched on and connected: an outage can be seen",
        "health_read": "Read the text",
        "health_read_of": "Read the text before you answer {who}",
        "health_refuse_of": "Refuse {who}",
        "done_health_given": "Allowed: your installer may ask whether the gateway is working, and nothing else.",
        "done_health_withdrawn": "Withdrawn: from now on they get the same answer as any stranger.",
        "done_health_refused": "Refused. You will not be asked again.",
        "not_proposed": "This request no longer exists, or you have already answered it.",
    }
)
