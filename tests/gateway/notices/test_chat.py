"""A household asks in a chat: it is understood however it writes, and nobody else is answered."""

import asyncio
import re
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime
from types import SimpleNamespace
from xml.etree import ElementTree as ET

import pytest

from bench.years import write_years
from gateway.balance.calendar import day_of, midnight
from gateway.balance.energy import DayEnergy
from gateway.config.tables import load
from gateway.errors import StoreError
from gateway.household.days import DRAWN, HouseholdDays
from gateway.household.report import as_json as as_object
from gateway.household.report import as_text
from gateway.live.topics import as_json
from gateway.notices.chat.answers import Answers, present
from gateway.notices.chat.conversation import MOST_ANSWERS, PERIOD_S, Chat
from gateway.notices.chat.questions import ChatQuestion, understand
from gateway.notices.chat.stored_answers import month
from gateway.notices.chat.words import WORDS
from gateway.notices.deciding.objective_news import exceeded
from gateway.store.points import Granularity
from gateway.store.recorder import Recorder
from gateway.store.store import Store
from gateway.store.terms import Proof, Terms
from gateway.tic.reading import Interpretation, Kind, Quality, Reading
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
        "Tarif\u00a0: heures pleines.",
    ]
    assert present(ChatQuestion.DAY, "en", house(snapshot)).splitlines() == [
        "Today: 9.1 kWh (yesterday, whole day: 14.8 kWh).",
        "That is as much as 111 pots of coffee, 10 days of a fridge-freezer or 54 km by electric car.",
        "Sent to the grid: 2.3 kWh.",
        "Produced: 6.1 kWh.",
        "Used at home: 3.8 kWh.",
    ]
    assert present(ChatQuestion.TEMPO, "fr", house(snapshot)).splitlines() == [
        "Tempo\u00a0: blanc aujourd’hui, rouge demain.",
        "Jours rouges restants cette saison\u00a0: 18\u202f; jours blancs\u00a0: 31 à 36.",
    ]
    assert present(ChatQuestion.STATE, "en", house(snapshot)) == "Everything works.\nMeter “house”: last data 0 s ago."


def test_what_is_old_or_wrong_is_said_first(snapshot):
    """A mute meter, an overload, a broken link, a meter that was never heard."""
    old = present(ChatQuestion.POWER, "fr", house(snapshot, stale=True, age_s=7200.0, overload=True)).splitlines()
    assert old[0] == "Le compteur n’envoie plus rien depuis 2 h. Dernières valeurs\u00a0:"
    assert "La puissance souscrite est dépassée\u202f!" not in old
    loud = present(ChatQuestion.POWER, "fr", house(snapshot, overload=True))
    assert loud.endswith("La puissance souscrite est dépassée\u202f!")
    broken = house(snapshot, age_s=None, drawn_va=None) | {
        "links": [{"link": "port house", "title": "Port", "state": "broken", "detail": "lost"}],
        "alerts": [{"link": "port house", "fr": "Perdu.", "en": "Lost."}],
    }
    assert present(ChatQuestion.STATE, "en", broken).splitlines() == [
        "Lost.",
        "Out of order: Port house. The page of the house says why, under Status.",
        "Meter “house”: no data yet.",
    ]
    assert present(ChatQuestion.POWER, "en", broken) == "Nothing is known yet."


@contextmanager
def house_of(folder, first, end, now, configuration=str):
    """Asks a house that was installed on ``first`` and heard until ``end``: the lines of the answer at ``now``."""
    write_years(folder, first, end)
    file = folder / "gateway.toml"
    file.write_text(configuration(file.read_text()))
    config = load(file)

    async def call(function, *arguments):
        return function(*arguments)

    async def live():
        return house(evening())

    with closing(Store(folder)) as store:
        answers = Answers(config, store, call, live, lambda: now)

        def ask_house(text):
            question = understand(text, day_of(now))
            return asyncio.run(answers.answer(question, question.lang)).splitlines()

        ask_house.store, ask_house.config, ask_house.now = store, config, now
        yield ask_house


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    """A house that has more than a year, asked on Thursday 15 January 2026 at noon."""
    folder = tmp_path_factory.mktemp("asked")
    with house_of(folder, date(2024, 12, 1), date(2026, 1, 16), midnight(date(2026, 1, 15)) + 43_200) as ask_house:
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
    assert re.match(rf"Ce mois\s: {drawn.replace('.', ',')} kWh \(", said["usage", "fr"][0])
    assert any(line.startswith("Objectif de 300 kWh\u00a0: ") for line in said["usage", "fr"])
    assert any(line.startswith("Goal of 900 €: ") for line in said["cost", "en"])
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


def test_of_a_month_that_is_known_in_part_everything_is_at_least(tmp_path):
    """Installed on the 20th: energy, euros and production of that month say so; those of the next one do not."""
    with house_of(tmp_path, date(2025, 10, 20), date(2025, 12, 3), midnight(date(2025, 12, 2)) + 43_200) as ask_house:
        assert re.match(r"Octobre 2025\s: au moins [\d,]+ kWh, ", ask_house("conso octobre")[0])
        (paid,) = ask_house("combien a coûté octobre ?")
        assert re.match(r"Octobre 2025\s: au moins [\d,]+ €, dont [\d,]+ € d’abonnement\.", paid)
        assert ask_house("production en octobre")[-1] == WORDS["fr"]["some-missing"]
        assert re.match(r"Novembre 2025\s: [\d,]+ kWh, ", ask_house("conso novembre")[0])
        assert re.match(r"Novembre 2025\s: [\d,]+ €", ask_house("combien a coûté novembre ?")[0])
        assert WORDS["fr"]["some-missing"] not in ask_house("production en novembre")
    (other := tmp_path / "other").mkdir()
    with house_of(other, date(2025, 10, 20), date(2025, 10, 29), midnight(date(2025, 10, 28)) + 43_200) as ask_house:
        assert ask_house("usage")[0].startswith("This month: at least ")
        assert any(line.startswith("This year: at least ") for line in ask_house("cost"))


@pytest.mark.parametrize(("silent_s", "least"), [(1800, False), (1801, True)])
def test_while_the_meter_is_silent_what_goes_on_is_at_least_so_much(tmp_path, silent_s, least):
    """As at the page, half an hour after the last reading: this week, this month; not what is over."""
    last = midnight(date(2025, 12, 5)) + 36_000
    with house_of(tmp_path, date(2025, 11, 1), date(2025, 12, 5), last + silent_s) as ask_house:
        store = ask_house.store
        (drawn,) = [one.id for one in store.meters.series("house") if one.path == DRAWN]
        newest = "SELECT value FROM coarse WHERE series = ? ORDER BY time DESC"
        ((counted, *_), *_) = store.db.execute(newest, [drawn]).fetchall()
        recorder = Recorder("house", {}, last - 36_000)
        for time in range(last - 36_000, last + 1, 300):
            at = datetime.fromtimestamp(time, UTC)
            reading = Reading(DRAWN, at, counted + (time - last + 36_000) // 10, "Wh", Kind.INDEX, Quality.METER)
            recorder.add(Interpretation(at, Quality.METER, None, None, (reading,), ()))
        store.batches.write([recorder.take()], last)
        for text in ("usage this week", "usage"):
            assert ("at least" in ask_house(text)[0]) is least, text
        for text in ("usage yesterday", "usage in November"):
            assert "at least" not in ask_house(text)[0], text


def test_just_after_midnight_nothing_is_missed_yet(tmp_path):
    """Nothing has come of the new day: the week and the month are whole up to now."""
    with house_of(tmp_path, date(2025, 11, 1), date(2025, 12, 5), midnight(date(2025, 12, 5)) + 600) as ask_house:
        for text in ("usage this week", "usage"):
            assert "at least" not in ask_house(text)[0], text


def test_a_day_of_which_the_solar_counter_alone_is_known_is_missing(asked, monkeypatch):
    """The meter was not heard: what was drawn is at least so much with it, and nothing is said of it alone."""
    day, read = date(2026, 1, 12), HouseholdDays.read

    def half(*arguments):
        days = read(*arguments)
        return [DayEnergy(day, None, produced=5000, own=5000) if one.date == day else one for one in days]

    assert "at least" not in asked("usage last weekend")[0]
    monkeypatch.setattr(HouseholdDays, "read", half)
    assert (
        asked("combien a coûté lundi ?") == asked("conso lundi") == ["Lundi 12 janvier\u00a0: je n’ai pas de mesure."]
    )
    assert asked("usage this week")[0].startswith("This week: at least ")
    assert asked("what did this week cost?")[0].startswith("This week: at least ")
    assert asked("solar on monday") == ["Monday 12 January:", "Produced: 5.0 kWh.", WORDS["en"]["some-missing"]]


def test_a_month_in_which_the_meter_was_not_heard_is_not_the_one_before(tmp_path):
    """Silent since 25 October, asked on 3 November: no figure of October is called that of this month."""
    with house_of(tmp_path, date(2025, 9, 1), date(2025, 10, 25), midnight(date(2025, 11, 3)) + 43_200) as ask_house:
        for text in ("conso", "combien en novembre ?", "coût", "mon budget ?", "plus que l’an dernier ?"):
            assert ask_house(text) == ["Novembre 2025\u00a0: je n’ai pas de mesure."], text
        assert ask_house("usage in October")[0].startswith("October 2025: at least ")
        assert exceeded(ask_house.store, ask_house.config, ask_house.now) == []


def test_of_several_meters_each_is_named(tmp_path):
    """A line with its name before what it has; objectives are the first one's."""

    def two(text):
        return text.replace("[[meter]]", '[[meter]]\nname = "house"').replace(
            "[[counter]]", '[[meter]]\nname = "barn"\nsource = "/dev/ttyB"\n[[counter]]'
        )

    now = midnight(date(2026, 1, 15)) + 43_200
    with house_of(tmp_path, date(2025, 12, 1), date(2026, 1, 16), now, two) as ask_house:
        # As the gateway does when it starts.
        ask_house.store.meters.add("barn", "cd34ef56ab")
        said = ask_house("how much yesterday?")
        assert (said[0], said[-2:]) == ("house:", ["barn:", "Yesterday (Wednesday 14 January): I have no figures."])
        assert re.match(r"Yesterday \(Wednesday 14 January\): [\d.]+ kWh", said[1])
        usage = ask_house("usage")
        assert usage[0] == "house:"
        assert sum(line.startswith("Goal of ") for line in usage) == 1
        assert ask_house("base load?")[::2] == ["house:", "barn:"]
        assert any("300" in line for line in ask_house("am I within budget?"))


def test_a_budget_of_which_a_part_has_no_price_is_neither_kept_nor_exceeded(tmp_path):
    """Prices from the 10th on: chat, commands and news say that nobody knows; too much is too much."""

    def late(text):
        return text.replace("from = 2020-01-01", "from = 2026-01-10").replace("year = 900", "month = 900")

    now = midnight(date(2026, 1, 15)) + 43_200
    with house_of(tmp_path, date(2025, 12, 1), date(2026, 1, 16), now, late) as ask_house:
        assert WORDS["en"]["goal"].format(goal="900 €", state=WORDS["en"]["states"]["unpriced"]) in ask_house(
            "am I within budget?"
        )
        cost = ask_house("coût")
        assert any(re.match(r"Ce mois\s: [\d,]+ € à ce jour, sans ce qui n’a pas de prix", line) for line in cost)
        assert not any("prévus" in line for line in cost)
        view = month(ask_house.store, ask_house.config, now)
        assert [one["state"] for one in as_object(view, "cost")["objectives"] if one["unit"] == "EUR"] == ["unpriced"]
        shown = " ".join(as_text(view, "cost", "en"))
        assert "part of it has no price" in shown
        assert "€ so far" not in shown
        assert exceeded(ask_house.store, ask_house.config, now) == []
        paid = float(view.projections()[0].measured.total)
    file = tmp_path / "gateway.toml"
    for share, first in ((0.5, "The monthly goal is exceeded: at least "), (1.1, "80% of")):
        file.write_text(re.sub(r"euros_per_month = .*", f"euros_per_month = {paid * share:.2f}", file.read_text()))
        with closing(Store(tmp_path)) as store:
            (news,) = exceeded(store, load(file), now)
        assert str(news.text).startswith(first)
        assert str(news.text).endswith("because part of it has no price.")
        assert news.text.in_language("fr").count("une partie n’a pas de prix") == 1


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


def test_what_begins_later_is_not_suspended_and_health_is_told(tmp_path):
    """From which day on; an installer that may ask whether the gateway is well receives no readings, and is told."""
    now = midnight(date(2026, 1, 15)) + 43_200
    with house_of(tmp_path, date(2026, 1, 1), date(2026, 1, 16), now) as ask_house:
        store, until = ask_house.store, midnight(date(2026, 9, 25))
        health = "anne@sen2.test may ask whether the gateway is working, until Thursday 24 September 2026."
        store.health.answer("anne@sen2.test", until, now - 60, Proof())
        assert ask_house("who gets my data?") == [WORDS["en"]["nobody"], health]
        begins = midnight(date(2026, 2, 1))
        energy = ("consumption/energy", Granularity.DAY)
        store.consents.grant("coop@sen2.test", "house", *energy, until, now - 60, begins=begins)
        later = "coop@sen2.test will receive what you consume, one total per day, from Sunday 1 February 2026"
        assert ask_house("who gets my data?") == [f"{later} until Thursday 24 September 2026.", health]
        store.health.answer("anne@sen2.test", None, now - 30, Proof())
        assert [line[:30] for line in ask_house("who gets my data?")] == [later[:30]]


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
        "Off-peak hours today: 22:00–06:00; tomorrow: 22:00–06:00.",
        "Tomorrow is red.",
    ]
    said["meters"][0]["now"] |= {"stale": True, "age_s": 18_000.0}
    first, *more = present(ChatQuestion.TARIFF, "en", said).splitlines()
    assert (first, len(more)) == ("The meter has sent nothing for 5 h. Last values:", 4)
