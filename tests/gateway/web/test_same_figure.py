"""One figure has one value: each that stands in two places of one house, at one moment, is the same in both.

Three years of a producing Tempo household, whose meter has spoken this evening and speaks no more: page, a public
place, CSV, the chart's data, Prometheus, the feed of the broker, chat and command line are asked one after the other.
"""

import csv
import io
import json
import re
import sqlite3
from contextlib import ExitStack, closing
from datetime import timedelta

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse

from bench import years as written_years
from gateway.config.tables import load
from gateway.notices.chat.answers import present
from gateway.notices.chat.questions import ChatQuestion
from gateway.notices.chat.stored_answers import month
from gateway.store.store import Archive, Store
from gateway.web.written import euros as euros_of
from gateway.web.written import kwh
from meter.process import SimulatedMeter
from servers import wait_until
from tests.gateway.web.conftest import House
from tests.gateway.web.test_cost import cells
from tests.gateway.web.test_history_bars import titles
from tests.gateway.web.test_page import stream
from tests.gateway.web.three_years import END
from tests.gateway.web.whole_house import DATABASE, METER, _join
from tests.mosquitto import Broker

YESTERDAY = END - timedelta(days=1)


@pytest.fixture(scope="module")
def house(years, tmp_path_factory):
    """The daemon with its broker; its meter has been pulled out, and nothing changes any more."""
    folder = tmp_path_factory.mktemp("same")
    tty, data = folder / "ttyTIC", folder / "house" / "data"
    data.mkdir(parents=True)
    with closing(sqlite3.connect(years.folder / DATABASE)) as old, closing(sqlite3.connect(data / DATABASE)) as new:
        old.backup(new)
    tariff = "[[tariff]]" + written_years.CONFIG.partition("[[tariff]]")[2]
    with Broker(folder / "broker").start() as broker, ExitStack() as plugged_in:
        password = folder / "house" / "mqtt-password"
        password.write_text(broker.users["gateway"] + "\n")
        mqtt = f'[mqtt]\nhost = "127.0.0.1"\nport = {broker.port}\nuser = "gateway"\npassword_file = "{password}"\n'
        # In the evening nothing of the roof comes between the meter and what the house draws.
        meter = plugged_in.enter_context(SimulatedMeter(tty, **METER | {"start": f"{END}T18:40", "speed": 20}))
        wait_until(meter.truth, 60, "what the meter says")
        with closing(Store(data)) as store:
            store.db.begin()
            _join(store, meter.truth()[0]["data"])
            store.db.commit()
        with House(folder / "house", tty, mqtt + tariff) as running:
            running.signed_in, running.broker = running.owner(), broker
            wait_until(lambda: now(running)["drawn_today_wh"], 180, "this evening's energy")
            plugged_in.close()
            wait_until(lambda: now(running)["stale"], 60, "nothing new")
            # What is asked of the store once a minute is asked once more.
            wait_until(lambda: settled(running), 180, "the day is known to its last frame")
            yield running


def settled(house):
    """Whether what is injected, which is told to the minute, is that of the last frame."""
    return now(house)["injected_today_wh"] == total(house, "day", END)["injected_wh"]


def now(house):
    """The meter of the live feed, as the page is told it."""
    return next(stream(house.signed_in, 1))["meters"][0]


def rows(house, what, period):
    """The command's rows by their first day."""
    # Whoever looks has what was postponed committed.
    house.signed_in.get("/history")
    told = house.command(what, "--period", period, "--from", "2026-01-01", "--json")
    return {row["from"]: row for row in json.loads(told.stdout)["rows"]}


def total(house, period, first, what="balance"):
    return rows(house, what, period)[first.isoformat()]


def table(house, query):
    """What is taken along: first day -> Wh drawn, which stands first after the two dates."""
    _, text = house.signed_in.get(f"/history/csv?form=en&table=parts&{query}", Accept_Language="en")
    _, *told = csv.reader(io.StringIO(text))
    return {first: round(float(drawn) * 1000) if drawn else None for first, _, drawn, *_ in told}


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_what_was_drawn_today_and_yesterday_is_one_figure(house, lang):
    """Live feed, broker, day, week, month, CSV, command, chat: to the watt-hour; in words: to its tenth of a kWh."""
    said = now(house)
    with house.broker.ear("kitchen") as ear:
        wait_until(lambda: "linky/meter/house/json" in ear.retained, 30, "what is retained")
        heard = json.loads(ear.retained["linky/meter/house/json"])
    for key in (
        "drawn_today_wh",
        "drawn_yesterday_wh",
        "injected_today_wh",
        "drawn_va",
        "power_w",
        "produced_today_wh",
    ):
        assert heard[key] == said[key], key
    by_day = rows(house, "balance", "day")
    for day, key in ((END, "drawn_today_wh"), (YESTERDAY, "drawn_yesterday_wh")):
        places = {
            "command": by_day[day.isoformat()]["drawn_wh"],
            "day": table(house, f"period=day&date={day}")[day.isoformat()],
            "month": table(house, f"period=month&date={day}")[day.isoformat()],
            "week": table(house, f"period=week&date={day}")[day.isoformat()],
        }
        assert set(places.values()) == {said[key]}, places
        _, page = house.signed_in.get(f"/history?period=day&date={day}", Accept_Language=lang)
        assert plain(kwh(lang, said[key])) in plain(page)
        chat = present(ChatQuestion.DAY, lang, {"meters": [{"now": said, "values": {}}], "links": [], "alerts": []})
        assert plain(kwh(lang, said[key])).removesuffix("kWh").strip() in plain(chat)
    assert by_day[END.isoformat()]["injected_wh"] == said["injected_today_wh"]


def test_a_month_is_its_days_and_a_year_its_months_wherever_they_stand(house):
    """Energy and euros: command, CSV, the charts of history and costs, the chat; not one of them by another way."""
    for what, key in (("balance", "drawn_wh"), ("cost", "total")):
        days, months, years = (rows(house, what, period) for period in ("day", "month", "year"))
        summed = sum(row[key] for first, row in days.items() if first.startswith("2026-10"))
        assert months["2026-10-01"][key] == pytest.approx(summed, abs=0.01 if what == "cost" else 0)
        summed = sum(row[key] for first, row in months.items() if first.startswith("2026"))
        assert years["2026-01-01"][key] == pytest.approx(summed, abs=0.01 if what == "cost" else 0)
    energies, costs = rows(house, "balance", "month"), rows(house, "cost", "month")
    drawn = table(house, "period=year&date=2026-06-01")
    bars = [lines[1] for lines in titles(house.signed_in.get("/history?period=year&date=2026-06-01")[1])]
    euros = [costs_of[1] for costs_of in reversed(cells(house.signed_in.get("/cost?period=month")[1])[1:])]
    for place, first in enumerate(sorted(energies)):
        assert drawn[first] == energies[first]["drawn_wh"]
        assert plain(bars[place]) == f"Soutiré du réseau {plain(kwh('fr', energies[first]['drawn_wh']))}"
        assert euros[place - len(energies)] == plain(euros_of("fr", costs[first]["total"]))
    with closing(Archive(house.folder / "data")) as archive:
        view = month(archive, load(house.config), int(written_years.midnight(END)) + 11 * 3600)
    assert view.rows[-1].total.drawn == energies["2026-11-01"]["drawn_wh"]
    assert float(view.rows[-1].cost.total) == pytest.approx(costs["2026-11-01"]["total"], abs=0.001)


def test_the_power_of_now_is_one_figure(house):
    """Page, a public place, broker: the volt-amperes of the last frame; index: broker and Prometheus."""
    said = now(house)
    families = {family.name: family for family in parse(house.signed_in.get("/metrics")[1])}

    def metric(name, direction):
        found = [one for one in families[name].samples if one.labels.get("direction") == direction]
        return found[0].value

    # A program is told no power of a meter that is silent.
    assert "linky_power_voltamperes" not in families
    guest = next(stream(house.signed_in, 1, "/events?guest=1"))["meters"][0]
    assert {key: guest[key] for key in guest} == {key: said[key] for key in guest} | {"age_s": guest["age_s"]}
    with house.broker.ear("kitchen") as ear:
        wait_until(lambda: "linky/meter/house/json" in ear.retained, 30, "what is retained")
        wait_until(lambda: written_years.DRAWN in " ".join(ear.retained), 30, "the index")
        index = int(ear.retained[f"linky/meter/house/value/{written_years.DRAWN}"])
        assert int(ear.retained["linky/meter/house/value/consumption/power/apparent/raw"]) == said["drawn_va"]
    assert metric("linky_energy_joules", "drawn") == index * 3600


def plain(text):
    return re.sub(r"[\s\u202f\u00a0]+", " ", re.sub(r"<[^>]+>", " ", text))
