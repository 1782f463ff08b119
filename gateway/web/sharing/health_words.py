"""What the page *sharing* says of who may know whether the gateway is well, in French and in English."""

from __future__ import annotations

from gateway.words.table import WordTable

HEALTH_WORDS = WordTable(
    {
        "health": "Whether the gateway is well",
        "health_until": "{who} may ask whether the gateway is well, until {day}.",
        "health_later": "{who} may ask whether the gateway is well later on, until {day}.",
        "health_none": "No reading: only whether the gateway and its links are well, and when it asks.",
        "health_proposed": "Your installer would like to know whether the gateway is well",
        "health_learns": "It will learn",
        "health_told": (
            "whether the meter is heard and since when it is not, the likely cause of a fault, whether the"
            " database, the"
            " card, the backup, the page and the screens are well, the version of the program"
        ),
        "health_learns_not": "It will not learn",
        "health_untold": "your readings, the power, the indexes, the tariff, the meter’s number, who receives readings",
        "health_reveals": "whether the gateway is switched on and connected: an outage can be seen",
        "health_read": "Read the text",
        "health_read_of": "Read the text before you answer {who}",
        "health_refuse_of": "Refuse {who}",
        "done_health_given": "It is given: your installer may ask whether the gateway is well, and nothing else.",
        "done_health_withdrawn": "It is withdrawn: from now on it gets the answer that any stranger gets.",
        "done_health_refused": "It is refused. You will not be asked again.",
        "not_proposed": "Nobody asks for that, or it has been answered.",
    }
)
