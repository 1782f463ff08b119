"""The visits to the pages on which a household sets things: tariff, ways, accounts, backup, data, machine."""

from dataclasses import replace

from gateway.backup.faults import BackupFault
from gateway.web.backup.values import RestoreStanding
from gateway.web.data.values import CopyStanding
from gateway.web.machine.routes import ACTS
from gateway.web.notices.kinds import KINDS
from gateway.web.tariff.values import TariffsKnown
from tests.gateway.web.recorded import desks
from tests.gateway.web.recorded.house import FAULTS
from tests.gateway.web.recorded.values import HOSTILE
from tests.gateway.web.recorded.visit import OWN, Visit

_SET = "/settings"
REFUSED = {"fault": FAULTS["configuration"]}


def settings_visits():
    """All of them."""
    yield from _tariff()
    yield from _ways()
    yield from _accounts()
    yield from _copies()
    yield from _data()
    yield from _machine()


def _tariff():
    path, known = f"{_SET}/tariff", desks.GIVEN["known"]
    none = TariffsKnown((), desks.ContractSaid(), None, desks.TODAY, needed=False)
    few = {"several": known, "none": none, "one": replace(known, tariffs=known.tariffs[1:])}
    for name, one in few.items():
        held = {"settings": {"known": one}}
        yield Visit(f"tariff, {name}", path, held=held)
        yield Visit(f"tariff, {name}: remove", f"{path}/remove?since=2025-08-01", held=held)
        yield Visit(f"tariff, {name}: removed", f"{path}/remove", {"since": "2025-08-01"}, held)
        for asked in ("contract=base&power=6", "contract=tempo&power=6", "contract=own", "correct=2025-08-01"):
            yield Visit(f"tariff, {name}: new {asked}", f"{path}/new?{asked}", held=held)
    for done in ("saved", "removed", "<b>"):
        yield Visit(f"tariff, done {done}", f"{path}?done={done}")
    prices = {"contract": "base", "power": "6", "name": HOSTILE, "since": "2026-01-01", "subscription": "15,59"}
    yield Visit("tariff, kept", f"{path}/new", prices | {"price_base": "0,2"})
    yield Visit("tariff, wrong", f"{path}/new", prices | {"subscription": "x", "since": "2026-02-30"})
    yield Visit("tariff, refused", path, held=REFUSED)


def _ways():
    path = f"{_SET}/notices"
    yield Visit("ways", path)
    yield Visit("ways, none", path, held={"settings": {"ways": ()}})
    yield Visit("ways, none but a messenger", path, held={"settings": {"ways": (), "messenger": "camille@<sen1.test"}})
    for done in ("saved", "saved_anyway", "removed", "<b>"):
        yield Visit(f"ways, done {done}", f"{path}?done={done}")
    # A topic is made up anew each time.
    for kind in (*(one for one in KINDS if one != "ntfy"), "<b>"):
        yield Visit(f"way, new {kind}", f"{path}/new?kind={kind}")
        yield Visit(f"way, {kind} empty", f"{path}/new", {"kind": kind})
    for name in ("mail", "sms", "nobody"):
        yield Visit(f"way, remove {name}", f"{path}/remove?name={name}")
        yield Visit(f"way, {name} without a password", f"{path}/remove", {"name": name})
        yield Visit(f"way, {name} removed", f"{path}/remove", {"name": name} | OWN)
        for answer in ("done", "again", "refused"):
            held = {"settings": {"tried": {"answer": answer, "why": desks.BOTH}}}
            yield Visit(f"way, {name} tried, {answer}", f"{path}/try", {"name": name}, held)
    yield Visit("device", f"{path}/device")
    yield Visit("device, nothing given", f"{path}/device", {})
    yield Visit("ways, refused", path, held=REFUSED)


def _accounts():
    for name, path in (("broker", f"{_SET}/home-assistant"), ("account", f"{_SET}/account")):
        known = desks.GIVEN[name]
        empty = known | ({"host": "", "user": ""} if name == "broker" else {"jid": ""}) | {"state": ""}
        for state in ("ok", "waiting", "broken"):
            yield Visit(f"{name}, {state}", path, held={"settings": {name: known | {"state": state}}})
        yield Visit(f"{name}, none", path, held={"settings": {name: empty}})
        yield Visit(f"{name}, saved", f"{path}?done={name}_saved")
        for said, form in {
            "nothing": {},
            "wrong": {"host": "<b>", "port": "x", "user": "", "password": "x", "jid": "<b>", "server": "<b>"},
            "right": {"host": "192.168.1.20", "port": "8883", "tls": "yes", "user": "linky", "jid": "moi@sen1.test"}
            | {"password": "x"},
        }.items():
            yield Visit(f"{name}, {said}", path, form)
            yield Visit(f"{name}, {said}, with the password", path, form | OWN)
            yield Visit(f"{name}, {said}, refused", path, form | OWN, REFUSED)
    yield Visit("broker, left", f"{_SET}/home-assistant/leave", {"leave_password": OWN["own_password"]})
    yield Visit("broker, left without a password", f"{_SET}/home-assistant/leave", {})


def _copies():
    states = {
        "none": CopyStanding(), "making": CopyStanding("making"),
        "ready": CopyStanding("ready", 12_345_678, 1_768_435_200, left_out=HOSTILE),
        "failed": CopyStanding("failed", why=HOSTILE),
    }  # fmt: skip
    pages = {"backup": (f"{_SET}/backup", f"{_SET}/backup/file"), "data": (f"{_SET}/data", f"{_SET}/data/archive")}
    for name, (path, file) in pages.items():
        for state, standing in states.items():
            yield Visit(f"{name}, copy {state}", path, held={"settings": {"copy": standing}})
        yield Visit(f"{name}, is it ready", f"{path}?wait=1")
        yield Visit(f"{name}, no file", file)
        yield Visit(f"{name}, dropped", f"{file}/remove", {})
        yield Visit(f"{name}, make without a password", file, {})
        form = {"passphrase": "x" * 12, "again": "x" * 12}
        yield Visit(f"{name}, make, a wrong password", file, form | {"own_password": "nobody's"})
        yield Visit(f"{name}, make", file, form | OWN)
        yield Visit(f"{name}, make, refused", file, form | OWN, REFUSED)
    yield Visit("backup, other passphrase", f"{_SET}/backup/file", {"passphrase": "x" * 12, "again": "y"} | OWN)
    nights = {
        "not set up": {"place": ""}, "none yet": {"good": None}, "never": {"good": None, "state": "broken"},
        "missing": {"state": "broken"}, "failed": {"failed": True}, "unknown": {"state": "waiting", "good": None},
    }  # fmt: skip
    for name, changed in nights.items():
        held = {"settings": {"nightly": desks.NIGHTLY | changed}}
        yield Visit(f"backup, nightly {name}", f"{_SET}/backup", held=held)
    yield from _nightly()
    yield from _brought_back()


def _nightly():
    path, phrase = f"{_SET}/backup/nightly", {"night_phrase": "x" * 12, "night_again": "x" * 12}
    held = {"settings": {"nightly": desks.NIGHTLY | {"making": True}}}
    yield Visit("backup, nightly is being made", f"{_SET}/backup?wait=1", held=held)
    yield Visit(
        "backup, nightly by another file",
        f"{_SET}/backup",
        held={"settings": {"nightly": desks.NIGHTLY | {"named": True}}},
    )
    yield Visit("backup, make the nightly one", path, {})
    yield Visit("backup, make the nightly one without a passphrase", path, {}, {"settings": {"night": False}})
    yield Visit("backup, make the nightly one, refused", path, {}, REFUSED)
    for done in ("phrase", "without"):
        yield Visit(f"backup, nightly, done: {done}", f"{_SET}/backup?done={done}")
    for name, form in {
        "short": {"night_phrase": "x"}, "other": phrase | {"night_again": "y"}, "no password": phrase,
        "a wrong password": phrase | {"night_password": "nobody's"},
        "right": phrase | {"night_password": OWN["own_password"]},
    }.items():  # fmt: skip
        yield Visit(f"backup, passphrase of the nights, {name}", f"{path}/passphrase", form)


def _brought_back():
    path = f"{_SET}/backup/restore"
    parts = ("readings", "settings", "access", "passwords", "boards")
    states = {
        "checked": RestoreStanding("checking"), "ready": RestoreStanding("ready", 1_768_435_200, 12_345_678, parts),
        **{fault: RestoreStanding("refused", fault=fault) for fault in (*BackupFault, HOSTILE)},
    }  # fmt: skip
    yield Visit("brought back, none", path)
    for name, standing in states.items():
        yield Visit(f"brought back, {name}", f"{path}?wait=1", held={"settings": {"back": standing}})
    for name, form in {"no passphrase": {}, "no file": {"back_phrase": "x" * 12}}.items():
        yield Visit(f"bring back, {name}", path, form)
    ready = {"settings": {"back": states["ready"]}}
    yield Visit("bring back, begun", f"{path}/begin", {}, ready)
    yield Visit("bring back, refused", f"{path}/begin", {}, REFUSED)
    yield Visit("bring back, dropped", f"{path}/remove", {}, ready)
    yield Visit("bring back, has it ended", f"{_SET}/backup/back?asked=1768435200")


def _data():
    path, days = f"{_SET}/data", {"first": "2026-01-12", "last": "2026-01-14"}
    nothing = {"settings": {"found": {"readings": 0, "queued": 0, "events": 0, "told": []}}}
    for name, asked in {
        "days": "first=2026-01-12&last=2026-01-14", "a day": "first=2026-01-12&last=2026-01-12", "none": "",
        "of a meter": "first=2026-01-12&last=2026-01-14&meter=house",
        "wrong meter": "first=2026-01-12&last=2026-01-14&meter=<b>",
        "backwards": "first=2026-01-14&last=2026-01-12",
    }.items():  # fmt: skip
        yield Visit(f"erase, {name}", f"{path}/erase?{asked}")
    yield Visit("erase, nothing there", f"{path}/erase?first=2026-01-12&last=2026-01-14", held=nothing)
    yield Visit("erase, without a password", f"{path}/erase", days)
    for name, done in {"whole": {}, "traces": {"wiped": False}, "undone": {"undone": [HOSTILE]}}.items():
        held = {"settings": {"done": desks.DONE | done}}
        yield Visit(f"erased, {name}", f"{path}/erase", days | OWN, held)
        yield Visit(f"handed over, {name}", f"{path}/hand-over", OWN, held)
    yield Visit("handed over, no code", f"{path}/hand-over", OWN, {"settings": {"code": ""}})
    yield Visit("hand over", f"{path}/hand-over")
    yield Visit("hand over, without a password", f"{path}/hand-over", {})


def _machine():
    path = f"{_SET}/meters"
    yield Visit("meters", path)
    yield Visit("meters, done", f"{path}?done=1", held={"settings": {"meters": desks.METERS[:1], "ports": ()}})
    form = {"name": "house", "source": "/dev/ttyUSB1", "mode": "auto"}
    for name, said in {"kept": form, "wrong": form | {"source": "<b>"}}.items():
        yield Visit(f"meters, {name}", path, said)
    yield Visit("meters, refused", path, form, REFUSED)
    path, form = f"{_SET}/keeping", {"raw_hours": "24", "minute_days": "90", "outbox_days": "7", "received_days": "90"}
    yield Visit("keeping", path)
    yield Visit("keeping, done", f"{path}?done=1")
    yield Visit("keeping, wrong", path, form | {"raw_hours": "<b>"})
    yield Visit("keeping, without a password", path, form)
    yield Visit("keeping, kept", path, form | OWN)
    path = f"{_SET}/restart"
    for act in ("", *ACTS, "<b>"):
        yield Visit(f"restart, {act}", f"{path}?act={act}")
        yield Visit(f"restart, {act} without a password", path, {"act": act})
        yield Visit(f"restarted, {act}", path, {"act": act} | OWN)
