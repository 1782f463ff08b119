"""A household asks in a chat: it is understood however it writes, and nobody else is answered."""

import asyncio
from contextlib import closing
from datetime import date
from types import SimpleNamespace
from xml.etree import ElementTree as ET

import pytest

from bench.years import write_years
from gateway.balance.calendar import midnight
from gateway.errors import StoreError
from gateway.live.topics import as_json
from gateway.notices.chat.answers import Answers, month, present
from gateway.notices.chat.conversation import MOST_ANSWERS, PERIOD_S, Chat
from gateway.notices.chat.questions import ChatQuestion, understand
from gateway.notices.chat.words import WORDS
from gateway.store.store import Store
from tests.gateway.live.conftest import evening

FAMILY, STRANGER = "famille@sen2.test", "voisin@sen2.test"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("conso ?", (ChatQuestion.USAGE, "fr")),
        ("Quelle est ma CONSOMMATION ce mois-ci ?", (ChatQuestion.USAGE, "fr")),
        ("coût", (ChatQuestion.COST, "fr")),
        ("cout", (ChatQuestion.COST, "fr")),
        ("État ?", (ChatQuestion.STATE, "fr")),
        ("aujourd’hui", (ChatQuestion.DAY, "fr")),
        ("et la journée ?", (ChatQuestion.DAY, "fr")),
        ("aide", (ChatQuestion.HELP, "fr")),
        ("Usage, please", (ChatQuestion.USAGE, "en")),
        ("power now?", (ChatQuestion.POWER, "en")),
        ("help!", (ChatQuestion.HELP, "en")),
        ("tempo", (ChatQuestion.TEMPO, None)),
        ("When is off-peak?", (ChatQuestion.TARIFF, "en")),
        ("C'est quand les heures creuses ?", (ChatQuestion.TARIFF, "fr")),
        ("?", (ChatQuestion.HELP, None)),
        ("bonjour", (None, None)),
        ("x" * 500 + " conso", (None, None)),
    ],
)
def test_a_word_among_others_is_understood(text, found):
    """In any case, with or without accents; by its language the answer is known."""
    assert understand(text) == found


class Wire:
    """What is needed of a session: it keeps what is sent."""

    def __init__(self):
        self.sent = []

    def listen(self, xpath, callback):
        self.hear = callback

    def send_message(self, to, stanza_id, *payload):
        self.sent.append((to, payload[0].text))
        return True


def ask(text, sender=FAMILY, kind="chat", lang="", late=False, stanza_id="1"):
    """A message that came in."""
    xml = ET.Element("{jabber:client}message")
    ET.SubElement(xml, "{jabber:client}body").text = text
    if late:
        ET.SubElement(xml, "{urn:xmpp:delay}delay")
    return SimpleNamespace(id=stanza_id, type=kind, origin=f"{sender}/phone", sender=sender, lang=lang, xml=xml)


def conversation(*asked, answer=None, clock=lambda: 0.0):
    """What is sent for these messages."""
    wire = Wire()

    async def say(question, lang):
        return f"{question.value} {lang}"

    async def scenario():
        chat = Chat(wire, [FAMILY], "fr", answer or say, clock)
        for one in asked:
            wire.hear(one)
            await chat._answer_all()

    asyncio.run(scenario())
    return wire.sent


def test_the_language_is_that_of_the_question_else_of_the_message_else_of_the_house():
    """Each answer goes to the client that asked."""
    sent = conversation(ask("help", lang="fr"), ask("tempo", lang="en-GB"), ask("tempo", lang="de"), ask("tempo"))
    assert sent == [(f"{FAMILY}/phone", text) for text in ("help en", "tempo en", "tempo fr", "tempo fr")]


def test_nobody_else_gets_a_word():
    """Neither a stranger, nor a room, nor an error, nor what waited in an offline store, nor an empty message."""
    silent = [ask("conso", STRANGER), ask("conso", kind="groupchat"), ask("conso", kind="error")]
    assert conversation(*silent, ask("conso", late=True), ask("  ")) == []


def test_what_a_gateway_says_is_no_question():
    """Under an account that the household shares with it, or between two gateways of a family."""
    said = [ask("Demain est un jour rouge de Tempo.", stanza_id=f"{kind}-12") for kind in ("alert", "answer")]
    assert conversation(*said) == []


def test_what_is_not_understood_is_said_to_be():
    """With how to find out."""
    assert conversation(ask("bonjour"), ask("hello", lang="en")) == [
        (f"{FAMILY}/phone", WORDS["fr"]["not-understood"]),
        (f"{FAMILY}/phone", WORDS["en"]["not-understood"]),
    ]


def test_two_programs_that_answer_each_other_fall_silent():
    """Six answers a minute, one that says so, then none; a minute later again."""
    now = [0.0]
    flood = [ask("aide") for _ in range(40)]
    assert len(conversation(*flood)) == MOST_ANSWERS + 1
    texts = [text for _, text in conversation(*flood, clock=lambda: now[0])]
    assert texts[-1] == WORDS["fr"]["too-often"]
    now[0] = -PERIOD_S - 1
    later = iter([*[-PERIOD_S - 1] * 40, 0.0])
    assert len(conversation(*flood, ask("aide"), clock=lambda: next(later))) == MOST_ANSWERS + 2


def test_a_store_that_cannot_be_read_is_no_silence():
    """One sentence, and the gateway goes on answering."""

    async def fail(question, lang):
        if question is ChatQuestion.USAGE:
            raise StoreError("the database cannot be read: disk I/O error")
        return "well"

    assert [text for _, text in conversation(ask("conso"), ask("état"), answer=fail)] == [WORDS["fr"]["cannot"], "well"]


@pytest.fixture
def snapshot():
    """A house at dinner."""
    return evening()


def house(snapshot, **changes):
    """The object of ``gateway.live.state`` of one meter."""
    now = as_json(snapshot) | changes
    return {"version": "1", "turn": 1, "meters": [{"now": now, "values": {}, "line": {}}], "links": [], "alerts": []}


def test_the_present_is_told_in_a_few_lines(snapshot):
    """Power, day and colours in both languages, with numbers as people write them."""
    space = "\u202f"
    assert present(ChatQuestion.POWER, "fr", house(snapshot)).splitlines() == [
        f"3{space}450 VA en ce moment, 58{space}% des 6 kVA souscrits.",
        "Tarif : heures pleines.",
    ]
    assert present(ChatQuestion.DAY, "en", house(snapshot)).splitlines() == [
        "Today: 9.1 kWh (yesterday, whole day: 14.8 kWh).",
        "That is like 111 pots of coffee, 10 days of a fridge-freezer or 54 km by electric car.",
        "Sent to the grid: 2.3 kWh.",
        "Produced: 6.1 kWh.",
        "Self-consumed: 3.8 kWh.",
    ]
    assert present(ChatQuestion.TEMPO, "fr", house(snapshot)) == "Tempo : blanc aujourd’hui, rouge demain."
    assert present(ChatQuestion.STATE, "en", house(snapshot)) == "Everything works.\nMeter “house” heard 0 s ago."


def test_what_is_old_or_wrong_is_said_first(snapshot):
    """A mute meter, an overload, a broken link, a meter that was never heard."""
    old = present(ChatQuestion.POWER, "fr", house(snapshot, stale=True, age_s=7200.0, overload=True)).splitlines()
    assert old[0] == "Le compteur n’envoie plus rien depuis 2 h. Dernières valeurs\u00a0:"
    assert "La puissance souscrite est dépassée !" not in old
    loud = present(ChatQuestion.POWER, "fr", house(snapshot, overload=True))
    assert loud.endswith("La puissance souscrite est dépassée !")
    broken = house(snapshot, age_s=None, drawn_va=None) | {
        "links": [{"link": "port house", "state": "broken"}],
        "alerts": [{"link": "port house", "fr": "Perdu.", "en": "Lost."}],
    }
    assert present(ChatQuestion.STATE, "en", broken).splitlines() == [
        "Lost.",
        "Broken: port house. “linky-gateway status” says why.",
        "Meter “house”: never heard yet.",
    ]
    assert present(ChatQuestion.POWER, "en", broken) == "Nothing is known yet."


def test_month_and_cost_are_those_of_the_commands(tmp_path):
    """Both from the store, in both languages, in a few short lines."""
    config = write_years(tmp_path, date(2024, 12, 1), date(2026, 1, 16))
    now = midnight(date(2026, 1, 15)) + 43_200

    async def call(function, *arguments):
        return function(*arguments)

    with closing(Store(tmp_path)) as store:
        answers = Answers(config, store, call, None, lambda: now)
        said = {
            (question, lang): asyncio.run(answers.answer(question, lang)).splitlines()
            for question in (ChatQuestion.USAGE, ChatQuestion.COST)
            for lang in ("fr", "en")
        }
        row = month(store, config, now).rows[-1]
    drawn = f"{row.total.drawn / 1000:.1f}"
    assert said[ChatQuestion.USAGE, "en"][0].startswith(f"This month: {drawn} kWh (")
    assert said[ChatQuestion.USAGE, "fr"][0].startswith(f"Ce mois : {drawn.replace('.', ',')} kWh (")
    assert any(line.startswith("Objectif de 300 kWh : ") for line in said[ChatQuestion.USAGE, "fr"])
    assert any(line.startswith("Objective of 900 €: ") for line in said[ChatQuestion.COST, "en"])
    assert all(len(line) <= 110 for lines in said.values() for line in lines)
    assert len(said[ChatQuestion.COST, "fr"]) == len(said[ChatQuestion.COST, "en"])


def test_both_languages_say_the_same():
    """No word is missing in one of them."""
    assert WORDS["fr"].keys() == WORDS["en"].keys()
    for key in ("kinds", "colours", "states"):
        assert WORDS["fr"][key].keys() == WORDS["en"][key].keys()


def test_when_off_peak_is_is_answered_from_the_series(snapshot):
    """Until when, and what then; of a meter that has said no tariff nothing is known."""
    said = house(snapshot)
    assert present(ChatQuestion.TARIFF, "en", said) == WORDS["en"]["nothing"]
    said["meters"][0]["values"] = {
        "contract/tariff": "HP  BLANC",
        "contract/tariff/until": "2026-01-15T21:00:00Z",
        "contract/off-peak/next": "2026-01-15T21:00:00Z",
        "contract/off-peak/today": "00:00/06:00 22:00/24:00",
        "contract/off-peak/tomorrow": "00:00/06:00 22:00/24:00",
    }
    assert present(ChatQuestion.TARIFF, "en", said).splitlines() == [
        "Peak hours until 22:00 (in 1 h 30).",
        "Off-peak hours begin at 22:00 (in 1 h 30).",
        "Off-peak hours today: 22:00–6:00; tomorrow: 22:00–6:00.",
        "Tomorrow is red.",
    ]
    said["meters"][0]["now"] |= {"stale": True, "age_s": 18_000.0}
    first, *more = present(ChatQuestion.TARIFF, "en", said).splitlines()
    assert (first, len(more)) == ("The meter has said nothing for 5 h. Last values:", 4)
