"""The form of ``request_access``: what a household must know before it says yes (GDPR Art. 13), in both languages.

Nothing is chosen beforehand: what is not asked for is not asked for. The provider (``asking``) reads it.
"""

from __future__ import annotations

from gateway.federation.wire.form import Field
from gateway.store.terms import LONGEST_PURPOSE, LONGEST_WORDS
from gateway.words.phrase import Phrase

GRANULARITIES = (
    ("raw", Phrase("as the meter gives them")),
    ("PT1M", Phrase("by minute")),
    ("PT15M", Phrase("by quarter hour")),
    ("PT30M", Phrase("by half hour")),
    ("P1D", Phrase("by day")),
)

_DAY = Phrase("a date such as 2027-06-30")
_WORDS = Phrase("at most {longest_words} characters, in plain words").filled(longest_words=LONGEST_WORDS)
_URL = Phrase("an address that begins with https://")

ACCESS_FIELDS = (
    Field(
        "identifier",
        Phrase("Series or branch asked for"),
        Phrase(
            "full name down to the series or the branch, as the household gave it, such as"
            " …/consumption/energy; “everything” is not accepted"
        ),
    ),
    Field("granularity", Phrase("Granularity"), options=GRANULARITIES),
    Field(
        "push",
        Phrase("Receive each new reading"),
        value="0",
        required=False,
        kind="boolean",
    ),
    Field(
        "history",
        Phrase("Read past readings"),
        value="0",
        required=False,
        kind="boolean",
    ),
    Field(
        "history_from",
        Phrase("Past readings since"),
        Phrase("{day}; needed for past readings").filled(day=_DAY),
        required=False,
    ),
    Field("until", Phrase("Access until (included)"), _DAY),
    Field(
        "purpose",
        Phrase("Purpose: what the readings will be used for"),
        Phrase("at most {longest_purpose} characters, in plain words").filled(longest_purpose=LONGEST_PURPOSE),
        kind="text-multi",
    ),
    Field("controller", Phrase("Name of the controller"), _WORDS),
    Field("contact", Phrase("How to reach it"), _WORDS),
    Field("privacy", Phrase("Privacy notice"), _URL),
    Field(
        "role",
        Phrase("Role for these data (GDPR)"),
        options=(
            ("controller", Phrase("controller")),
            ("processor", Phrase("processor")),
            ("joint", Phrase("joint controller")),
        ),
    ),
    Field(
        "retention",
        Phrase("Retention"),
        Phrase("a duration such as P1Y, P6M or P30D"),
    ),
    Field("code_url", Phrase("Code of conduct: address"), _URL, required=False),
    Field("code_version", Phrase("Code of conduct: version"), _WORDS, required=False),
    Field(
        "code_hash",
        Phrase("Code of conduct: SHA-256 of its text"),
        Phrase("64 hexadecimal digits, in lower case"),
        required=False,
    ),
)
