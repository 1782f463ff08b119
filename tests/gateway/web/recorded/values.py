"""What the recorded pages show, as values: by hand, in the shapes that the house itself hands over.

All of it is fixed, and long or hostile where a page could break: a page of it is the same in every year.
"""

from dataclasses import replace
from datetime import date
from itertools import pairwise

from gateway.live.credentials import Credentials
from gateway.mqtt.boards.displays import DisplayAccount
from gateway.mqtt.boards.passwords import made
from gateway.store.queue import LastComparison
from gateway.web.boards.values import DamagedBoard, HouseBoard, HouseBoards
from gateway.web.cost.values import Aim, Bill, Forecast, Money, OfferPaid, OffersCompared, Present, TariffOffer
from gateway.web.displays.stored import NewDisplay
from gateway.web.history.values import Curve, Figures, HistoryRow, Outlier, Past, Spent
from gateway.web.https.certificate import OwnAuthority, grouped
from gateway.web.repair.values import Changed, PointPlace, RepairableSeries, RepairView, Stored
from gateway.web.security.values import BoardNow
from gateway.web.settings.values import Settings
from gateway.web.sharing.answer import AnswerChoices
from gateway.web.sharing.values import HandedOver, JournalState, RecipientFlow
from gateway.web.sharing.yesterday import Yesterday
from gateway.words.phrase import written

HOSTILE = "<script>alert('1')</script> & \"deux\""
DAY_S = 86_400
# 2026-01-14T00:00:00Z, and midnight in Paris before it.
DAY, MIDNIGHT = 1_768_348_800, 1_768_345_200

# --- the encrypted page ----------------------------------------------------------------------------------------------

_PEM = "-----BEGIN CERTIFICATE-----\nbm9uZQ==\n-----END CERTIFICATE-----\n"
ENCRYPTED = (
    "https://linky.local:8443",
    OwnAuthority(_PEM, "Linky raspberrypi 7F3A", grouped("0123456789abcdef" * 4), grouped("0123456789" * 4)),
)
# Its name is that of a machine, and a file that somebody may have put there.
HOSTILE_AUTHORITY = replace(ENCRYPTED[1], name=HOSTILE)

# --- meter and links -------------------------------------------------------------------------------------------------


def link(name, state="ok", age_s=90.0, **more):
    told = {"title": f"the {name.partition(' ')[0]}", "title_fr": f"le {name.partition(' ')[0]}"}
    return {"link": name, "state": state, "age_s": age_s, "detail": f"as it is: {HOSTILE}", **told, **more}


def report(*links, alerts=()):
    return {"running": True, "links": list(links), "alerts": list(alerts)}


WELL = report(
    link("port house", age_s=86_400 * 30), link("meter house", age_s=7_200.0), link("xmpp", age_s=None),
    link("decode house", figures={"signal_minute": 100, "signal_hour": 99.5, "signal_day": 97.25}),
    link("recipient coop@sen2.test", "waiting", 200.0),
)  # fmt: skip
FAULTY = report(
    link("port house", "broken", 3.0, detail="/dev/ttyTIC: held by another program"),
    link("meter house", "waiting", 59.4),
    link("port garage & <b>", age_s=400.0),
    link("meter garage & <b>", "broken", 400.0),
    link("decode garage & <b>", figures={"signal_hour": 61.5}),
    link("clock garage & <b>", "broken", 12.0),
    link("page", "broken", 10.0, detail_fr=f"port pris {HOSTILE}"),
    alerts=[
        {"link": "meter house", "fr": f"Le compteur se tait. {HOSTILE}", "en": f"The meter is mute. {HOSTILE}"},
        {"link": "tempo red", "fr": f"Demain est rouge. {HOSTILE}", "en": f"Tomorrow is red. {HOSTILE}"},
    ],
)

# --- history ---------------------------------------------------------------------------------------------------------

SPENT = Spent({"hcjb": 0.5184, "hpjb": 1.3427}, 0.5048, 0.3629, 2.003)
SUNNY = Figures(12_345, {"hcjb": 4_000, "hpjb": 8_345}, 9_072, 12_096, 0.25, 0.2495, spent=SPENT)
PLAIN = Figures(24_192, {"base": 24_192}, None, None, None, None)
DOUBTED = replace(SUNNY, produced=1_000, self_consumed=None, self_sufficient=None, doubt="unread")
UNREAD = replace(SUNNY, produced=None, self_consumed=None, self_sufficient=None, doubt="too-little")
_DAY = date(2026, 1, 14)
_KNOWN = (date(2023, 11, 1), date(2026, 1, 31))


def _row(first, end, figures=SUNNY, before=None, change=None, **more):
    return HistoryRow(first, end, figures, before, change, **more)


_MINUTES = {MIDNIGHT + n * 60: (500.5 + n % 7, 400 + n % 7, 9_000 if n == 600 else 700) for n in range(700)}


def _half_hours(figures, before=None, **more):
    """The half hours of the day, of which each is what ``figures`` makes of its number."""
    return [
        _row(_DAY, _NEXT, figures(n), before(n) if before else None, at=MIDNIGHT + n * 1800, **more) for n in range(48)
    ]


def _sunny(n):
    word = "hcjb" if n < 12 else "11" if n < 20 else None
    spent = Spent({"hcjb": 0.0327}, 0.0105, n * 0.0001, 0.04, partly=n == 3) if word == "hcjb" else None
    classes = {word: 252} if word else {}
    return Figures(252, classes, n * 2, 1_008 if 20 <= n < 32 else None, spent=spent) if n < 30 else None


def _before(n):
    return Figures(300, {"hcjb": 300}, None, None, spent=SPENT) if n % 2 else None


_NEXT = date(2026, 1, 15)
_HALF_HOURS = _half_hours(_sunny, estimated=True)
_COMPARED = _half_hours(_sunny, _before)
_PLAIN_HALF_HOURS = _half_hours(lambda _: Figures(252, {"base": 252}, None, None))
_BANDS = [(MIDNIGHT, MIDNIGHT + 21_600, "hcjb"), (MIDNIGHT + 21_600, MIDNIGHT + DAY_S, HOSTILE)]
CURVE = Curve(MIDNIGHT, MIDNIGHT + DAY_S, _MINUTES, {MIDNIGHT + 60: (11.0, 10, 12)}, _BANDS)
_PLAIN_CURVE = Curve(MIDNIGHT, MIDNIGHT + DAY_S, {}, {}, [])
_ODD = tuple(Outlier("consumption/power/active", MIDNIGHT + n * 1800, 98_765.4) for n in range(5))


def past(period="day", sum_=None, rows=(), curve=None, **more):
    """One look at the meter of the house."""
    whole = sum_ or _row(_DAY, _NEXT, SUNNY, PLAIN, -0.4897)
    told = {"known": _KNOWN, "previous": date(2026, 1, 13), "next": _NEXT} | more
    if curve and not rows:
        rows = _HALF_HOURS if curve.drawn else _PLAIN_HALF_HOURS
    return Past(told.pop("meter", "house"), period, whole.first, whole, rows, curve, **told)


_MONTHS = [date(2026, month, 1) for month in range(1, 13)] + [date(2027, 1, 1)]
_WEEK = [date(2026, 1, day) for day in range(12, 20)]
PASTS = {
    "nothing yet": past(sum_=_row(_DAY, _NEXT, None), known=None, previous=None, next=None),
    "nothing of the day": past(sum_=_row(_DAY, _NEXT, None), next=None),
    "the first evening": past(
        sum_=_row(_DAY, _NEXT, Figures(504, {"base": 504}, None, None, None, None), whole=False),
        curve=replace(CURVE, injected={}, bands=[]), known=(_DAY, _DAY), previous=None, next=None,
    ),
    "minutes alone": past(sum_=_row(_DAY, _NEXT, None), curve=CURVE),
    "a day": past(curve=CURVE, odd=_ODD),
    "a day compared": past(
        sum_=_row(_DAY, _NEXT, SUNNY, SUNNY, -0.1, so_far=True, cost_change=0.2), curve=CURVE, rows=_COMPARED,
        against="previous", next=None,
    ),
    "a day of last week": past(sum_=_row(_DAY, _NEXT, SUNNY, SUNNY, 0.3), curve=CURVE, rows=_COMPARED, against="week"),
    "a day in doubt": past(sum_=_row(_DAY, _NEXT, DOUBTED, SUNNY, whole=False, estimated=True), curve=_PLAIN_CURVE),
    "a day unread": past(sum_=_row(_DAY, _NEXT, UNREAD, SUNNY, 0.1, so_far=True), curve=_PLAIN_CURVE, odd=_ODD[:1]),
    "a day injected": past(sum_=_row(_DAY, _NEXT, replace(PLAIN, injected=3_000), PLAIN, 0.0), curve=_PLAIN_CURVE),
    "a day not to compare": past(sum_=_row(_DAY, _NEXT, PLAIN, PLAIN), curve=_PLAIN_CURVE, next=None),
    "a week": past("week", _row(_WEEK[0], _WEEK[-1], SUNNY, PLAIN, 0.5), [
        _row(_WEEK[0], _WEEK[1], SUNNY, PLAIN, 0.1), _row(_WEEK[1], _WEEK[2], None),
        _row(_WEEK[2], _WEEK[3], PLAIN, whole=False), _row(_WEEK[3], _WEEK[4], UNREAD, estimated=True),
        *(_row(a, b, replace(SUNNY, drawn=None)) for a, b in pairwise(_WEEK[4:])),
    ]),
    "a month": past("month", _row(_MONTHS[0], _MONTHS[1], PLAIN, so_far=True), [
        _row(date(2026, 1, n), date(2026, 1, n + 1), PLAIN if n % 3 else None) for n in range(1, 31)
    ]),
    "a month before": past("month", _row(_MONTHS[0], _MONTHS[1], SUNNY, SUNNY, -0.2), [
        _row(date(2026, 1, n), date(2026, 1, n + 1), SUNNY, SUNNY if n < 29 else None) for n in range(1, 31)
    ], against="previous", up_to_date=False),
    "a year": past("year", _row(_MONTHS[0], _MONTHS[-1], SUNNY, SUNNY, 0.0), [
        _row(a, b, replace(SUNNY, drawn=n * 100_000), PLAIN, n / 10, whole=n != 3)
        for n, (a, b) in enumerate(pairwise(_MONTHS))
    ]),
}  # fmt: skip

# --- cost ------------------------------------------------------------------------------------------------------------

_NO_MOMENT = Present(None, None, None, None)
_MOMENT = Present(0.4567, 2_345, "hcjr", 152)
_BASE = TariffOffer("Base <1>", date(2025, 1, 1), date(2025, 12, 31), 12.5, {"base": 0.2516}, 0.0, in_force=False)
_TEMPO = TariffOffer("Tempo", date(2026, 1, 1), None, 15.65, {"hcjb": 0.1296, "hpjr": 0.7562}, 0.04, in_force=True)


def _money(first, end, total=6.64, **more):
    told = {
        "energy": 5.64, "classes": {"hcjb": 3.23, "hpjb": 2.41}, "subscription": 1.0, "income": 0.0,
        "before": 7.12, "change": -0.0674, "whole": True, "wh": 24_192,
    }  # fmt: skip
    return Money(first, end, total=total, **told | more)


_AIMS = (
    Aim("month", "kWh", 700.0, 605.9, 751.2, "will-exceed"), Aim("year", "€", 200.0, 146.18, 181.24, "kept"),
    Aim("year", "kWh", 300.0, 605.9, 751.2, "exceeded"),
    Aim("month", "€", 150.0, 146.18, 181.24, "unpriced", priced=False),
)  # fmt: skip
_SOON = (
    Forecast("month", date(2026, 1, 1), 605_900, 751_200, 146.18, 181.24, by_year_before=False, days_left=6),
    Forecast(
        "year",
        date(2026, 1, 1),
        605_900,
        7_512_000,
        146.18,
        1_812.4,
        by_year_before=True,
        days_left=341,
        since=date(2026, 1, 3),
    ),
)
_FREE = tuple(replace(one, measured_euros=None, expected_euros=None) for one in _SOON)
_THIS_MONTH = _money(date(2026, 1, 1), date(2026, 2, 1), 146.18, wh=605_900, so_far=True, over=False)


def bill(period="month", **more):
    """The page of the meter of the house."""
    told = {"rows": (), "offers": (_BASE, _TEMPO), "forecasts": _SOON, "aims": _AIMS, "present": _MOMENT} | more
    return Bill("house", period, **{"month": _THIS_MONTH} | told)


BILLS = {
    "nothing yet": bill(offers=(), forecasts=(), aims=(), present=_NO_MOMENT, month=None),
    "no tariff": bill(
        offers=(), forecasts=_FREE, aims=_AIMS[:1], present=replace(_NO_MOMENT, base_load_w=1_008),
        month=replace(_THIS_MONTH, total=None, change=None, partly=True),
    ),
    "the first evening": bill(
        forecasts=(), aims=(), present=_NO_MOMENT, month=replace(_THIS_MONTH, change=None, whole=False)
    ),
    "a tariff from tomorrow on": bill(
        rows=[_money(_MONTHS[0], _MONTHS[1], None)], forecasts=_FREE, aims=(), month=None
    ),
    "days": bill("day", rows=[
        _money(date(2026, 1, n), date(2026, 1, n + 1), classes={"base": 5.64}, income=0.36 if n == 3 else 0.0)
        for n in range(1, 5)
    ], present=replace(_MOMENT, base_load_w=None), aims=_AIMS[:1],
       forecasts=(replace(_SOON[0], days_left=1), _SOON[1])),
    "months": bill(rows=[
        _money(_MONTHS[0], _MONTHS[1], None), _money(_MONTHS[1], _MONTHS[2], whole=False, before=None, change=None),
        _money(_MONTHS[2], _MONTHS[3], estimated=True),
        _money(_MONTHS[3], _MONTHS[4], so_far=True, partly=True, over=False),
    ], base_load_year=123.4, month=replace(_THIS_MONTH, partly=True, estimated=True), days_without=3,
       unpriced_wh=4_321, classes_seen=("hc", "hp", "<b>")),
    "years": bill("year", rows=[_money(_MONTHS[0], _MONTHS[-1], change=None, income=12.5)], base_load_year=50.0),
    "years that are compared": bill("year", rows=[_money(_MONTHS[0], _MONTHS[-1])], present=_NO_MOMENT),
}  # fmt: skip

_YEAR = {"meter": "house", "first": date(2025, 1, 15), "last": date(2026, 1, 14), "days": 365, "wh": 1_922_300}
_EXAMPLES = {"checked": date(2026, 5, 18), "since": date(2026, 2, 1)}
OFFERS = {
    "nothing yet": OffersCompared(**_YEAR | {"days": 0, "wh": 0}, offers=()),
    "refused": OffersCompared(**_YEAR, offers=(), refused=True),
    "all": OffersCompared(**_YEAR, **_EXAMPLES, offers=(
        OfferPaid("Base <1>", own=False, euros=400.5, apart=-20.25),
        OfferPaid("Tempo 6", own=True, euros=420.75, apart=0.0),
        OfferPaid("Tempo", own=False, euros=420.75, apart=0.0), OfferPaid("HC", own=False, euros=455.0, apart=34.25),
    ), off_peak=("22:30", "06:30"), old=True, shared=True, refuted=True),
    "unknown": OffersCompared(**_YEAR | {"days": 30}, **_EXAMPLES, offers=(
        OfferPaid("Base", own=False, euros=-3.0, apart=None),
        OfferPaid("Tempo 6", own=True, euros=None, apart=None, lacks="own"),
        *(
            OfferPaid(f"Base {number}", own=False, euros=None, apart=None, lacks=one)
            for number, one in enumerate(("hours", "colours", "power", "price"))
        ),
    )),
}  # fmt: skip

# --- repair ----------------------------------------------------------------------------------------------------------

_POWER = RepairableSeries("house", "consumption/power/active", "W", "gauge", {"fr": "puissance <1>", "en": "power <1>"},
               ("raw", "PT30M"), MIDNIGHT + 7_200)  # fmt: skip
_INDEX = RepairableSeries("garage", "consumption/energy/active/index", "Wh", "index",
               {"fr": "l’index", "en": "the index"}, ("raw", "P1D"), MIDNIGHT)  # fmt: skip
_TEXT = RepairableSeries("house", "contract/tariff", "", "text", {"fr": "tarif", "en": "tariff"}, ("raw",), MIDNIGHT)


def which(known, granularity="PT30M", at=MIDNIGHT + 3_600):
    return PointPlace(known.meter, known.path, granularity, at)


def _stored(known, value, at=MIDNIGHT + 3_600, granularity="PT30M", **more):
    return Stored(which(known, granularity, at), value, **more)


_AROUND = [_stored(_POWER, 500.5 + n, MIDNIGHT + n * 1800, rectified=n == 1) for n in range(5)]
POINTS = {
    "power": (_POWER, _stored(_POWER, 98_765.4), _AROUND, ["coop@sen2.test", "<ville>@sen3.test"]),
    "index": (_INDEX, _stored(_INDEX, 1_234_567, granularity="raw"), [], []),
    "text": (_TEXT, _stored(_TEXT, f"HC.. {HOSTILE}", granularity="raw"), [], ["coop@sen2.test"]),
}
_SUSPECTS = (
    _stored(_POWER, 98_765.4, low=400.0, high=1_600.25), _stored(_INDEX, 12, judged="index-fell", granularity="raw"),
    _stored(_TEXT, "?", granularity="raw"), _stored(replace(_TEXT, path="gone"), "?"),
)  # fmt: skip
_CORRECTIONS = (
    Changed(which(_POWER), 98_765.4, 520.5, DAY, f"parasite {HOSTILE}", undoable=True),
    Changed(which(_INDEX, "P1D"), 12, None, DAY, "", undoable=False),
    Changed(PointPlace("house", "gone/<path>", "raw", MIDNIGHT), None, "HP..", DAY, "", undoable=True),
)
LOOKS = {
    "nothing yet": RepairView((), (), ()),
    "all well": RepairView((_POWER,), (), ()),
    "one meter": RepairView((_POWER, _TEXT), _SUSPECTS[:1], _CORRECTIONS[:1]),
    "at first": RepairView((_POWER, _INDEX, _TEXT), _SUSPECTS, _CORRECTIONS),
    "chosen": RepairView((_POWER, _INDEX, _TEXT), _SUSPECTS[:1], _CORRECTIONS, which(_POWER), _AROUND),
    "chosen, nothing there": RepairView((_POWER, _INDEX, _TEXT), (), (), which(_INDEX)),
}

# --- settings, displays, series --------------------------------------------------------------------------------------

_TABLES = [
    ("meter", "house", {"source": "/dev/ttyTIC", "mode": "auto", "clock": "host", "sensor": "ab12", "tee": []}),
    ("counter", "eau <1>", {"quantity": "water", "gpio": 17, "per_pulse": "1 l"}),
    ("store", "", {"directory": "/var/lib/x", "raw_hours": 24, "minute_days": None, "received_days": 0}),
    (
        "federation",
        "",
        {"jid": HOSTILE, "units": "secondary", "max_retention": written({"fr": "1 an & 6 mois", "en": "1 year & 6"})},
    ),
    ("mqtt", "", {"host": "localhost", "port": 1883, "tls": False, "user": None, "discovery": True}),
    ("web", "", {"listen": "0.0.0.0:8080", "names": ("a.example", "<b>"), "networks": ()}),
    ("tariff", "HC", {"from": "2026-01-01", "until": None, "subscription": 15.65, "prices": {"hc": 0.1579}}),
    ("received", "toit", {"provider": "coop@sen2.test", "identifier": "x"}),
]
_GOALS = {"kwh_per_month": 300.0, "kwh_per_year": 3_333.5, "euros_per_month": None, "euros_per_year": 0.1}
CONFIGURED = Settings(
    _GOALS, "moi@sen1.test, <toi>@sen1.test", "en", frozenset(("objective", "household")), has_tariff=True,
    has_account=True, folder="/etc/<linky>", commit_interval_s=60, tables=_TABLES,
    changed=frozenset(("meter.house.source", "web.listen", "store.raw_hours")),
    tariff=("Base <b>", date(2026, 2, 1)), ways=2, broker="broker.local", account="maison@sen1.test",
)  # fmt: skip
UNCONFIGURED = Settings(
    dict.fromkeys(_GOALS), "", "fr", frozenset(), has_tariff=False, has_account=False, folder="/etc/linky-gateway",
    commit_interval_s=300, tables=_TABLES[:1],
)  # fmt: skip

DISPLAYS = tuple(
    DisplayAccount(name=name, password_line=made(name)[1], home_assistant=name == "ha") for name in ("salon", "ha")
)
_RUNS, _OLD = "0.3.0+1a2b3c4d", "0.2.0+<b>"
_BOARDS = (
    HouseBoard(BoardNow("garage", "relay", "esp32", True, MIDNIGHT, _RUNS, "current"), ("house <1>",), reads=True),
    HouseBoard(
        BoardNow("hall", "relay", "esp32c3", True, MIDNIGHT, _OLD, "cable"), ("hall",), reads=False, newer="0.3.0"
    ),
    HouseBoard(BoardNow("salon", "display", "esp32", False, None, _OLD, "refused"), newer="0.3.0"),
    HouseBoard(BoardNow("deux", "relay", "esp32", None, None, "", "silent")),
)
_UPDATING = tuple(
    HouseBoard(BoardNow("garage", "relay", "esp32", True, MIDNIGHT, _RUNS, standing), ("house",), reads=True)
    for standing in ("pending", "trial")
)
BOARDS = {
    "all": HouseBoards(_BOARDS, is_open=True, running="0.3.0"),
    "none": HouseBoards((), is_open=True, running="0.3.0", why="nowhere"),
    "closed": HouseBoards((), is_open=False, running="0.3.0"),
    "damaged": HouseBoards(
        _BOARDS[:1], is_open=True, running="0.3.0", damaged=(DamagedBoard("cave"), DamagedBoard("veranda", ("Maison",)))
    ),
    **{one.now.standing: HouseBoards((one,), is_open=True, running="0.3.0") for one in _UPDATING},
    **{
        f"why {why}": HouseBoards(_BOARDS[:1], is_open=True, running="0.3.0", why=why)
        for why in ("old", "unlooked", "nowhere")
    },
}
GIVEN = {
    works: NewDisplay(
        Credentials("house", "linky.local", 8883, "salon", "a<b>&'\"", "-----BEGIN <CERT>-----\n", MIDNIGHT), works
    )
    for works in (True, False)
}
_SERIES = [
    {"path": "consumption/power/<x>", "fr": "puissance & plus", "en": "power & more", "unit": "VA",
     "granularities": ["raw", "PT1M"]},
    {"path": "contract/tariff", "fr": "tarif", "en": "tariff", "unit": "", "granularities": ["raw"]},
]  # fmt: skip
SERIES = [
    {"meter": "house <1>", "identifier": "urn:dev:<x>", "sensor": "ab12", "series": _SERIES},
    {"meter": "garage", "identifier": None, "sensor": "cd34", "series": []},
]

_NOT_JOINED = {"invited": "", "waiting": None, "refused": None, "joined": ()}
JOINED = {
    "nothing yet": _NOT_JOINED,
    "brought by the card": _NOT_JOINED | {"invited": f"La Coop {HOSTILE}"},
    "waiting": _NOT_JOINED | {
        "waiting": {"controller": f"La Coop {HOSTILE}", "why": {"fr": "pas de réponse <b>", "en": "no answer <b>"}},
        "joined": ({"controller": "Soleil <1>", "at": DAY}, {"controller": "Vent", "at": DAY + 86_400}),
    },
    "being carried out": _NOT_JOINED | {"waiting": {"controller": "La Coop", "why": {}}},
    "came to nothing": _NOT_JOINED | {
        "refused": {"controller": f"La Coop {HOSTILE}", "why": {"fr": "trop tard <b>", "en": "too late <b>"}},
    },
}  # fmt: skip

# --- sharing ---------------------------------------------------------------------------------------------------------


def _at(days):
    return f"20{26 + days // 365}-0{1 + days % 365 // 50}-{1 + days % 28:02}T10:00:00Z"


def _terms(**more):
    return {
        "push": True, "history": True, "history_from": None, "purpose": "partager un toit", "controller": "La Coop",
        "contact": "dpo@coop.example", "privacy": "https://coop.example/privacy", "role": "controller",
        "code_of_conduct": {"url": "", "version": "", "sha256": ""}, "retention": "P6M",
    } | more  # fmt: skip


_LONG = {
    "purpose": HOSTILE * 5, "controller": f"Étude {HOSTILE}", "contact": f"délégué {HOSTILE}", "privacy": "",
    "role": "joint", "code_of_conduct": {"url": "https://x.test/<c>", "version": "1", "sha256": "ab"},
    "history_from": "2026-01-01T00:00:00Z", "push": False, "retention": "",
}  # fmt: skip


def consent(number, recipient="coop@sen2.test", state="valid", **more):
    return {
        "id": number, "recipient": recipient, "meter": "house", "series": "consumption/power", "granularity": "PT30M",
        "given": _at(number), "begins": _at(number), "until": _at(number + 400), "state": state, "ended": None,
        "replaces": None, **_terms(), "profile": "exact", "pseudonym": False, "given_by": "owner", "channel": "web",
        "text": {"version": "3", "lang": "fr", "sha256": "ab" * 4}, "known_as": "ab12",
    } | more  # fmt: skip


_BY_HAND = {"channel": "command", "given_by": "root <1>", "text": {"version": "", "lang": "fr", "sha256": ""}}
CONSENTS = [
    consent(1),
    consent(2, series="consumption/energy/active/index", granularity="raw", **_BY_HAND),
    consent(3, "etude@sen9.test", "limited", profile="coarse", pseudonym=True, known_as="x<y>", **_LONG),
    consent(4, "c00p@sen2.test", "waiting", controller="", retention="", granularity="P1D", profile="anonymous"),
    *(consent(10 + n, "ancien@sen9.test", state, ended=_at(n) if n % 2 else None, **_LONG)
      for n, state in enumerate(("withdrawn", "replaced", "erased", "expired"))),
]  # fmt: skip
MANY_PAST = [consent(n, f"a{n}@sen9.test", "expired") for n in range(60)]
_KINDS = (
    *("access-granted", "access-refused", "consent-withdrawn", "consent-limited", "consent-resumed"),
    *("data-rectified", "data-erased", "recipient-suspended"),
)
NOTICES = [
    {"kind": kind, "recipient": "coop@sen2.test", "series": "consumption/power" if n % 2 else "", "at": _at(n),
     "confirmed": _at(n + 1) if n == 1 else None, "superseded": n == 2, "sent": n % 4, "erasure": True, "held": None}
    for n, kind in enumerate(_KINDS)
]  # fmt: skip
HANDED = [
    HandedOver(DAY, "coop@sen2.test", "PT30M", 12_345, 2, MIDNIGHT, MIDNIGHT + 3_600, 12_000),
    HandedOver(DAY, "coop@sen2.test", "raw", 1, 1, MIDNIGHT, MIDNIGHT),
]


FLOWS = {
    "coop@sen2.test": RecipientFlow(
        1_234_567, DAY, 1_230_000, 48, 1_567, 3_000, 12, LastComparison(DAY, "differs", 9_000, 3, 0, 1, 1)
    ),
    "etude@sen9.test": RecipientFlow(waiting=3, compared=LastComparison(DAY, "same", 9_000, 0, 0, 0)),
}


def request(number, sender="coop@sen2.test", domain="sen2.test", **more):
    return {
        "id": number, "from": sender, "domain": domain, "meter": "house", "sensor": "ab12", "at": _at(number),
        "series": "consumption", "granularity": "PT1M", "until": _at(number + 30), **_terms(),
    } | more  # fmt: skip


REQUESTS = [
    request(1), *(request(n, f"x{n}@sen9.test", "sen9.test", **_LONG) for n in (2, 3, 4)),
    *(request(n, f"y{n}@sen8.test", "sen8.test", controller="") for n in (5, 6)),
]  # fmt: skip
REFUSED = [{"domain": "spam.<test>", "since": _at(1), "until": _at(90), "by": "owner"}]
HEALTH = [
    {"recipient": "installer@<pro>.test", "given": _at(1), "until": _at(300), "state": "valid", "channel": "web",
     "given_by": "owner", "text": {"version": "1", "lang": "fr", "sha256": "cd" * 4}},
    {"recipient": "old@pro.test", "given": _at(2), "until": _at(300), "state": "waiting", **_BY_HAND},
    {"recipient": "gone@pro.test", "given": _at(3), "until": _at(4), "state": "withdrawn", **_BY_HAND},
]  # fmt: skip
_BRANCHES = ["consumption/power", "consumption/<energy>"]
_LATE = "2999-12-31T23:00:00Z"
CHOICES = {
    1: AnswerChoices(request(1), _BRANCHES, (), may_disguise=True, until=_LATE, refused_days=30),
    2: AnswerChoices(request(2, "x<2>@sen9.test", "sen9.test", meter="", until=None, purpose="", **{
        key: value for key, value in _LONG.items() if key != "purpose"
    }), _BRANCHES[:1], ("house", "garage <2>"), may_disguise=False, until=_LATE, refused_days=7),
    3: AnswerChoices(request(3, granularity="P1D", history=False, controller=""), [], (), may_disguise=True,
               until=_LATE, refused_days=30),
}  # fmt: skip
_EVENING = {MIDNIGHT + m * 60: 300.4 + (m > 1_140) * 2_700 for m in range(1_440) if m < 300 or m > 420}
YESTERDAYS = {
    "drawn": Yesterday(date(2026, 1, 14), MIDNIGHT, MIDNIGHT + 86_400, _EVENING, 12_345),
    "injected": Yesterday(date(2026, 1, 14), MIDNIGHT, MIDNIGHT + 90_000, {MIDNIGHT: 0.0}, injected=True),
    "unknown": None,
}
WORDS = "\n".join((
    "Consentement", "", f"Vous donnez {HOSTILE}", "x" * 95, "suite de la ligne", "- un point", "y" * 89, "pas de suite",
))  # fmt: skip
TEXT = {"words": WORDS, "lang": "fr", "hash": "ef" * 4}
INVITED = TEXT | {
    "controller": f"La Coop {HOSTILE}",
    "asked": {
        "series": ["consumption/energy", "production/energy"],
        "granularity": "PT30M",
        "until": "2028-02-29",
        "purpose": f"le soleil de l’école {HOSTILE}",
    },
}
_HEAD = JournalState(12_345, "0123abcd")
JOURNALS = {
    "empty": JournalState(0, ""),
    "never checked": _HEAD,
    "running": replace(_HEAD, running=True, checked=1_000),
    "well": replace(_HEAD, checked=12_345, at=float(DAY)),
    "bad": replace(_HEAD, at=float(DAY), fault={"fr": f"faux {HOSTILE}", "en": f"wrong {HOSTILE}"}),
    "not read": replace(_HEAD, at=float(DAY), fault={"fr": "illisible", "en": "unreadable"}, failed=True),
}


_NEWEST = {
    "running": "0.2.0", "newer": None, "security": False, "notes": "", "wish": None, "asked": None, "former": None,
    "ended": None, "told": 7, "wanted": True, "checked": MIDNIGHT, "support_end": None,
    "sentence": {"fr": "0.2.0 <b>tourne", "en": "0.2.0 <b>runs"},
}  # fmt: skip
_ENDED = {"at": MIDNIGHT, "result": "back", "sentence": {"fr": "0.3.0 <b>est partie", "en": "0.3.0 <b>went back"}}
_NEWER = _NEWEST | {"newer": "0.3.0", "notes": "Une <b>faille\n\nest fermée.", "former": "0.1.9"}
VERSIONS = {
    "newest": _NEWEST,
    "not looked for": _NEWEST | {"wanted": False, "checked": None},
    "newer": _NEWER,
    "asked": _NEWER | {"asked": {"version": "0.3.0", "asker": "a<b>@example.org"}},
    "waits for the night": _NEWER | {"wish": {"version": "0.3.0", "when": "tonight", "begun": False}},
    "begun": _NEWER | {"wish": {"version": "0.3.0", "when": "now", "begun": True}},
    "kept": _NEWEST | {"ended": _ENDED | {"result": "kept"}},
    "went back": _NEWEST | {"ended": _ENDED},
}
