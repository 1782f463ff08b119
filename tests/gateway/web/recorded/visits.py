"""Every visit that is recorded: what the house holds then, what is asked, who asks."""

from urllib.parse import urlencode

from gateway.live.topics import as_json
from gateway.web.access.access import Viewer
from gateway.web.access.presence import PresenceStep
from gateway.web.cost.values import PERIODS as COST_PERIODS
from gateway.web.help.routes import PAGES as HELP
from gateway.web.history.values import PERIODS
from tests.gateway.web.recorded import roofs, safety, values
from tests.gateway.web.recorded.house import FAULTS, FAULTS_OF_LINKS
from tests.gateway.web.recorded.places import places_visits
from tests.gateway.web.recorded.settings_visits import settings_visits
from tests.gateway.web.recorded.visit import OWN, Visit
from tests.gateway.web.stand_in import _FULL, _PHASES, PASSWORD

LONG_AGO = "before=1768435200"


def visits():
    """All of those to a house that has a password and no link yet; each is made in both languages."""
    yield from _now()
    yield from _history()
    yield from _cost()
    yield from places_visits(FAULTS["store"])
    yield from _roof()
    yield from _repair()
    yield from _settings()
    yield from settings_visits()
    yield from _displays()
    yield from _boards()
    yield from _updates()
    yield from _security()
    yield from _sharing()
    yield from _requests()
    yield from _health()
    yield from _joining()
    yield Visit("series", "/series")
    yield Visit("series, none", "/series", held={"series": []})
    yield from _access()
    yield from _https()
    yield from _help()


def _help():
    """The guide, for whoever is at home; what it does not have is not found."""
    yield Visit("help", "/help")
    yield Visit("help, not signed in", "/help", who=None)
    for name in HELP:
        yield Visit(f"help, {name}", f"/help/{name}", who=None)
    yield Visit("help, no such page", "/help/nowhere")


def _https():
    """Whoever is at home, signed in or not."""
    stranger = {"who": None}
    yield Visit("https", "/https", **stranger)
    yield Visit("https, led there", "/https?to=/cost", **stranger)
    yield Visit("https, signed in", "/https")
    yield Visit("https, of a name of one's own", "/https", held={"authority": None}, **stranger)
    yield Visit("https, none", "/https", held={"encrypted": None}, **stranger)
    yield Visit("https, hostile", "/https", held={"authority": values.HOSTILE_AUTHORITY}, **stranger)
    for path in ("/https/seen", "/ca.crt", "/manifest.webmanifest", "/offline", "/worker.js"):
        yield Visit(path[1:], path, **stranger)


def _now():
    full = {"_meters": [as_json(_FULL) | {"phases": _PHASES}]}
    yield Visit("now", "/")
    yield Visit("now, full", "/", living=full)
    yield Visit("now, invited", "/", living=full | {"invited": "La Coop <b>"})
    yield Visit("now, in the other language by a link", "/?lang=en")
    yield Visit("more", "/more")
    yield Visit("links", "/links")
    yield Visit("links, nothing yet", "/links", living={"told": values.report()})
    meters = {"house": "/dev/ttyTIC", "garage & <b>": "/dev/ttyUSB0", "toit": "/dev/x"}
    yield Visit("links, faults", "/links", living={"told": values.FAULTY, "sources": meters})
    for role in (Viewer.OWNER, Viewer.DISPLAY, Viewer.GUEST):
        yield Visit(f"display, for {role.value}", "/display", living=full, who=role)
    yield Visit("display, in public", "/display?guest=1", living=full)
    yield Visit("no such page", "/nowhere")
    yield Visit("no such file", "/static/nothing.css")


def _history():
    for name, past in values.PASTS.items():
        meters = ["house", "garage <2>"] if name in {"nothing yet", "a day", "a year"} else ["house"]
        held = {"past": past, "meters": meters}
        asked = f"period={past.period}&date={past.first}" + (f"&against={past.against}" if past.against else "")
        for path in ("/history", *(("/history/data",) if past.curve else ())):
            yield Visit(f"{path[1:]}: {name}", f"{path}?{asked}", held=held)
        yield Visit(f"history: {name}, in euros", f"/history?{asked}&unit=eur", held=held)
        if past.curve:
            closely = f"&detail=minutes&at={values.MIDNIGHT + 1800}"
            yield Visit(f"history: {name}, minutes", f"/history?{asked}{closely}", held=held)
        for table in ("minutes", "half-hours", "parts") if past.curve else ("parts",):
            asked = f"period={past.period}&table={table}"
            yield Visit(f"csv: {name}, {table}", f"/history/csv?{asked}", held=held)
            yield Visit(f"csv: {name}, {table}, in euros", f"/history/csv?{asked}&unit=eur", held=held)
    for wrong in ("meter=<b>", "period=<b>", "date=2026-02-30", "date=<b>", "unit=<b>", "against=x", "at=x", "table=x"):
        page = "/history/csv" if wrong.startswith("table") else "/history"
        yield Visit(f"history, wrong {wrong}", f"{page}?{wrong}")
    yield Visit("history/data, of a year", "/history/data?period=year", held={"past": values.PASTS["a year"]})
    yield Visit("history, no store", "/history", held={"fault": FAULTS["store"]})
    assert {past.period for past in values.PASTS.values()} == set(PERIODS)


def _cost():
    for name, bill in values.BILLS.items():
        meters = ["house", "garage <2>"] if name in {"nothing yet", "months"} else ["house"]
        yield Visit(f"cost: {name}", f"/cost?period={bill.period}", held={"bill": bill, "meters": meters})
    for wrong in ("meter=<b>", "period=week"):
        yield Visit(f"cost, wrong {wrong}", f"/cost?{wrong}")
    for name, found in values.OFFERS.items():
        meters = ["house", "garage <2>"] if name == "all" else ["house"]
        yield Visit(f"offers: {name}", "/cost/offers", held={"offers": found, "meters": meters})
    for wrong in ("meter=<b>", "since=<b>"):
        yield Visit(f"offers, wrong {wrong}", f"/cost/offers?{wrong}")
    yield Visit("offers, no store", "/cost/offers", held={"fault": FAULTS["store"]})
    yield Visit("cost, no store", "/cost", held={"fault": FAULTS["store"]})
    assert {bill.period for bill in values.BILLS.values()} == set(COST_PERIODS)


def _roof():
    for name, look in roofs.ROOFS.items():
        meters = ["house", "garage <2>"] if name == "a day" else ["house"]
        yield Visit(f"roof: {name}", "/roof", held={"roofs": look, "meters": meters})
    for wrong in ("meter=<b>", "date=<b>", "date=2026-02-30"):
        yield Visit(f"roof, wrong {wrong}", f"/roof?{wrong}")
    yield Visit("roof, no store", "/roof", held={"fault": FAULTS["store"]})


def _repair():
    for name, look in values.LOOKS.items():
        chosen = look.chosen and look.chosen.query
        yield Visit(f"repair: {name}", f"/repair?{chosen}" if chosen else "/repair", held={"look": look})
    yield Visit("repair, by its form", "/repair?series=house+consumption%2Fpower&granularity=PT30M&day=2026-01-14")
    yield Visit("repair, wrong day", "/repair?series=house+x&granularity=PT30M&day=2026-99-99")
    for done in ("rectified", "removed", "restored", "<b>"):
        yield Visit(f"repair, done {done}", f"/repair?done={done}")
    yield Visit("repair, no store", "/repair", held={"fault": FAULTS["store"]})
    for name, (known, stored, *_) in values.POINTS.items():
        held, named = {"point": name}, stored.which.fields
        yield Visit(f"point: {name}", f"/repair/point?{stored.which.query}", held=held)
        for given in _repairs(known):
            fields = {key: str(value) for key, value in (named | given).items()}
            yield Visit(f"point: {name}, {urlencode(given)[:60]}", "/repair/check", fields, held)
        for choice in ("remove", "value"):
            fields = named | {"choice": choice, "value": "520", "reason": "parasite"}
            yield Visit(f"point: {name}, {choice} done", "/repair/do", fields, held)
    yield Visit("point, none", "/repair/point?meter=house", held={"point": ""})
    yield Visit("point, not to be undone", "/repair/undo", {"meter": "x"})
    yield Visit("point, undone", "/repair/undo", values.which(values.POINTS["power"][0]).fields)
    fields = values.which(values.POINTS["power"][0]).fields
    yield Visit("point, undoing refused", "/repair/undo", fields, {"fault": FAULTS["configuration"]})


def _repairs(known):
    """What a form of a point may say: nothing, wrong values, right ones."""
    yield {}
    yield {"choice": "remove", "reason": values.HOSTILE}
    yield {"choice": "remove", "reason": "x" * 201}
    for value in ("", "<b>", "-5", " 5\u202f20,5 ", "1234567", "98765.4", "é" * 250):
        yield {"choice": "value", "value": value, "reason": f"motif {known.kind}"}


def _settings():
    for name, known in (("settings", values.CONFIGURED), ("settings, nothing yet", values.UNCONFIGURED)):
        held = {"configured": known}
        yield Visit(name, "/settings", held=held)
        for field_name, goal in (("kwh_per_year", "-1"), ("kwh_per_month", "x"), ("euros_per_year", "12,5")):
            yield Visit(f"{name}, goal {field_name} {goal}", "/settings/objective", {field_name: goal}, held)
        for language in ("fr", "x"):
            fields = {"language": language, "address": "moi@sen1.test"}
            yield Visit(f"{name}, told in {language}", "/settings/household", fields, held)
        for table in ("objective", "household", "store"):
            yield Visit(f"{name}, file's {table}", "/settings/file", {"table": table}, held)
        for topic in ("objective", "household", "details"):
            yield Visit(f"{name}, {topic}", f"/settings/{topic}", held=held)
    yield Visit("settings, wrong address", "/settings/household", {"language": "fr"}, {"address_fits": False})
    yield Visit("settings, written", "/settings/commit", {})
    yield Visit("settings, not written", "/settings/commit", {}, {"fault": FAULTS["store"]})
    for done in ("saved", "file", "committed", "<b>"):
        yield Visit(f"settings, done {done}", f"/settings?done={done}")


def _joining():
    path, link = "/sharing/join", {"link": f"http://linky.local/#1{'A' * 200}"}
    yield Visit("join", path)
    for name, joined in values.JOINED.items():
        yield Visit(f"join, {name}", path, held={"joined": joined})
    brought = {"joined": values.JOINED["brought by the card"]}
    yield Visit("join, brought, and cannot be read", path, held=brought | {"fault": FAULTS_OF_LINKS["invitation"]})
    several = brought | {"meters": ["house", "garage <2>"], "fault": FAULTS_OF_LINKS["invitation"]}
    yield Visit("join, brought, for one of several meters", path, held=several)
    for done in ("joined", "stopped", "declined", "<b>"):
        yield Visit(f"join, done {done}", f"{path}?done={done}")
    yield Visit("join, one of several meters", path, held={"meters": ["house", "garage <2>"]})
    yield Visit("join, read", f"{path}/text", link)
    yield Visit("join, no invitation", f"{path}/text", {"link": "<b>"}, {"fault": FAULTS_OF_LINKS["invitation"]})
    yield Visit("join, nothing typed", f"{path}/text", {}, {"fault": FAULTS_OF_LINKS["invitation"]})
    yes = link | {"hash": values.TEXT["hash"], "lang": values.TEXT["lang"]}
    yield Visit("join, another text", f"{path}/yes", link | {"hash": "x", "lang": "fr"})
    yield Visit("join, yes without a password", f"{path}/yes", yes)
    yield Visit("join, yes", f"{path}/yes", yes | OWN)
    yield Visit("join, refused", f"{path}/yes", yes | OWN, {"fault": FAULTS_OF_LINKS["invitation"]})
    yield Visit("join, no to what was brought", f"{path}/no", {}, brought)
    yield Visit("join, no when nothing is brought any more", f"{path}/no", {})
    yield Visit("join, given up", f"{path}/stop", {}, {"joined": values.JOINED["waiting"]})
    yield Visit("join, given up when nothing waits any more", f"{path}/stop", {})
    yield Visit("join, why it came to nothing was read", f"{path}/seen", {})


def _displays():
    path = "/settings/displays"
    yield Visit("displays", path)
    yield Visit("displays, none", path, held={"displays": ()})
    for name, fault in FAULTS.items():
        yield Visit(f"displays, fault of the {name}", path, held={"fault": fault})
    for works in (True, False):
        yield Visit(f"displays, let in, works {works}", f"{path}/add", {"name": "hall"} | OWN, {"works": works})
    yield Visit("displays, wrong name", f"{path}/add", {"name": "<b>"} | OWN)
    yield Visit("displays, without the password", f"{path}/add", {"name": "hall", "home_assistant": "yes"})
    for name in ("salon", "ha", "<b>"):
        yield Visit(f"displays, let {name} out", f"{path}/remove?name={name}")
        yield Visit(f"displays, let {name} out without the password", f"{path}/remove", {"name": name})
        yield Visit(f"displays, {name} was let out", f"{path}/remove", {"name": name} | OWN)


def _boards():
    path = "/settings/boards"
    for name, known in values.BOARDS.items():
        yield Visit(f"boards, {name}", path, held={"boards": known})
    for name, fault in FAULTS.items():
        yield Visit(f"boards, fault of the {name}", path, held={"fault": fault})
    for done in ("forgotten", "offered", "<b>"):
        yield Visit(f"boards, done {done}", f"{path}?done={done}")
    for name, file in {"none": None, "empty": b"", "no card": b"<b>", "too long": b"{" * 5000, "card": b"{}"}.items():
        yield Visit(f"boards, add, {name}", f"{path}/add", dict(OWN), file=file)
    yield Visit("boards, add without the password", f"{path}/add", {}, file=b"{}")
    for name in ("garage", "salon", "<b>"):
        yield Visit(f"boards, forget {name}", f"{path}/forget?name={name}")
        yield Visit(f"boards, forget {name} without the password", f"{path}/forget", {"name": name})
        yield Visit(f"boards, {name} was forgotten", f"{path}/forget", {"name": name} | OWN)
    damaged = {"boards": values.BOARDS["damaged"]}
    yield Visit("boards, forget a damaged one", f"{path}/forget?name=veranda", held=damaged)
    yield Visit(
        "boards, forget one and it cannot be", f"{path}/forget", {"name": "garage"} | OWN, {"fault": FAULTS["store"]}
    )
    for name in ("hall", "<b>"):
        yield Visit(f"boards, update {name} without the password", f"{path}/update", {"name": name})
        yield Visit(f"boards, update {name}", f"{path}/update", {"name": name, "update_password": PASSWORD})
    for since in ("x", ""):
        yield Visit(f"boards, changed since {since}", f"{path}/changed?since={since}")


def _updates():
    path = "/settings/updates"
    for name, known in values.VERSIONS.items():
        yield Visit(f"updates, {name}", path, held={"version": known})
    yield Visit("updates, fault", path, held={"fault": FAULTS["store"]})
    for told in ("7", "6", "<b>", ""):
        yield Visit(f"updates, ended since {told}", f"{path}/ended?told={told}", who=None)
    for action in ("check", "refuse"):
        yield Visit(f"updates, {action}", f"{path}/{action}", {})
    for action, field in (("install", "own_password"), ("tonight", "own_password"), ("back", "back_password")):
        held = {"version": values.VERSIONS["newer"]}
        yield Visit(f"updates, {action}", f"{path}/{action}", {field: PASSWORD}, held)
        yield Visit(f"updates, {action} without the password", f"{path}/{action}", {}, held)
        yield Visit(f"updates, {action} with another password", f"{path}/{action}", {field: "<b>"}, held)
    yield Visit("updates, refused", f"{path}/install", OWN, {"fault": FAULTS["configuration"]})


def _security():
    for name, facts in safety.SAFETY.items():
        for path in ("/security", "/security/report"):
            yield Visit(f"{path[1:]}, {name}", path, held={"safety": facts})
    yield Visit("security, no store", "/security", held={"fault": FAULTS["store"]})
    yield Visit("security, signed out", "/security?done=1")
    for number in ("ab12", ""):
        yield Visit(f"security, sign out {number}", "/security/sign-out", {"browser": number})


def _sharing():
    full = {
        "consents": values.CONSENTS, "notices": values.NOTICES, "pending-access": values.REQUESTS,
        "refused-domains": values.REFUSED, "health-consents": values.HEALTH,
    }  # fmt: skip
    empty = dict.fromkeys(full, ())
    path = f"/sharing?{LONG_AGO}"
    yield Visit("sharing, nothing yet", path, held={"rows": empty, "handed": [], "journal": values.JOURNALS["empty"]})
    yield Visit("sharing, full", path, held={"rows": full, "installer": "installer@<neuf>.test"})
    yield Visit("sharing, today", "/sharing", held={"rows": full})
    yield Visit("sharing, a long past", path, held={"rows": empty | {"consents": values.MANY_PAST}})
    yield Visit("sharing, few requests", path, held={"rows": empty | {"pending-access": values.REQUESTS[:1]}})
    for name, journal in values.JOURNALS.items():
        yield Visit(f"sharing, journal {name}", path, held={"rows": empty, "journal": journal})
    for done in (
        *("withdrawn_spared", "spared", "too_late"),
        *("given", "refused", "withdrawn", "nothing", "limited", "resumed", "renewed", "domain_refused"),
        *("domain_heard", "health_given", "health_refused", "health_withdrawn", "<b>"),
    ):
        yield Visit(f"sharing, done {done}", f"/sharing?done={done}&{LONG_AGO}", held={"rows": empty})
    yield Visit("sharing, no store", path, held={"fault": FAULTS["store"]})
    yield Visit("text", "/sharing/texts/abab")
    yield Visit("text, none", "/sharing/texts/abab", held={"text": None})
    for action in ("withdraw", "spare", "limit", "resume", "renew", "journal", "domains/no", "domains/yes"):
        for changed in (True, False):
            form = {"recipient": "coop@sen2.test", "domain": "sen2.test"}
            yield Visit(f"sharing, {action} {changed}", f"/sharing/{action}", form, {"changed": changed})
    yield Visit("sharing, refused", "/sharing/limit", {}, {"fault": FAULTS["configuration"]})


def _requests():
    for number in (1, 2, 3):
        path = f"/sharing/requests/{number}"
        yield Visit(f"request {number}", path)
        yield Visit(f"request {number}, no", f"{path}/no", {})
        for name, fields in _ticks().items():
            yield Visit(f"request {number}, {name}", f"{path}/text", fields)
        for step in ("who", "what", "until"):
            yield Visit(f"request {number}, {step}", f"{path}/{step}", _ticks()["all"])
        yield Visit(f"request {number}, another text", f"{path}/yes", _ticks()["all"] | {"hash": "x"})
        given = _ticks()["all"] | {"hash": values.TEXT["hash"]}
        yield Visit(f"request {number}, yes without a password", f"{path}/yes", given)
        yield Visit(f"request {number}, yes", f"{path}/yes", given | OWN)
    for name in values.YESTERDAYS:
        yield Visit(f"request, yesterday {name}", "/sharing/requests/1/what", {"purpose": "1"}, {"yesterday": name})
    for path in ("", "/no", "/text"):
        yield Visit(f"request that is gone, {path}", f"/sharing/requests/9{path}", {} if path else None)


def _ticks():
    """The forms that somebody may send, from nothing to everything."""
    data = {"data0": "consumption/power", "meter": "house", "granularity": "P1D"}
    rest = {"purpose": "1", "period": "asked", "push": "1", "history": "1"}
    found = {"nothing": {}, "data": data, "no way": data | {"purpose": "1", "period": "asked"}}
    found["all"] = data | rest | {"pseudonym": "1", "coarse": "1"}
    found["no period"] = data | {"purpose": "1", "period": "<b>"}
    found["coarse, too fine"] = found["all"] | {"granularity": "PT1M"}
    for until in ("", "2020-01-01", "2999-06-30", f" {values.HOSTILE}"):
        found[f"until {until}"] = data | rest | {"period": "less", "until": until}
    return found


def _health():
    yield Visit("health, proposed", f"/sharing?{LONG_AGO}", held={"installer": "installer@<neuf>.test"})
    for name, installer in (("proposed", "installer@<neuf>.test"), ("not proposed", None)):
        held = {"installer": installer}
        yield Visit(f"health, {name}: text", "/sharing/health/text", {}, held)
        yield Visit(f"health, {name}: no", "/sharing/health/no", {}, held)
        yield Visit(f"health, {name}: another text", "/sharing/health/yes", {"hash": "x", "lang": "fr"}, held)
        yes = {"hash": values.TEXT["hash"], "lang": "fr"}
        yield Visit(f"health, {name}: yes without a password", "/sharing/health/yes", yes, held)
        yield Visit(f"health, {name}: yes", "/sharing/health/yes", yes | OWN, held)
    yield Visit("health, withdrawn", "/sharing/health/withdraw", {"recipient": "x"})


def _access():
    yield Visit("login", "/login", who=None)
    yield Visit("login, on the way", "/login?to=%2Fhistory%3Fmeter%3Dhouse%26period%3Dday", who=None)
    yield Visit("not signed in", "/cost?period=year", who=None)
    yield Visit("login, wrong", "/login", {"password": "nobody's", "to": "/cost?period=year"}, who=None)
    yield Visit("login, too often", "/login", {"password": "nobody's", "to": "/cost"}, {"crowded": True}, who=None)
    yield Visit("access", "/access")
    yield Visit("access, changed", "/access?changed=1")
    yield Visit("access, too short", "/access/password", {"password": "x"})
    yield Visit("access, not same", "/access/password", {"password": "x" * 12, "again": "y" * 12})
    wrong = {"old": "nobody's", "password": "x" * 12, "again": "x" * 12}
    yield Visit("access, wrong", "/access/password", wrong)
    yield Visit("access, forged", "/access/displays", {"name": "x"}, honest=False)
    for name, kind in (("Télé <1>", "display"), ("hall", "guest"), ("prometheus & co", "scraper")):
        yield Visit(f"access, link {kind} {name}", "/access/displays", OWN | {"name": name, "kind": kind})
    yield Visit("access, link, a wrong password", "/access/displays", {"name": "new", "own_password": "nobody's"})
    yield Visit("access, name taken", "/access/displays", {"name": "hall", "kind": "guest"})
    yield Visit("access, bad name", "/access/displays", {"name": ""})
    yield Visit("access, card full", "/access/displays", OWN | {"name": "new"}, {"card_full": True})
    yield Visit("access, with links", "/access")
    yield Visit("access, link removed", "/access/displays/remove", {"name": "hall"})
    yield Visit("logout", "/logout", {})


def _at_the_meter():
    """The page that waits for somebody without a code."""
    offered = {"by_meter": True}
    for name, presence in (
        ("offered", {}),
        ("button alone", {"by_meter": False, "by_button": True}),
        ("busy", {"busy_s": 88}),
        ("unsteady", {"steady": False}),
        *((step.value, {"step": step, "left_s": 88, "pulls": 3}) for step in PresenceStep if step.value != "nothing"),
        ("pull, or button", {"step": PresenceStep.PULL, "left_s": 7, "by_button": True, "pulls": 4, "done": 1}),
    ):
        yield Visit(f"setup at the meter, {name}", "/setup", held={"presence": offered | presence}, who=None)
    for name, held in (("begun", {}), ("another one is there", {"asked_by_other": True})):
        yield Visit(f"setup at the meter, {name}", "/setup/presence", {}, {"presence": offered} | held, who=None)


def first_visits():
    """Those to a house whose password was never set; a code was made before the last ones."""
    wrong = {"code": "<b>K7QM", "password": "x" * 12, "again": "x" * 12}
    for name, coded in (("no code", False), ("coded", True)):
        held = {"coded": coded}
        yield Visit(f"setup, {name}", "/setup", held=held, who=None)
        yield Visit(f"setup, {name}, too short", "/setup", wrong | {"password": "x"}, held, who=None)
        yield Visit(f"setup, {name}, not same", "/setup", wrong | {"again": "y"}, held, who=None)
        yield Visit(f"setup, {name}, wrong", "/setup", wrong, held, who=None)
        yield Visit(f"setup, {name}, nothing", "/setup", {}, held, who=None)
        yield Visit(f"setup, {name}, too often", "/setup", wrong, held | {"crowded": True}, who=None)
    yield from _at_the_meter()
    yield Visit("before a password", "/history", who=None)
    yield Visit("login before a password", "/login", who=None)
