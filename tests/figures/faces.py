"""Every face of a house, read as whoever looks at it reads it: HTML, JSON, MQTT, chat, terminal, screens, commands.

``read_all`` gives face -> figure -> ``Said``. Nothing here reckons: a number is taken from where it stands, with how
finely it is told there.
"""

import asyncio
import html
import json
import re
import time
from contextlib import closing, redirect_stdout
from dataclasses import dataclass
from fractions import Fraction
from io import StringIO

import msgspec

from gateway.balance.calendar import day_of
from gateway.commands.main import main
from gateway.commands.watch import changes
from gateway.display import pages as screens
from gateway.display.sheet import DisplaySheet, PictureStyle
from gateway.display.state import DisplayedMoment, LiveMessage
from gateway.household.now import Now
from gateway.links.link import as_json
from gateway.live import metrics
from gateway.live.picture import picture
from gateway.live.topics import STATUS
from gateway.mqtt.broker import Broker as Connection
from gateway.mqtt.feed import Feed
from gateway.mqtt.home_assistant import HomeAssistant
from gateway.notices.chat.answers import Answers
from gateway.notices.chat.questions import understand
from gateway.sources.line import LineState
from gateway.store.store import Store
from gateway.web.page import HousePage
from servers import wait_until
from tests.gateway.web import three_years

UNKNOWN = None
JSON, COMPACT, COST = (f"linky/meter/house/{topic}" for topic in ("json", "compact", "cost-today"))
_COLOURS = {"bleu": "blue", "blanc": "white", "rouge": "red"}


@dataclass(frozen=True)
class Said:
    """A figure as a face tells it: a number and the step that it is told in, a word, or None: said to be unknown."""

    value: Fraction | str | None
    step: Fraction = Fraction(0)

    def agrees(self, other):
        """Whether both can be the same figure, rounded halves up."""
        if isinstance(self.value, str) or isinstance(other.value, str) or None in (self.value, other.value):
            return self.value == other.value
        fine, coarse = sorted((self, other), key=lambda one: one.step)
        if fine.step:
            # What was rounded once already may have been on either side.
            return abs(coarse.value - fine.value) <= (coarse.step + fine.step) / 2
        return coarse.value == rounded(fine.value, coarse.step) if coarse.step else fine.value == coarse.value


def rounded(value, step):
    return (value / step + Fraction(1, 2)).__floor__() * step


def number(text, unit=1):
    """A number as people write it: 1 234,5 or 1,234.5 with blanks of any width; ``unit`` is what one of it is."""
    plain = re.sub(r"[\s\u202f\xa0]", "", text).replace("−", "-").replace(",", ".")
    places = len(plain.partition(".")[2])
    return Said(Fraction(plain) * unit, Fraction(unit) / 10**places)


def exact(value):
    return Said(UNKNOWN if value is None else value if isinstance(value, str) else Fraction(str(value)))


def found(pattern, text, unit=1):
    """What the first group of a pattern says; nothing at all where it is not there."""
    match = re.search(pattern, text)
    return number(match[1], unit) if match else None


def plain(text):
    return re.sub(r"[\s\u202f\xa0]+", " ", html.unescape(re.sub(r"<[^>]+>", " ", text)))


def only(**figures):
    """Those that are there."""
    return {key: said for key, said in figures.items() if said is not None}


SIGNED = r"([+−-]?\d+)"
NUMBER = r"(-?\d[\d \u202f]*(?:,\d+)?)"


# --- the house as it runs, without its port ---------------------------------------------------------------------------


class Running:
    """The parts of the daemon that faces are made of, at one moment of a house."""

    def __init__(self, house):
        self.house = house
        self.store = Store(house.config.directory)
        self.now = Now(house.config, self.store, self.call, lambda: float(house.moment))
        # Whoever tells of a meter must have heard it.
        self.connection = Connection(house.config, house.config.mqtt, STATUS)
        self.feed = Feed(self.connection, self.now)
        self.devices = HomeAssistant(self.connection, self.now, house.config.mqtt, "fr")
        standard = house.kind.tempo or house.kind.solar
        when = house.readings[0].time
        self.now.hear("house", house.readings, when, standard=standard)
        asyncio.run(self.now.know_the_day())
        self.now.look(house.links, [])
        self.feed.look(house.links, [])

    async def call(self, function, *arguments):
        return function(*arguments)

    async def present(self):
        return self.now.house(self.house.links, [], {"house": LineState()})

    async def report(self):
        return as_json(self.house.links, running=True)

    async def publish(self, ear):
        """Speak to the broker until it has been heard."""
        stop = asyncio.Event()
        tasks = [asyncio.create_task(one.run(stop)) for one in (self.connection, self.feed, self.devices)]
        told = ("homeassistant/device/linky-house/config", JSON, COMPACT, COST)
        try:
            await asyncio.to_thread(wait_until, lambda: all(topic in ear.retained for topic in told), 30, "the feed")
        finally:
            stop.set()
            await asyncio.gather(*tasks)


# --- faces that are objects -------------------------------------------------------------------------------------------


def of_object(said):
    """The live feed's object: MQTT, SSE, the state in the page."""
    kinds = {
        "power": "drawn_va", "subscribed": "subscribed_va", "drawn-today": "drawn_today_wh",
        "drawn-yesterday": "drawn_yesterday_wh", "injected-today": "injected_today_wh",
        "produced-today": "produced_today_wh", "used-today": "self_consumed_today_wh",
    }  # fmt: skip
    colours = {f"tempo-{day}": Said(said[f"tempo_{day}"]) for day in ("today", "tomorrow")}
    cents = said["cost_today_cents"]
    cost = {"cost-today": Said(UNKNOWN) if cents is None else Said(Fraction(cents, 100), Fraction(1, 100))}
    return {key: exact(said[name]) for key, name in kinds.items()} | colours | cost


def of_compact(data):
    from gateway.live import compact

    frame = compact.decode(data)
    names = {
        "power": "drawn_va", "subscribed": "subscribed_va", "drawn-today": "drawn_today_wh",
        "drawn-yesterday": "drawn_yesterday_wh", "injected-today": "injected_today_wh",
        "produced-today": "produced_today_wh",
    }  # fmt: skip
    colours = {
        "tempo-today": Said(compact.COLOURS[frame.today]),
        "tempo-tomorrow": Said(compact.COLOURS[frame.tomorrow]),
    }
    return {key: exact(getattr(frame, name)) for key, name in names.items()} | colours


def of_home_assistant(retained):
    """The state that each entity takes from the broker by its own template."""
    told = json.loads(retained["homeassistant/device/linky-house/config"])
    keys = {
        "drawn_va": "power", "subscribed_va": "subscribed", "drawn_today_wh": "drawn-today",
        "injected_today_wh": "injected-today", "tempo_today": "tempo-today", "tempo_tomorrow": "tempo-tomorrow",
    }  # fmt: skip
    figures = {}
    for key, entity in told["cmps"].items():
        template = re.fullmatch(r"\{\{ value_json\.(\w+) \}\}", entity.get("val_tpl", ""))
        if key in keys and template:
            figures[keys[key]] = exact(json.loads(retained[told["stat_t"]])[template[1]])
    return figures


def of_metrics(text):
    return only(
        power=found(r'linky_power_voltamperes\{meter="house",direction="drawn"\} ([\d.]+)', text),
        subscribed=found(r'linky_subscribed_power_voltamperes\{meter="house"\} ([\d.]+)', text),
    )


# --- faces that are text ----------------------------------------------------------------------------------------------


def _doubtful(text, figures, *keys):
    """What a face says to be unknown."""
    return figures | (dict.fromkeys(keys, Said(UNKNOWN)) if "roduction inconnue" in text else {})


def of_watch(lines):
    text = "\n".join(lines)
    # A long line goes on in the next.
    today = re.search(r"Aujourd’hui +(.*?)\n  \S", text, re.DOTALL)
    today = re.sub(r"\n +", " ", today[1]) if today else ""
    tempo = re.search(r"Tempo +aujourd’hui (\w+), demain (\w+)", text)
    figures = only(
        power=found(rf"house +{NUMBER} VA", text),
        percent=found(rf"{NUMBER}\s%", text),
        **{
            "drawn-today": found(rf"{NUMBER} kWh soutirés", today, 1000),
            "injected-today": found(rf"{NUMBER} kWh injectés", today, 1000),
            "produced-today": found(rf"{NUMBER} kWh produits", today, 1000),
            "used-today": found(rf"{NUMBER} kWh autoconsommés", today, 1000),
            "drawn-yesterday": found(rf"Hier +(?:au moins )?{NUMBER} kWh", text, 1000),
            "cost-today": found(rf"Coût +(?:au moins )?{NUMBER}\s?€", text),
            "tempo-today": Said(_COLOURS[tempo[1]]) if tempo else None,
            "tempo-tomorrow": Said(_COLOURS[tempo[2]]) if tempo else None,
        },
    )
    return _doubtful(re.sub(r"\n +", " ", text), figures, "produced-today", "used-today")


def of_chat(said):
    """The answers by question."""
    power, day, cost, usage = (said[key] for key in ("puissance ?", "aujourd’hui", "coût ?", "conso ?"))
    tempo = re.search(r"Tempo\s: (\w+) aujourd’hui, (\w+) demain", said["tempo"])
    figures = only(
        power=found(rf"{NUMBER} VA en ce moment", power),
        percent=found(rf"{NUMBER}\s%", power),
        **{
            "drawn-today": found(rf"Aujourd’hui\s: (?:au moins )?{NUMBER} kWh", day, 1000),
            "drawn-yesterday": found(rf"jour entier\s: (?:au moins )?{NUMBER} kWh", day, 1000),
            "injected-today": found(rf"Injecté\s: {NUMBER} kWh", day, 1000),
            "produced-today": found(rf"Produit\s: {NUMBER} kWh", day, 1000),
            "used-today": found(rf"Autoconsommé\s: {NUMBER} kWh", day, 1000),
            "drawn-month": found(rf"Ce mois\s: (?:au moins )?{NUMBER} kWh", usage, 1000),
            "base-load": found(rf"Consommation de veille\s: {NUMBER} W", usage),
            "cost-month": found(rf"Ce mois\s: (?:au moins )?{NUMBER} € à ce jour", cost),
            "per-hour": found(rf"En ce moment\s: {NUMBER} € par heure", cost),
            "watts": found(rf"\({NUMBER} W en moyenne", cost),
            "tempo-today": Said(_COLOURS[tempo[1]]) if tempo else None,
            "tempo-tomorrow": Said(_COLOURS[tempo[2]]) if tempo else None,
        },
    )
    return _doubtful(day, figures, "produced-today", "used-today")


class _Sheet(DisplaySheet):
    """Keeps what a page writes, before it is drawn."""

    def __init__(self, look):
        super().__init__(look)
        self.texts = []

    def title(self, words, *rest):
        self.texts.append(words)
        super().title(words, *rest)

    def value(self, text, unit, *rest):
        self.texts.append(f"{text} {unit}")
        super().value(text, unit, *rest)

    def lines(self, texts, *rest):
        self.texts += texts
        super().lines(texts, *rest)

    def day(self, word, colour, *rest):
        self.texts.append(f"{word} : {self.words.get(colour)}")
        super().day(word, colour, *rest)


def of_screen(payload):
    """The pages of ``linky-display`` for what the broker says."""
    frame = msgspec.json.decode(payload, type=LiveMessage)
    view, texts = DisplayedMoment(frame, None, frame.age_s, live=True), {}
    for page in screens.available(view):
        sheet = _Sheet(PictureStyle(800, 480, colour=True))
        screens.PAGES[page](sheet, view)
        texts[page] = "\n".join(sheet.texts)
    return of_screen_texts(texts)


def of_screen_texts(texts):
    """What the pages of a screen say, be it a Raspberry Pi's or a board's."""
    now, today, sun, tempo = (texts.get(page, "") for page in ("now", "today", "solar", "tempo"))
    giving = "vers le réseau" in now
    colours = re.search(r"(?:Aujourd'hui|Auj\.)[ :\n]+(\w+)\n(?:Demain)[ :\n]+(\w+)", tempo)
    kilo = NUMBER
    doubt = "Production" in sun and re.search(r"^\? kWh", sun, re.MULTILINE)
    figures = only(
        power=None if giving else found(rf"(?m)^{kilo} ?(?:VA|$)", now),
        percent=None if giving else found(rf"{kilo} % de", now),
        **{
            "drawn-today": _kilo(rf"(?m)^{kilo} ?(?:kWh|$)", today),
            "drawn-yesterday": _kilo(rf"hier : (?:au moins |>)?{kilo} kWh", today),
            "injected-today": _kilo(rf"(?im)^injecté(?: :)?\s{kilo}\s*kWh", sun),
            "produced-today": None if doubt or "Production" not in sun else _kilo(rf"(?m)^{kilo} ?(?:kWh|$)", sun),
            "self-consumed": found(rf"(?:utilisé : )?{kilo} %", sun, Fraction(1, 100)),
            "cost-today": found(rf"(?m)^{kilo}\s?(?:€|euros)$", today),
            "tempo-today": Said(_COLOURS[colours[1].lower()]) if colours else None,
            "tempo-tomorrow": Said(_COLOURS[colours[2].lower()]) if colours else None,
        },
    )
    return figures | ({"produced-today": Said(UNKNOWN)} if doubt else {})


def _kilo(pattern, text):
    """Thousands: to a tenth below a hundred, also where none is written."""
    match = re.search(pattern, text)
    if match is None:
        return None
    said = number(match[1], 1000)
    return Said(said.value, Fraction(100 if said.value < 100_000 else 1000))


# --- the page ---------------------------------------------------------------------------------------------------------


def cards(text):
    """Title -> (value, note) of each card of a page."""
    rows = re.findall(r'<div class="card"><h3>(.*?)</h3><p>(.*?)</p>(?:<small>(.*?)</small>)?</div>', text)
    return {plain(title).strip(): (plain(value), plain(note)) for title, value, note in rows}


def table(text):
    """First cell -> head -> cell, of the table of a page."""
    inner = text.partition("<table>")[2].partition("</table>")[0]
    rows = re.findall(r"<tr>(.*?)</tr>", inner, re.DOTALL)
    lines = [[plain(cell).strip() for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)] for row in rows]
    return {line[0].rstrip(" *~"): dict(zip(lines[0], line, strict=True)) for line in lines[1:]} if lines else {}


def _card(known, title, unit=1, *, unknown="inconnu"):
    value, _ = known.get(title, (None, ""))
    if value is None:
        return None
    return Said(UNKNOWN) if unknown in value or value.strip() == "–" else found(NUMBER, value, unit)


def _consumed(shown):
    """What the house has used today in all, as the server writes it; of who produces nothing nothing."""
    text = shown.get("consumed_today", "")
    return only(**{"consumed-today": Said(UNKNOWN) if text == "inconnue" else found(NUMBER, text, 1000)})


def of_history(text, day):
    """The page of a day; ``day`` is how its figures are called."""
    known = cards(text)
    # Of a house with panels what is drawn is not all that is consumed.
    from_grid = "Soutiré du réseau" in known
    figures = {
        f"drawn-{day}": _card(known, "Soutiré du réseau" if from_grid else "Consommation", 1000),
        f"consumed-{day}": _card(known, "Consommation", 1000) if from_grid else None,
        f"injected-{day}": _card(known, "Injection", 1000),
        f"produced-{day}": _card(known, "Production", 1000),
    }
    if day == "today":
        figures |= {
            "self-consumed": _card(known, "Taux d’autoconsommation", Fraction(1, 100)),
            "self-sufficient": _card(known, "Taux d’autoproduction", Fraction(1, 100)),
            "change-today": found(
                rf"{SIGNED} % par rapport à l’an passé à cette heure-ci", plain(text), Fraction(1, 100)
            ),
        }
    return only(**figures)


def of_costs(text, today, yesterday):
    """The page *cost* by day."""
    rows, known = table(text), cards(text)
    section = re.search(r'<section class="card period month">.*?<p class="paid">(.*?)</p>', text)
    month = re.search(rf"{NUMBER} € à ce jour, {NUMBER} kWh", plain(section[1]) if section else "")
    talon = known.get("Consommation de veille", ("", ""))
    hour = known.get("En ce moment", ("", ""))
    return only(
        **{
            "cost-today": _cell(rows, today, "Total"),
            "cost-yesterday": _cell(rows, yesterday, "Total"),
            "cost-month": number(month[1]) if month else None,
            "drawn-month": number(month[2], 1000) if month else None,
            "per-hour": found(rf"{NUMBER} € par heure", hour[0]),
            "watts": found(rf"{NUMBER} W en moyenne", hour[1]),
            "base-load": found(rf"{NUMBER} W", talon[0]),
            "base-load-year": found(rf"environ {NUMBER} € par an", talon[1]),
        }
    )


def _cell(rows, name, head):
    cell = rows.get(name, {}).get(head, "–")
    return None if cell in {"–", "inconnu"} else found(NUMBER, cell)


def of_browser(text):
    """The page *now* as it stands in a browser: name -> text of each place that is shown."""
    kinds = {
        "power": ("power", 1), "percent": ("load", 1), "drawn-today": ("today", 1000),
        "drawn-yesterday": ("yesterday", 1000), "injected-today": ("injected_today", 1000),
        "produced-today": ("produced_today", 1000), "used-today": ("self_consumed_today", 1000),
        "consumed-today": ("consumed_today", 1000),
        "per-hour": ("cost_hour", 1), "cost-today": ("today_cost", 1),
    }  # fmt: skip
    figures = {
        key: Said(UNKNOWN)
        if text.get(name) in {"inconnu", "inconnue", "–"}
        else found(NUMBER, text.get(name, ""), unit)
        for key, (name, unit) in kinds.items()
    }
    colours = {f"tempo-{day}": text.get(f"tempo_{day}", "").lower() for day in ("today", "tomorrow")}
    return only(**figures, **{key: Said(_COLOURS[word]) if word in _COLOURS else None for key, word in colours.items()})


# --- commands ---------------------------------------------------------------------------------------------------------


def command(*arguments):
    """What a command prints."""
    with redirect_stdout(StringIO()) as out:
        assert main([str(one) for one in arguments]) == 0
    return out.getvalue()


def of_balance(rows, today, yesterday, month, told):
    by = {row["label"]: row for row in rows}
    now, before, so_far = by.get(today), by.get(yesterday), month
    figures = {"base-load": exact(told["base_load_w"]) if told["base_load_w"] is not None else None}
    if now:
        figures |= {
            "drawn-today": exact(now["drawn_wh"]),
            "injected-today": exact(now["injected_wh"]),
            "produced-today": exact(now["produced_wh"]),
            "self-consumed": exact(now["self_consumed"]),
            "self-sufficient": exact(now["self_sufficient"]),
        }
        if now["year_before"] and now["year_before"]["drawn_wh"]:
            figures["change-today"] = Said(Fraction(now["drawn_wh"], now["year_before"]["drawn_wh"]) - 1)
    if before:
        figures["drawn-yesterday"] = exact(before["drawn_wh"])
    if so_far:
        figures["drawn-month"] = exact(so_far["drawn_wh"])
    return only(**figures)


def of_cost_command(days, months, today, yesterday):
    by = {row["label"]: row for row in days["rows"]}
    four = Fraction(1, 10_000)
    return only(
        **{
            "cost-today": Said(Fraction(str(by[today]["total"])), four) if today in by else None,
            "cost-yesterday": Said(Fraction(str(by[yesterday]["total"])), four) if yesterday in by else None,
            "cost-month": Said(Fraction(str(months["rows"][-1]["total"])), four) if months["rows"] else None,
            "per-hour": exact(days["euros_per_hour"])
            if days["euros_per_hour"] is None
            else Said(Fraction(str(days["euros_per_hour"])), four),
            "watts": exact(days.get("watts")),
        }
    )


def of_balance_text(text, today, yesterday):
    """The table of ``linky-gateway balance``: figures in the order of its heads."""
    found_ = {}
    for line in text.splitlines():
        cells = re.split(r" {2,}", line.strip())
        if cells[0].rstrip(" *~") in (today, yesterday) and len(cells) > 2 and cells[0].rstrip(" *~") not in found_:
            found_[cells[0].rstrip(" *~")] = cells
    figures = {
        key: number(found_[day][1], 1000) if found_[day][1] != "–" else Said(UNKNOWN)
        for key, day in (("drawn-today", today), ("drawn-yesterday", yesterday))
        if day in found_
    }
    change = found_.get(today, [""] * 4)[3]
    return figures | only(**{"change-today": found(SIGNED, change, Fraction(1, 100)) if "%" in change else None})


# --- all of them ------------------------------------------------------------------------------------------------------


def read_all(house, broker, monkeypatch, browser=None):
    """Face -> figure -> what it says; and what a board hears. A ``browser`` opens the page *now* besides."""
    monkeypatch.setattr(time, "time", lambda: float(house.moment))
    today, yesterday = house.day, house.day.fromordinal(house.day.toordinal() - 1)
    running = Running(house)
    with closing(running.store):
        said, heard = _broker(running, broker)
        said |= _present(running)
        said |= _page(house, running, today, yesterday, browser)
    said |= _commands(house, today, yesterday)
    return said, heard


def _broker(running, broker):
    with broker.ear("#") as ear:
        asyncio.run(running.publish(ear))
        wait_until(lambda: STATUS in ear.retained, 60, "the farewell")
        retained = dict(ear.retained)
        # The next house has a broker that knows nothing.
        for one in [ear._client.publish(topic, b"", qos=1, retain=True) for topic in retained]:
            one.wait_for_publish(10)
    return {
        "MQTT": of_object(json.loads(retained[JSON])),
        "40 bytes": of_compact(retained[COMPACT]),
        "Home Assistant": of_home_assistant(retained),
        "screen": of_screen(retained[JSON]),
    }, {"compact": retained[COMPACT].hex(), "cost": retained[COST].decode()}


def _present(running):
    present = asyncio.run(running.present())
    answers = Answers(running.house.config, running.store, running.call, running.present, time.time)
    asked = ("puissance ?", "aujourd’hui", "coût ?", "conso ?", "tempo")
    told = {text: asyncio.run(answers.answer(understand(text, day_of(time.time())), "fr")) for text in asked}
    lines = list(changes(None, present))
    return {
        "watch": of_watch(picture(present, "fr", 80, 60)),
        "watch, in a pipe": of_object(next(line for line in lines if "drawn_va" in line)),
        "chat": of_chat(told),
        "metrics": of_metrics(metrics.openmetrics(present)),
    }


_SHOWN = """JSON.stringify(Object.fromEntries([...document.querySelectorAll("#home [data-is]")]
  .filter((one) => one.checkVisibility()).map((one) => [one.dataset.is, one.textContent])))"""


def _open(browser, served):
    browser.cookie(served.url, "linky_session", served.owner.cookies["linky_session"])
    browser.dark(on=False)
    browser.open(served.url, width=390, height=844, language="fr")
    shown = json.loads(browser.evaluate(_SHOWN))
    # A page left open would complain of a server that is gone.
    browser.open("about:blank")
    return {"page, in a browser": of_browser(shown)}


def _page(house, running, today, yesterday, browser):
    page = HousePage(house.config, house.config.web, running.now, running.report, running.present)
    with three_years.served(house.folder, house.config, password=False, house=page) as served:

        def get(path):
            answer, text = served.owner.get(path, Accept_Language="fr")
            assert answer.status == 200, (path, text)
            return text

        home = json.loads(html.unescape(re.search(r'data-state="([^"]*)"', get("/"))[1]))
        wall = json.loads(html.unescape(re.search(r'data-state="([^"]*)"', get("/display"))[1]))
        days, costs = get("/history?period=month"), {p: get(f"/cost?period={p}") for p in ("day", "month", "year")}
        month = cards(days)
        drawn_as = "Soutiré du réseau" if "Soutiré du réseau" in month else "Consommation"
        rows = table(days)
        short = {day: _short(day) for day in (today, yesterday)}
        return (_open(browser, served) if browser else {}) | {
            "page, now": of_object(home["meters"][0]) | _consumed(home["shown"][0]),
            "page, wall": of_object(wall["meters"][0]) | _consumed(wall["shown"][0]),
            "page, today": of_history(get(f"/history?date={today}"), "today"),
            "page, yesterday": of_history(get(f"/history?date={yesterday}"), "yesterday"),
            "page, month": only(
                **{
                    "drawn-month": _card(month, drawn_as, 1000),
                    "drawn-today": found(NUMBER, rows.get(short[today], {}).get(f"{drawn_as} (kWh)", ""), 1000),
                    "drawn-yesterday": found(NUMBER, rows.get(short[yesterday], {}).get(f"{drawn_as} (kWh)", ""), 1000),
                }
            ),
            **{
                f"page, cost by {period}": of_costs(text, short[today], short[yesterday])
                for period, text in costs.items()
            },
        }


def _short(day):
    from gateway.web.written import short_date

    return short_date("fr", day)


def _commands(house, today, yesterday):
    place = ("--config", house.folder / "gateway.toml")
    days = json.loads(command("balance", "--period", "day", "--json", *place))
    months = json.loads(command("balance", "--json", *place))
    costs = [json.loads(command("cost", "--period", period, "--json", *place)) for period in ("day", "month")]
    text = command("balance", "--period", "day", "--lang", "fr", *place)
    names = str(today), str(yesterday)
    month = next((row for row in months["rows"] if row["label"] == str(today)[:7]), None)
    return {
        "balance --json": of_balance(days["rows"], *names, month, days),
        "cost --json": of_cost_command(*costs, *names),
        "balance": of_balance_text(text, *names),
    }
