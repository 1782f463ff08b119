"""What the page *join a co-operative* says, in French and in English."""

from __future__ import annotations

from gateway.web.settings.form import FORM_WORDS
from gateway.web.sharing.words import SHARING_WORDS
from gateway.words.table import WordTable

_OWN = WordTable(
    {
        "join_intro": (
            "A co-operative has sent you an invitation? Point your phone’s camera at its code, or paste its link here."
            " You then read what it asks for: nothing is given before your yes, and your yes is withdrawn with one"
            " click."
        ),
        "join_invited": "{who} invites you",
        "join_invited_by": (
            "Whoever prepared your gateway has put this invitation into it. It is answered here, by a yes or a no:"
            " nothing is given before your yes, and your gateway works just as well after a no."
        ),
        "join_cannot": "It cannot be answered now: {why}.",
        "join_no": "No, thank you",
        "join_later": "Answer later",
        "join_declined": "You have said no: this invitation is forgotten, and nothing was given.",
        "join_another": "Another invitation",
        "join_link": "Link of the invitation",
        "join_meter": "Which meter",
        "join_read": "Read the invitation",
        "join_joined": "Done: the co-operative knows it, and your readings will follow.",
        "join_see": "See what you share",
        "join_stopped": "This invitation is given up: nothing more is tried.",
        "join_waits": "Your yes to {who} is not through yet",
        "join_waits_why": "{why}. It is tried again by itself for a week, and nothing is done twice.",
        "join_waits_now": "It is being carried out.",
        "join_stop": "Give up this invitation",
        "join_refused": "Your yes to {who} came to nothing",
        "join_refused_why": "{why}.",
        "join_seen": "I have read it",
        "join_before": "Joined",
        "join_one": "{who}, on {day}",
    }
)
_OF_SHARING = ("text", "text_intro", "text_changed", "consent", "back", "sharing")
JOINING_WORDS = _OWN.with_those_of(SHARING_WORDS, _OF_SHARING).with_those_of(FORM_WORDS)
