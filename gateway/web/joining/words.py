"""What the page *join a co-operative* says, in French and in English."""

from __future__ import annotations

from gateway.web.settings.form import FORM_WORDS
from gateway.web.sharing.words import SHARING_WORDS
from gateway.words.table import WordTable

_OWN = WordTable(
    {
        "join_intro": (
            "Has a co-operative sent you an invitation? Point your phone’s camera at its code, or paste its link"
            " here. You then read what it asks for: nothing is shared before you say yes, and one click is enough to"
            " withdraw."
        ),
        "join_invited": "{who} invites you",
        "join_invited_by": (
            "Whoever prepared your gateway has put this invitation in it. Answer it here, yes or no: nothing is"
            " shared before you say yes, and your gateway works just as well after a no."
        ),
        "join_cannot": "It cannot be answered right now: {why}.",
        "join_no": "No, thank you",
        "join_later": "Answer later",
        "join_declined": "You have said no: this invitation is forgotten, and nothing was shared.",
        "join_another": "Another invitation",
        "join_link": "Invitation link",
        "join_meter": "Which meter",
        "join_read": "Read the invitation",
        "join_joined": "Done: the co-operative knows, and your readings will follow.",
        "join_see": "See what you share",
        "join_stopped": "This invitation has been abandoned: nothing more will be tried.",
        "join_waits": "Your yes to {who} has not gone through yet",
        "join_waits_why": "{why}. It is retried automatically for a week, and nothing is done twice.",
        "join_waits_now": "In progress.",
        "join_stop": "Abandon this invitation",
        "join_refused": "Your yes to {who} did not go through",
        "join_refused_why": "{why}.",
        "join_seen": "I have read it",
        "join_before": "Already joined",
        "join_one": "{who}, on {day}",
    }
)
_OF_SHARING = (
    *("text", "text_intro", "text_changed", "consent", "back", "sharing", "purpose", "asks_until", "reveals_that"),
    *("sharing_intro", "grain_total", "grain_raw", "grain_PT1M", "grain_PT15M", "grain_PT30M", "grain_P1D"),
)
JOINING_WORDS = _OWN.with_those_of(SHARING_WORDS, _OF_SHARING).with_those_of(FORM_WORDS)
