"""The English of a house is written, not translated: no word that went comes back, and each thing has one name.

What is read: the sentences of the catalogue that a household reads (page, chat, alerts), which are the source's, and
its guide. What a terminal or a program says is not: there the words are those of the code.
"""

import re
from pathlib import Path

import pytest

from gateway.web.view import PageView
from words import files

ROOT = Path(__file__).parents[1]
CATALOGUE = ROOT / files.FOLDER / "fr" / files.PO
# Where sentences stand that are for a household.
HOUSEHOLD = ("gateway/web/", "gateway/daemon/", "gateway/notices/", "gateway/links/", "gateway/household/")
# Read in a terminal alone.
TERMINAL = ("gateway/household/past/", "gateway/household/comparing.py", "gateway/household/comparison_words.py")
GUIDE = ROOT / "gateway/web/help/guide"
# What reads as translated, or names a thing that has another name already; and what stands in its place.
GONE = {
    r"\bBeing told\b|\b(?:are|is|be) told\b": "Alerts; is alerted, is informed",
    r"\breckon(?:s|ed)?\b": "calculate",
    r"\banew\b": "again; restart",
    r"\bmay stay empty\b": "optional",
    r"\bvery dear\b": "very expensive",
    r"^Go on\b": "Continue",
    r"^Do it$": "what is done: Confirm, Restart",
    r"\blet(?:s|ting)? (?:\{name\}|it|this board|anybody|the gateway|nobody) in\b|^Let in\b|\blet in\b": "Add; accept",
    r"\bRead it there\b": "Use this port",
    r"\bhow fine\b|\bas fine as\b": "Level of detail",
    r"\bon the way to be kept\b": "on track",
    r"\bby the mean of\b": "based on the average of",
    r"“State”|\*State\*|^State$|\bSee the state\b": "Status",
    r"\bby symptom\b": "Troubleshooting",
    r"^(?:# )?The words$": "Glossary",
    r"\b(?:another|other|these) offers?\b": "plan: what a supplier sells",
    r"\bPresent password\b": "Current password",
    r"\bmended\b|\bmends?\b": "fixed",
    r"\bweakness(?:es)?\b": "vulnerability",
    r"\bobjectives?\b": "goal",
    r"\bcame? to nothing\b": "failed",
    r"\bonce more\b": "again",
    r"^Step back$": "Previous step",
    r"\bbrought? back\b|\bbrings? (?:it|one|this backup|the backup) back\b": "restore",
    r"\b(?:is|are|was|not) heard\b|\bhears?\b": "is read; responds; receives",
    r"\buntil today\b": "so far",
    r"\bat the moment\b": "right now",
    r"\bRepair\b|\brepaired?\b": "Correct a reading",
    r"\bscreens? on the wall\b|\bScreens and\b": "display: what shows the house's figures",
    r"\bshut in\b": "isolated",
    r"\bpulse counter\b": "pulse meter",
    r"\bread along\b": "see what you see and type",
    r"^It is asked for again\b": "Your password is asked for again",
    r"\bfrom afar\b": "remotely",
    r"\bweek-ends?\b|\bsuper-off-peak\b": "weekend, super off-peak",
    r"\b\d+ [ap]m\b": "22:00",
    r"\btaking back\b|\btake a consent back\b": "withdrawing consent",
    r"\b(?:from|with) the federation\b|\bthe federation can\b|\blost the federation\b": "the sharing server",
    r"\bversion before comes\b": "the previous version is restored",
    r"\bbytes come\b": "data arrive",
    r"\bin order again\b|\b(?:is|been|was) (?:not )?sure(?: again)?\b(?! of)": "working, reliable again",
    r"\bif it lasts\b": "if it continues",
    r"\b(?:you|it) takes? (?:a|no|some) (?:cable|new code|pulse meter|commands?)\b|\bit takes commands\b": "you need",
    r"\b(?:Get|Download) the authority\b|\bTo take it off\b": "certificate; To remove it",
    r"\bhanded over to anybody\b|^Promised$|\bhad promised\b": "sent; agreed",
    r"\bcannot have one account\b": "cannot share one account",
}
# What once stood there, for each of them.
WENT = (
    *("Being told", "Whoever received it is told.", "costs are reckoned from then on", "Start the gateway anew"),
    *("may stay empty", "electricity is very dear", "Go on", "Do it", "Let in no more", "Let {name} in no more"),
    *("Read it there", "How fine", "as fine as that", "On the way to be kept", "By the mean of the last 28 days."),
    *("The page “State” says what.", "Questions, by symptom", "The words", "And with another offer?", "other offers"),
    *("Present password", "4 points are to be mended.", "Version {newer} mends a weakness", "Objectives"),
    *("the last try came to nothing", "It is asked for once more", "Step back", "the backup was brought back"),
    *("The gateway hears the meter.", "This meter is heard.", "{amount} until today", "At the moment", "Repair"),
    *("Screens and access", "without being shut in", "Pulse counter", "anybody on the Wi-Fi can read along"),
    *("It is asked for again because a backup replaces all.", "done from afar", "week-ends too", "6 am to 10 pm"),
    *("Sharing, and taking back", "cut off from the federation", "the version before comes back by itself"),
    *("no bytes come", "The line is in order again", "has not been sure", "if it lasts, restart", "it takes a cable"),
    *("Download the authority", "Promised", "two gateways cannot have one account"),
)


def plain(text):
    """With the spaces of a keyboard, on one line."""
    return re.sub(r"[\s\u00a0\u202f]+", " ", text).strip()


def said():
    """(where, English) of everything that a household reads."""
    for one in files.read(CATALOGUE, "fr"):
        places = [file for file, _ in one.locations]
        if one.id and any(file.startswith(HOUSEHOLD) and not file.startswith(TERMINAL) for file in places):
            for english in (one.id,) if isinstance(one.id, str) else one.id:
                yield places[0], plain(english)
    for path in sorted(GUIDE.glob("*.en.md")):
        for paragraph in re.split(r"\n\s*\n|\n\|", path.read_text(encoding="utf-8")):
            yield path.name, plain(paragraph)


@pytest.fixture(scope="module")
def gone():
    """Each pattern, and what is said instead."""
    return [(re.compile(pattern, re.IGNORECASE), instead) for pattern, instead in GONE.items()]


def test_no_word_that_went_is_said(gone):
    """Neither at the page, nor in chat, alerts and guide."""
    all_said = list(said())
    found = [
        f"{where}: {english!r}: {match[0]!r} -> {instead}"
        for where, english in all_said
        for pattern, instead in gone
        if (match := pattern.search(english))
    ]
    assert sum(not where.endswith(".md") for where, _ in all_said) > 1000
    assert sum(where.endswith(".md") for where, _ in all_said) > 100
    assert not found, "\n".join(found)


def test_each_word_that_went_would_be_found(gone):
    """Every pattern finds what it names, and nothing of it is named in vain."""
    assert [pattern.pattern for pattern, _ in gone if not any(pattern.search(text) for text in WENT)] == []
    assert [text for text in WENT if not any(pattern.search(text) for pattern, _ in gone)] == []


def test_wi_fi_ends_no_line_in_its_middle():
    """Neither in the guide as the page shows it, nor in what a page says; a stranger's name stays as it is."""
    guide = [file.read_text(encoding="utf-8") for file in (ROOT / "gateway/web/help/written").glob("*.htm")]
    assert [text for text in guide if "Wi-Fi" in text] == []
    assert any("Wi\u2011Fi" in text for text in guide)
    view = PageView("en", "/", None, {}, {"joined": "“{name}” of your Wi-Fi"}, ())
    assert view.say("joined", name="Wi-Fi 7") == "“Wi-Fi 7” of your Wi\u2011Fi"
