"""What a household is told of what its meter's mode hides: once, with what to ask for, and that the change has come."""

import asyncio
from contextlib import closing
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from gateway.balance.tariff import Tariff
from gateway.config.tables import load
from gateway.household.hidden import LASTS_S, HiddenKind, HiddenWatch, other_classes
from gateway.household.now import Now
from gateway.links.alert_words import Topic
from gateway.live.meter import LiveMeter
from gateway.notices.deciding.household import HouseholdNotices
from gateway.notices.deciding.mode_news import ModeNews
from gateway.notices.deciding.news import MOST_KEPT, Item, News
from gateway.store.recorder import Recorder
from gateway.store.store import Store
from gateway.tic.frame import Reader
from gateway.tic.reading import Interpreter
from gateway.words.phrase import NOTHING
from tests.gateway.doctor.catalogue import FRAMES
from tests.gateway.live.conftest import AT, reading
from tests.gateway.live.test_uncounted import HISTORIC, STANDARD
from tests.gateway.store.conftest import START
from tests.prepared import prepare

TODAY = int(AT.timestamp())
BASE = {"contract/option": "BASE", "contract/tariff": "TH..", "consumption/power/apparent/raw": 500}
HC = {"contract/option": "HC..", "contract/tariff": "HP..", "consumption/power/apparent/raw": 500}
TWO_PRICES = Tariff(name="HC", since=AT.date(), prices={"hc": 0.15, "hp": 0.2})
ONE_PRICE = Tariff(name="Base", since=AT.date(), prices={"base": 0.2})


def house(tariff=(), counters=()):
    """What of a configuration is looked at."""
    counter = tuple(SimpleNamespace(name=name, quantity=name) for name in counters)
    return SimpleNamespace(meter=(SimpleNamespace(name="house"),), tariff=tariff, counter=counter)


def kinds(config, values, *, standard=False, seconds=700, counted=()):
    """What is hidden at the end of so many seconds in which the meter says that."""
    watch, meter, found = HiddenWatch(config), LiveMeter("house"), []
    watch.counted = frozenset(counted)
    for second in range(0, seconds, 2):
        meter.hear([reading(path, value) for path, value in values.items()], AT, float(second), standard=standard)
        found = watch.look({"house": meter}, float(second), TODAY)
    return [one.kind for one in found]


@pytest.mark.parametrize(
    ("config", "values", "more", "found"),
    [
        (house([TWO_PRICES]), BASE, {}, [HiddenKind.CONTRACT]),
        (house(), BASE, {"counted": ["house"]}, [HiddenKind.CONTRACT]),
        (house([ONE_PRICE]), BASE, {}, []),
        (house(), BASE, {}, []),
        (house([TWO_PRICES]), HC, {"counted": ["house"]}, []),
        (house([TWO_PRICES]), BASE, {"standard": True, "counted": ["house"]}, []),
        (house([TWO_PRICES]), BASE, {"seconds": int(LASTS_S)}, []),
        (house(counters=["electricity-produced"]), HC, {}, [HiddenKind.PANELS]),
        (house(counters=["water"]), HC, {}, []),
        (house(counters=["electricity-produced"]), STANDARD, {"standard": True, "seconds": 60}, []),
        (house(), HISTORIC, {}, [HiddenKind.PANELS]),
        (house(), STANDARD, {"standard": True}, [HiddenKind.INJECTION]),
        (house(), STANDARD | {"production/power/apparent/raw": 0}, {"standard": True}, []),
        (house([TWO_PRICES], ["electricity-produced"]), BASE, {}, [HiddenKind.PANELS, HiddenKind.CONTRACT]),
    ],
)
def test_what_a_mode_hides_is_seen_and_nothing_else(config, values, more, found):
    """A contract that may not be said, panels, injection that is not counted; never where the meter can say it."""
    assert kinds(config, values, **more) == found


def test_a_meter_that_is_silent_says_nothing():
    """Neither before its first frame nor long after its last one."""
    watch, meter = HiddenWatch(house([TWO_PRICES])), LiveMeter("house")
    assert watch.look({"house": meter}, 0.0, TODAY) == []
    meter.hear([reading(path, value) for path, value in BASE.items()], AT, 0.0, standard=False)
    watch.look({"house": meter}, 0.0, TODAY)
    assert watch.look({"house": meter}, 2 * LASTS_S, TODAY) == []


def test_classes_of_before_are_found_in_the_store(tmp_path):
    """Of the last year or so, by their names; Base alone, and numbers, are none."""
    prepare(tmp_path)
    with closing(Store(tmp_path)) as store:
        store.meters.add("house")
        assert not other_classes(store, "house", START)
        store.batches.write([tempo(START)], START)
        assert other_classes(store, "house", START + 300 * 86_400)
        assert not other_classes(store, "house", START + 500 * 86_400)


def told(news, modes, hidden, meters, clock):
    """What is told of it at that second, in both languages."""
    fresh = news.look(modes.items(hidden, meters, news.told), 0.0, clock)
    return [(alert.text.in_language("fr"), str(alert.text)) for alert in fresh]


def test_the_sentences_of_the_sheet_are_said_once_and_then_the_change():
    """What it hides, what to ask, what to check before; nothing for a year; the change when it comes."""
    news, modes, meter = News(), ModeNews(), LiveMeter("house")
    config = house([TWO_PRICES])
    watch = HiddenWatch(config)
    for second in range(0, 700, 2):
        meter.hear([reading(path, value) for path, value in BASE.items()], AT, float(second), standard=False)
        hidden = watch.look({"house": meter}, float(second), TODAY)
    ((french, english),) = told(news, modes, hidden, {"house": meter}, TODAY)
    for part in (
        "mode historique",
        "ce mode ne sait pas annoncer le vôtre",
        "F185",
        "C’est gratuit",
        "Avant, vérifiez",
    ):
        assert part in french
    assert "standard mode (Enedis service F185)" in english
    assert "F186" not in french + english
    assert [alert.link for alert in news.active] == ["mode house"]
    assert told(news, modes, hidden, {"house": meter}, TODAY + 40 * 86_400) == []
    assert (len(news.active), len(news.holding)) == (0, 1)
    meter.hear([reading(path, value) for path, value in STANDARD.items()], AT, 800.0, standard=True)
    ((french, english),) = told(news, modes, [], {"house": meter}, TODAY + 41 * 86_400)
    assert "est maintenant en mode standard" in french
    assert "is now in standard mode" in english
    assert told(news, modes, [], {"house": meter}, TODAY + 50 * 86_400) == []
    assert (news.active, news.holding) == ([], [])
    meter.hear([reading(path, value) for path, value in BASE.items()], AT, 900.0, standard=False)
    assert len(told(news, modes, hidden, {"house": meter}, TODAY + 60 * 86_400)) == 1


def test_what_holds_for_years_is_told_once_whatever_else_is_told():
    """Each winter has its red days, and they are remembered too; what is over is forgotten before what holds."""
    news = News()
    lasting = Item("mode house hides", Topic.MODE, "house", NOTHING, "", lasting=True)
    fresh = [news.look([lasting], 0.0, TODAY)]
    for day in range(3 * MOST_KEPT):
        red = Item(f"tempo {day}", Topic.TEMPO, "", NOTHING, "")
        fresh.append(news.look([red, lasting], 0.0, TODAY))
    assert {len(alerts) for alerts in fresh} == {1}
    assert len(news.told) == MOST_KEPT


def test_a_meter_that_was_always_in_standard_mode_is_told_nothing():
    """No change that nobody waited for."""
    meter = LiveMeter("house")
    meter.hear([reading("consumption/power/apparent/raw", 10)], AT, 0.0, standard=True)
    assert told(News(), ModeNews(), [], {"house": meter}, TODAY) == []


def test_injection_without_a_contract_is_said_with_its_estimate():
    """What it is, how sure, and that nothing of it is counted; the same words while it lasts."""
    news, modes, watch, meter = News(), ModeNews(), HiddenWatch(house()), LiveMeter("house")
    said = []
    for second in range(0, 700, 2):
        amperes = 3 if second < 400 else 5
        values = STANDARD | {"consumption/current/raw/phase/1": amperes}
        meter.hear([reading(path, value) for path, value in values.items()], AT, float(second), standard=True)
        hidden = watch.look({"house": meter}, float(second), TODAY)
        said += told(news, modes, hidden, {"house": meter}, TODAY)
        texts = {str(alert.text) for alert in news.active}
    ((french, english),) = said
    assert "about 710 VA" in english
    assert "give or take 115 VA per phase" in english
    assert "Rien de cela n’entre dans un total" in french
    assert texts == {english}


def test_a_household_is_told_through_its_notices_and_again_by_nobody(tmp_path):
    """With the store: classes that stopped, then Base; told once over a restart, and known to the doctor."""
    path = tmp_path / "gateway.toml"
    path.write_text('[[meter]]\nsource = "/nowhere/tty"\n[store]\ndirectory = "data"\n')
    prepare(tmp_path / "data")
    config = load(path)

    async def call(function, *arguments):
        return function(*arguments)

    async def days(store, clock, begin):
        now = Now(config, store, call, lambda: clock)
        notices = HouseholdNotices(config, now, store.notified, store, call)
        await notices.resume()
        alerts = []
        for second in range(0, 700, 2):
            values = [reading(series, value) for series, value in BASE.items()]
            now.hear("house", values, AT, standard=False)
            now.meters["house"]._heard = begin + second
            alerts += await notices.look([], begin + second, clock + second)
        await notices.look([], begin + 702, clock + 702)
        return alerts, notices.advice

    with closing(Store(config.directory)) as store:
        store.meters.add("house")
        store.batches.write([tempo(START)], START)
        first, advice = asyncio.run(days(store, START + 86_400, 5_000.0))
        again, known = asyncio.run(days(store, START + 2 * 86_400, 9_000.0))
    assert [alert.link for alert in first] == ["mode house"]
    assert again == []
    assert len(advice) == len(known) == 1


def tempo(at):
    """A batch in which a captured meter of Tempo was heard at that POSIX second."""
    raw = (FRAMES / "real" / "h1-tempo-linky-esciara-bin.raw").read_bytes()
    recorder, interpreter = Recorder("house", {}), Interpreter({})
    for number, heard in enumerate(frame for frame in Reader().feed(raw) if frame.whole):
        recorder.add(interpreter.interpret(heard, datetime.fromtimestamp(at + 2 * number, UTC)))
    return recorder.take()
