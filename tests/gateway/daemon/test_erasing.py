"""An erasure in a running gateway: what was packed goes before and after, and one failure does not end the rest."""

import asyncio
import resource
from contextlib import closing, contextmanager
from types import SimpleNamespace

import pytest

from gateway.control.messages import Erase
from gateway.daemon import requests
from gateway.daemon.requests import HouseRequests
from gateway.errors import StoreError
from gateway.store.connection import FILE_NAME
from gateway.store.erasure import Erasure
from gateway.store.terms import Channel, ConsentChangeKind
from tests.gateway.daemon.test_requests import Sending, here
from tests.gateway.web.shared import COOP, Shared

EVERYTHING = Erase(what="everything", by="anne", channel=Channel.WEB)


class Steps(Sending):
    """Stands where the parts of a house do that forget: notes which are told to, and fails where it is asked to.

    Where they really forget is tried with a whole daemon (``tests/gateway/web/test_data.py``).
    """

    def __init__(self, failing=()):
        super().__init__()
        self.done, self._failing = [], failing

    def step(self, name):
        async def told(*_):
            self.done.append(name)
            if name in self._failing:
                raise StoreError(f"{name}: the card takes nothing")

        return told

    async def note_shown(self):
        self.done.append("shown")


@pytest.fixture
def store(tmp_path):
    shared = Shared(tmp_path)
    shared.readings()
    shared.grant()
    with closing(shared.store):
        yield shared.store


def erase(store, steps, order=EVERYTHING, monkeypatch=None, *, joins=False):
    """The order's answer, in a house whose other parts only note it."""
    counters = SimpleNamespace(known={})
    house = SimpleNamespace(store=store, call=here, federation=steps, meters={}, counters=counters, config=None)
    house.write, house.standing = steps.step("write"), SimpleNamespace(report=None, since=None)
    monkeypatch.setattr(requests, "erase_page", lambda _: steps.done.append("who may see the page") or fail(steps))
    desk = HouseRequests(house)
    desk.copies["taken-along.zip"] = SimpleNamespace(end=steps.step("copy"))
    desk.pages.append(SimpleNamespace(forget=steps.step("page"), make_code=None, welcome=None, where=None))
    desk.join(SimpleNamespace(order=None, forget=steps.step("settings")))
    if joins:
        desk._joining = SimpleNamespace(forget=steps.step("a yes that waits"))
    return asyncio.run(desk.answer(order))


def fail(steps):
    """Where a file cannot be removed."""
    if "who may see the page" in steps._failing:
        raise StoreError("page.json: cannot be erased")


def test_copies_end_before_the_file_is_written_anew_and_after(store, monkeypatch):
    """One that is being packed would hold the log; one that was packed has what is erased."""
    steps = Steps()
    done = erase(store, steps, monkeypatch=monkeypatch)
    assert steps.done == ["write", "shown", "copy", "copy", "page", "who may see the page", "settings"]
    assert (done["wiped"], "undone" in done) == (True, False)


def test_a_yes_that_waits_finds_its_note_gone_before_anything_is_erased(store, monkeypatch):
    """Or it would give its consents behind the erasure; a smaller erasure leaves it."""
    steps = Steps()
    erase(store, steps, monkeypatch=monkeypatch, joins=True)
    assert steps.done[:2] == ["write", "a yes that waits"]
    smaller = Steps()
    erase(store, smaller, Erase(what="range", first=0), monkeypatch=monkeypatch, joins=True)
    assert "a yes that waits" not in smaller.done


def test_copies_end_where_the_erasure_itself_fails(store, monkeypatch):
    """Nobody can fetch what was to go; nothing else is done, and the household can try again."""
    steps = Steps()
    store.db.execute("CREATE TEMP TRIGGER fault BEFORE INSERT ON journal BEGIN SELECT RAISE(ABORT, 'full'); END")
    with pytest.raises(StoreError, match="full"):
        erase(store, steps, monkeypatch=monkeypatch)
    assert steps.done == ["write", "shown", "copy", "copy"]


@pytest.mark.parametrize("failing", ["page", "who may see the page", "settings"])
def test_one_step_that_fails_does_not_end_the_others(store, failing, monkeypatch):
    """And it is said what could not be done."""
    steps = Steps([failing])
    done = erase(store, steps, monkeypatch=monkeypatch)
    assert steps.done[-3:] == ["page", "who may see the page", "settings"]
    assert len(done["undone"]) == 1
    assert (steps.settled, store.consents.all()) == (1, [])


@contextmanager
def a_full_card(size):
    """No file may grow beyond so many bytes: as a card that is full, for this process."""
    former = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, former[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, former)


def test_a_card_that_is_too_full_for_a_new_file_does_not_stop_a_hand_over(store, monkeypatch, tmp_path):
    """It is said that traces stay, all else is forgotten, and the next erasure writes the file anew."""
    wipe = Erasure.wipe

    def without_room(erasure):
        with a_full_card(8192):
            return wipe(erasure)

    steps = Steps()
    monkeypatch.setattr(Erasure, "wipe", without_room)
    done = erase(store, steps, monkeypatch=monkeypatch)
    assert done["wiped"] is False
    assert "cannot be written anew" in done["unwritten"]
    assert steps.done[-3:] == ["page", "who may see the page", "settings"]
    monkeypatch.setattr(Erasure, "wipe", wipe)
    assert erase(store, Steps(), Erase(what="range", first=0), monkeypatch=monkeypatch)["wiped"] is True
    assert b"partager un toit" not in (tmp_path / FILE_NAME).read_bytes()


def test_what_was_set_aside_and_cannot_be_removed_is_said(store, monkeypatch, tmp_path):
    """A folder stands where a copy was: the others go, the erasure goes on, and its name is in the answer."""
    stays = tmp_path / f"{FILE_NAME}.before-20260101T000000Z"
    stays.mkdir()
    packing = tmp_path / f"{FILE_NAME}.packing"
    packing.write_bytes(b"readings")
    done = erase(store, Steps(), monkeypatch=monkeypatch)
    assert (done["copies"], packing.exists()) == ([stays.name], False)
    assert packing.name in done["removed"]


@pytest.mark.parametrize("channel", [Channel.WEB, Channel.COMMAND])
def test_the_journal_has_by_which_way_the_consents_ended(store, channel):
    """It is the household's proof: the page's is not said to be the command line's."""
    (consent,) = store.consents.all()
    store.erasure.erase_recipient(COOP, consent.given_at + 60, "anne", channel)
    withdrawn = store.journal.facts_of("consent-withdrawn")
    assert [facts["channel"] for facts in withdrawn] == [channel.value]


def test_the_changes_of_consents_have_the_way_as_well(tmp_path, monkeypatch):
    """Before they are erased with all else: by the one place where consents change."""
    shared = Shared(tmp_path)
    shared.grant()
    changed = []
    with closing(shared.store) as store:
        change = store.consents.change
        monkeypatch.setattr(store.consents, "change", lambda *args: changed.append(args[1:]) or change(*args))
        store.erasure.erase_everything(shared.now + 60, "anne", Channel.WEB)
    assert [(kind, by, channel) for kind, _, by, channel in changed] == [
        (ConsentChangeKind.WITHDRAWN, "anne", Channel.WEB)
    ]
