"""A language that nobody speaks, to see what is not translated: every word of the catalogue between ⟦ and ⟧, accented.

``package`` makes a copy of ``gateway/`` with its folder, as a translator would. Run as a program with that copy first
on the path, it writes as JSON what a household is shown in it, by place.
"""

import asyncio
import contextlib
import html
import io
import json
import math
import re
import string
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
LANGUAGE = "xx"
# Letters that neither French nor English has: a word of those is seen.
LETTERS = "āčėīňőūŷĀČĖĪŇŐŪŶ"
_ACCENTS = str.maketrans("aceinouyACEINOUY", LETTERS)


def accented(text, longer=0.0):
    """``⟦Gőőd dāŷ {name}⟧``, and by so much longer; places, and what is only marks, stay as they are."""
    if not any(letter.isalpha() for part in string.Formatter().parse(text) for letter in part[0]):
        return text
    parts = re.split(r"(\{[^}]*\})", text)
    said = "".join(part if place % 2 else part.translate(_ACCENTS) for place, part in enumerate(parts))
    # Words of five letters, the last one of what is left.
    more = "őőőőő " * math.ceil(len(text) * longer / 6)
    return f"⟦{said}{' ' if longer else ''}{more[: round(len(text) * longer)].rstrip()}⟧"


def package(folder, longer=0.0):
    """The folder to put on the path: a copy of the package that speaks one language more, ``longer`` by that share."""
    from tests.copies import copied
    from words import files
    from words.extract import sentences

    copied("gateway", folder)
    catalogue = files.in_step(files.read(folder / "none.po", "eo"), sentences(ROOT))
    for one in catalogue:
        if one.id:
            texts = (one.id,) if isinstance(one.id, str) else one.id
            said = tuple(accented(text, longer) for text in texts)
            one.string = said if isinstance(one.id, tuple) else said[0]
    mo = folder / files.FOLDER / LANGUAGE / files.MO
    mo.parent.mkdir(parents=True)
    mo.write_bytes(files.as_mo(catalogue))
    return folder


def commands(folder):
    """What the commands of a household print."""
    from gateway.commands.main import main
    from tests.test_spoken import COMMANDS, make_house

    house = make_house(folder)
    for command, _ in [*COMMANDS, (["ports"], 0), (["check"], 0), (["consent", "refused"], 0)]:
        out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out), contextlib.suppress(SystemExit):
            main([*command, "--lang", LANGUAGE, "--config", str(house)])
        yield " ".join(command), out.buffer.getvalue().decode()


def pages(folder):
    """What every page says in every state, without its tags."""
    from tests.gateway.web.recorded.record import answers

    for name, text in asyncio.run(answers(folder, (LANGUAGE,))).items():
        # Whoever asks for the other language by a link is answered in that; legal texts are as they were written.
        if "<html" in text and "by a link" not in name and not name.startswith("text ("):
            body = re.sub(r"<(script|style|textarea|pre)\b.*?</\1>|<a [^>]*hreflang.*?</a>", " ", text, flags=re.DOTALL)
            body = re.sub(r"<code\b.*?</code>", " ", body.partition("<body")[2], flags=re.DOTALL)
            yield name, html.unescape(re.sub(r"<[^>]*>", "\n", f"<body{body}"))


def sentences_of_rooms(_):
    """Alerts, causes, figures: what is made of several phrases."""
    from datetime import date

    from gateway.doctor.causes import Cause
    from gateway.doctor.sentences import FAULT_NAMES, grade, mode_name, words
    from gateway.first_boot.faults import SENTENCES
    from gateway.links.alert_words import FaultKind, texts
    from gateway.web import written

    places = dict.fromkeys(("port", "holder", "group", "heard", "wanted", "owner"), "…")
    for cause in Cause:
        said = words(cause, LANGUAGE, places)
        yield f"doctor {cause}", "\n".join((said.title, said.seen, said.likely, said.remedy))
    yield "doctor", "\n".join((*FAULT_NAMES[LANGUAGE].values(), grade(99, LANGUAGE), mode_name("historic", LANGUAGE)))
    for kind in FaultKind:
        for count, active in ((0, True), (0, False), (1, False), (3, True)):
            text, _ = texts(kind, "…", 300_000.0, count, active=active)
            yield f"alert {kind} {count} {active}", text.in_language(LANGUAGE)
    for key, sentence in SENTENCES.items():
        yield f"card {key}", sentence.in_language(LANGUAGE)
    yield "a date", written.long_date(LANGUAGE, date(2026, 11, 1))


if __name__ == "__main__":
    _, kind, folder, to = sys.argv
    shown = {"commands": commands, "pages": pages, "rooms": sentences_of_rooms}[kind](Path(folder))
    Path(to).write_text(json.dumps(dict(shown)))
