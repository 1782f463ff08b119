"""A house that has lived: readings and roll-ups of a day, consents, requests, transfers, received series, a journal."""

import contextlib
import io
from contextlib import closing
from types import SimpleNamespace

import pytest

from gateway.commands import main as cli
from gateway.consent.orders import ConsentForm, ConsentText, Grant, Shown
from gateway.control.orders import act
from gateway.store.points import Confirm, Granularity
from gateway.store.providers import ReceivedEvent
from gateway.store.received import Incoming, Lot
from gateway.store.recorder import Happened, Recorder
from gateway.store.store import Store
from gateway.store.terms import Manner, NoticeKind, Profile, Terms
from tests.gateway.store.conftest import START, frame, hand_over
from tests.prepared import prepare

COOP, TOWN, STRANGER = "coop@sen2.test", "town@sen3.test", "stranger@sen4.test"
VILLE = "ville@sen6.test"
ROOF = "roof@sen5.test"
NOW = START + 10 * 86400
PRM = "21961000000019"
CONFIG = """
[[meter]]
source = "replay:none"
[store]
directory = "state"
[federation]
jid = "gw@sen1.test"
password_file = "secret-of-the-account"
"""
TERMS = Terms(purpose="to share a roof", controller="La Coop", contact="dpo@coop.example", retention="P6M")


def make_house(folder):
    """A folder with a configuration and an empty, prepared database; what tests need of it."""
    folder.mkdir(exist_ok=True)
    config = folder / "gateway.toml"
    config.write_text(CONFIG)
    (folder / "secret-of-the-account").write_text("correct horse battery staple\n")
    directory = folder / "state"
    prepare(directory)
    return SimpleNamespace(folder=folder, config=config, directory=directory)


def live(store):
    """A day and a half of frames, and all that a household does with them."""
    store.meters.add("house", "ab12cd34ef", PRM)
    consent = ConsentForm(COOP, "consumption", "PT30M", purpose="to share a roof")
    text = act(store, ConsentText(order=consent, lang="fr", retention="P3Y"), NOW)
    shown = Shown("fr", text["hash"])
    act(store, Grant(order=consent, shown=shown, retention="P3Y", by="marie-odile"), NOW)
    store.consents.grant(TOWN, "house", "consumption/power", Granularity.RAW, NOW + 10**6, NOW - 10**6, terms=TERMS)
    manner = Manner(Profile.COARSE, pseudonym=True)
    store.consents.grant(
        VILLE, "house", "consumption/energy", Granularity.DAY, NOW + 10**6, NOW, terms=TERMS, manner=manner
    )
    for jid in (COOP, TOWN):
        store.subscriptions.add(jid, "house", "consumption", "sen1", Confirm.RECEIPT, NOW)
    recorder = Recorder("house", {})
    for step in range(300):
        at = START + step * 437
        recorder.add(frame(at, power=500 + step % 37, index=1_000_000 + step * 41, tariff=f"HC {step // 90}"))
        if step % 50 == 0:
            recorder.tell(Happened(at, "index-set-by-hand", "consumption/energy/active/index", {"after": step}))
            store.batches.write([recorder.take()], NOW)
    store.batches.write([recorder.take()], NOW)
    for jid in (COOP, TOWN):
        hand_over(store, jid, NOW, last=40)
        store.outbox.confirm(jid, 0, 40, NOW)
    store.db.commit()
    store.transfers.note(COOP, store.readings.page("house", "consumption", Granularity.DAY, 0, NOW, 100), NOW)
    store.access.ask(STRANGER, "ab12cd34ef", "production", Granularity.DAY, TERMS, NOW)
    known = store.pseudonyms.view_of(VILLE, NOW).meter("house").sensor
    store.access.ask(VILLE, known, "production", Granularity.DAY, TERMS, NOW)
    store.notices.queue(TOWN, NoticeKind.CONSENT_LIMITED, {"series": "consumption", "first": START, "last": NOW}, NOW)
    store.consents.revoke(TOWN, "consumption/power", NOW + 1, "marie-odile")
    values = [
        Incoming(f"{ROOF}/pv", f"{ROOF}/pv@x/production/energy", "production/energy", "Wh", "raw", START + 0.5, 7)
    ]
    store.providers.begin(ROOF, f"{ROOF}/pv@x", ("0123abcd", 1, 9), START, NOW)
    store.providers.receive(ROOF, [Lot(values, ("0123abcd", 0, 1), "P1Y")], NOW)
    store.providers.note(ReceivedEvent(ROOF, START, "data-rectified", "", {"first": START, "last": NOW}), "1", ["x"])
    store.corrections.rectify("house", "contract/tariff", Granularity.RAW, START, "HP", NOW, "marie-odile", "typo")


@pytest.fixture
def empty(tmp_path):
    """A house into which nobody has moved."""
    return make_house(tmp_path / "new")


@pytest.fixture
def house(tmp_path):
    """A house that has lived; its store is closed."""
    made = make_house(tmp_path / "old")
    with closing(Store(made.directory)) as store:
        live(store)
    return made


@pytest.fixture
def run(monkeypatch):
    """Run a command of a house at a fixed time; (exit code, standard output, standard error)."""
    monkeypatch.setenv("LANG", "en_GB.UTF-8")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(NOW))

    def command(house, *words):
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = cli.main([*words, "--config", str(house.config)])
        return code, out.getvalue(), err.getvalue()

    return command


def files_of(folder):
    """Every file of an unpacked archive by its name."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
