"""A household asks in a chat: it is understood however it writes, and nobody else is answered."""

import asyncio
import re
from contextlib import closing
from datetime import date
from types import SimpleNamespace
from xml.etree import ElementTree as ET

import pytest

from bench.years import write_years
from gateway.balance.calendar import midnight
from gateway.errors import StoreError
from gateway.household.days import HouseholdDays
from gateway.live.topics import as_json
from gateway.notices.chat.answers import Answers, present
from gateway.notices.chat.conversation import MOST_ANSWERS, PERIOD_S, Chat
from gateway.notices.chat.questions import ChatQuestion, understand
from gateway.notices.chat.stored_answers import month
from gateway.notices.chat.words import WORDS
from gateway.store.points import Granularity
from gateway.store.store import Store
from gateway.store.terms import Terms
from tests.gateway.live.conftest import evening

FAMILY, STRANGER = "famille@sen2.test", "voisin@sen2.test"


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
        return f"{question.topic.value} {lang}"

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
    assert conversation(ask("chante-moi une chanson"), ask("sing a song", lang="en")) == [
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
        if question.topic is ChatQuestion.USAGE:
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
    assert present(ChatQuestion.TEMPO, "fr", house(snapshot)).splitlines() == [
        "Tempo : blanc aujourd’hui, rouge demain.",
        "Jours rouges restants cette saison\u00a0: 18\u202f; jours blancs\u00a0: 31 à 36.",
    ]
    assert present(ChatQuestion.STATE, "en", house(snapshot)) == "Everything works.\nMeter “house” heard 0 s ago."


def test_what_is_old_or_wrong_is_said_first(snapshot):
    """A mute meter, an overload, a broken link, a meter that was never heard."""
    old = present(ChatQuestion.POWER, "fr", house(snapshot, stale=True, age_s=7200.0, overload=True)).splitlines()
    assert old[0] == "Le compteur n’envoie plus rien depuis 2 h. Dernières valeurs\u00a0:"
    assert "La puissance souscrite est dépassée !" not in old
    loud = present(ChatQuestion.POWER, "fr", house(snapshot, overload=True))
    assert loud.endswith("La puissance souscrite est dépassée !")
    broken = house(snapshot, age_s=None, drawn_va=None) | {
        "links": [{"link": "port house", "title": "Port", "state": "broken", "detail": "lost"}],
        "alerts": [{"link": "port house", "fr": "Perdu.", "en": "Lost."}],
    }
    assert present(ChatQuestion.STATE, "en", broken).splitlines() == [
        "Lost.",
        "Out of order: Port house. The page of the house says why, under State.",
        "Meter “house”: never heard yet.",
    ]
    assert present(ChatQuestion.POWER, "en", broken) == "Nothing is known yet."


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    """Asks a house that has more than a year, on Thursday 15 January 2026 at noon: the lines of the answer."""
    folder = tmp_path_factory.mktemp("asked")
    config = write_years(folder, date(2024, 12, 1), date(2026, 1, 16))
    now = midnight(date(2026, 1, 15)) + 43_200

    async def call(function, *arguments):
        return function(*arguments)

    async def live():
        return house(evening())

    with closing(Store(folder)) as store:
        answers = Answers(config, store, call, live, lambda: now)

        def ask_house(text):
            question = understand(text, date(2026, 1, 15))
            return asyncio.run(answers.answer(question, question.lang)).splitlines()

        ask_house.store, ask_house.config, ask_house.now = store, config, now
        yield ask_house


def test_month_and_cost_are_those_of_the_commands(asked):
    """Both from the store, in both languages, in a few short lines."""
    said = {
        (topic, lang): asked(text)
        for topic, lang, text in (
            ("usage", "fr", "conso"),
            ("usage", "en", "usage"),
            ("cost", "fr", "coût"),
            ("cost", "en", "cost"),
        )
    }
    drawn = f"{month(asked.store, asked.config, asked.now).rows[-1].total.drawn / 1000:.1f}"
    assert said["usage", "en"][0].startswith(f"This month: {drawn} kWh (")
    assert said["usage", "fr"][0].startswith(f"Ce mois : {drawn.replace('.', ',')} kWh (")
    assert any(line.startswith("Objectif de 300 kWh : ") for line in said["usage", "fr"])
    assert any(line.startswith("Objective of 900 €: ") for line in said["cost", "en"])
    assert all(len(line) <= 110 for lines in said.values() for line in lines)
    assert len(said["cost", "fr"]) == len(said["cost", "en"])


def test_days_are_answered_as_the_store_has_them(asked):
    """A day, a week, a year by its number, days before anything was kept; the sum of two days is that of both."""
    days = {
        one.date: one for one in HouseholdDays(asked.store, asked.config).read(date(2026, 1, 10), date(2026, 1, 15))
    }
    kwh = {day: f"{one.drawn / 1000:.1f}" for day, one in days.items()}
    assert asked("how much yesterday?")[0].startswith(f"Yesterday (Wednesday 14 January): {kwh[date(2026, 1, 14)]} kWh")
    french = kwh[date(2026, 1, 12)].replace(".", ",")
    assert asked("combien lundi ?")[0].startswith(f"Lundi 12 janvier\u00a0: {french} kWh")
    weekend = (days[date(2026, 1, 10)].drawn + days[date(2026, 1, 11)].drawn) / 1000
    assert f": {weekend:.1f} kWh" in asked("usage last weekend")[0]
    assert asked("conso de la semaine dernière")[0].startswith("La semaine du lundi 5 janvier\u00a0: ")
    assert asked("usage in 2025")[0].startswith("2025: ")
    assert asked("conso 2019") == ["2019\u00a0: je n’ai pas de mesure."]


def test_a_day_costs_what_its_kilowatt_hours_do(asked):
    """With the day's part of the subscription; the same figure stands behind the kWh of that day."""
    (paid,) = asked("what did yesterday cost?")
    euros = re.search(r"([\d.]+) €, of which ([\d.]+) € subscription", paid)
    assert 0 < float(euros[2]) < float(euros[1])
    assert f"that is {euros[1]} €." in asked("how much yesterday?")[0]
    assert asked("what did 2025 cost?")[0].startswith("2025: ")


def test_what_is_asked_of_no_days_is_answered_too(asked):
    """Base load, goals, comparison, price, peak, greetings: a line or two each, in the language of the question."""
    assert re.match(r"Consommation de veille\s: \d+ W", asked("ma conso de veille ?")[0])
    assert any("300" in line for line in asked("am I within budget?"))
    assert any("last year" in line for line in asked("more or less than last year?"))
    assert re.search(
        r"\d W on average over half an hour, from \d+:[03]0 to \d+:[03]0", asked("peak power yesterday")[0]
    )
    assert asked("Quel est l’index ?") == ["Compteur «\u00a0house\u00a0»\u00a0: l’index n’a pas encore été lu."]
    assert asked("bonjour") == [WORDS["fr"]["hello"]]
    assert asked("thanks") == [WORDS["en"]["thanks"]]


def test_who_receives_is_told_by_name_detail_and_end(asked):
    """Nobody at first; then each recipient; a request that waits is told as well."""
    assert asked("qui reçoit mes données ?") == [WORDS["fr"]["nobody"]]
    name = asked.config.meter[0].name
    until = midnight(date(2026, 9, 25))
    terms = Terms(purpose="moyenne du quartier", controller="La Coop")
    asked.store.consents.grant(
        "coop@sen2.test", name, "consumption/energy", Granularity.DAY, until, asked.now - 60, terms=terms
    )
    said = "La Coop (coop@sen2.test) reçoit votre consommation, un total par jour, jusqu’au jeudi 24 septembre 2026."
    assert asked("qui reçoit mes données ?") == [said]
    asked.store.consents.limit("coop@sen2.test", asked.now)
    assert asked("who gets my data?")[0].endswith("It is suspended: nothing is sent.")
    asked.store.consents.revoke("coop@sen2.test", "", asked.now)
    assert asked("who gets my data?") == [WORDS["en"]["nobody"]]


def test_both_languages_say_the_same():
    """No word is missing in one of them."""
    assert WORDS["fr"].keys() == WORDS["en"].keys()
    for key in ("kinds", "colours", "states", "data", "details"):
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
