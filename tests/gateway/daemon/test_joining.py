"""A yes to an invitation that waits: what ends it, what it takes back, and what the household is told of it."""

import asyncio
import time
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from gateway.account import joining_note as notes
from gateway.account.joining_note import BroughtInvitation, JoiningNote, Joinings
from gateway.commands import join as command
from gateway.commands.main import main
from gateway.config import settings
from gateway.config.tables import load
from gateway.consent.orders import JointGrant, JointText, ListConsents, Shown
from gateway.control.messages import Join, JoinStop, JoinText
from gateway.control.orders import act, held
from gateway.daemon.joining import steps
from gateway.daemon.joining.asked import forms, invited, invited_by
from gateway.errors import ConsentError, InvitationError, StoreError
from gateway.federation.wire.invitation import read, signing_key, write
from gateway.store.store import Store
from gateway.store.terms import Channel
from tests.gateway.federation.test_invitation import ASKED
from tests.prepared import prepare

DAY_S = 86_400


class QuietHouse:
    """A gateway without its daemon: the product's own steps on a database of its own; nobody answers it."""

    def __init__(self, folder):
        (folder / "data").mkdir(parents=True)
        (folder / "gateway.toml").write_text(
            '[[meter]]\nsource = "replay:nothing.raw"\nsensor = "ab12"\n[store]\ndirectory = "data"\n'
        )
        self.config = load(folder / "gateway.toml")
        prepare(self.config.directory)
        self.store = Store(self.config.directory)
        self.store.meters.add("house", "ab12", None)
        self.key = signing_key(folder / "key.pem")

    async def act(self, order):
        return act(self.store, order, time.time())

    async def keep_account(self, table):
        settings.change(self.config, "federation", table)

    def link(self, **changes):
        """An invitation that is good until tomorrow."""
        now = datetime.now(UTC)
        good = {"expires": int(now.timestamp()) + DAY_S, "until": (now + timedelta(days=300)).date()}
        return write(replace(ASKED, **(good | changes)), self.key, "http://linky.local/")[0]

    def text_hash(self, link, at=None):
        signed = read(link)
        order = JointText(
            lang="en", retention="P3Y", forms=forms(signed.invitation, None), invited=invited_by(self.config, signed)
        )
        return act(self.store, order, time.time() if at is None else at)["hash"]

    def waiting(self, link, at=None, **more):
        """A yes of that second, as the run that was cut off left it."""
        at = int(time.time()) if at is None else at
        note = JoiningNote(link=link, lang="en", hash=self.text_hash(link, at), retention="P3Y", at=at, **more)
        notes.write(self.config, Joinings(waiting=note))
        return note

    def give(self, note):
        """The consents of it, as its run gave them."""
        signed = read(note.link)
        order = JointGrant(
            forms=forms(signed.invitation, None),
            invited=invited_by(self.config, signed),
            retention=note.retention,
            shown=Shown(note.lang, note.hash),
            at=note.at,
        )
        return act(self.store, order, time.time())

    def states(self):
        return [row["state"] for row in act(self.store, ListConsents(), time.time())]


@pytest.fixture
def house(tmp_path):
    """One house."""
    made = QuietHouse(tmp_path / "house")
    yield made
    made.store.close()


def test_a_yes_to_another_text_makes_no_account_and_leaves_no_note(house):
    """Before the stranger's server is asked for anything."""
    order = Join(link=house.link(), shown=Shown("en", "0" * 64))
    with pytest.raises(ConsentError, match="no longer what was shown"):
        asyncio.run(steps.join(house, order))
    assert not house.config.joining_file.exists()
    assert not list(house.config.directory.glob("xmpp-password*"))


def test_giving_up_withdraws_what_was_given_by_it_and_nothing_else(house):
    """Also what an earlier run gave before it was cut off."""
    house.give(house.waiting(house.link(id="ffffffff", secret="B" * 22, series=("production/energy",))))
    note = house.waiting(house.link())
    house.give(note)
    assert house.states() == ["valid"] * 4
    assert asyncio.run(steps.stop(house, JoinStop())) == {"stopped": True, "refused": None}
    assert house.states() == ["valid"] * 2 + ["withdrawn"] * 2
    assert asyncio.run(steps.stop(house, JoinStop())) == {"stopped": False, "refused": None}


def test_what_a_waiting_yes_came_to_is_kept_until_it_was_read(house, capsys):
    """Nobody is there when it is tried alone: the page shows it, the command says it; a yes at hand is told at once."""
    house.waiting(house.link(expires=int(time.time()) - 1))
    with pytest.raises(InvitationError, match="was good until"):
        asyncio.run(steps.finish(house, alone=True))
    kept = notes.read(house.config)
    assert (kept.waiting, kept.refused.controller) == (None, "La Coop")
    assert "était valable" in kept.refused.why["fr"]
    # The next text says it before, once more, until somebody says that it was read.
    shown = asyncio.run(steps.text(house, JoinText(link=house.link(), lang="en")))
    assert shown["refused"]["controller"] == "La Coop"
    assert "came to nothing: this invitation was good until" in str(command._refused(shown["refused"], "en"))
    assert asyncio.run(steps.stop(house, JoinStop()))["refused"]["controller"] == "La Coop"
    assert notes.read(house.config) == Joinings()
    house.waiting(house.link(expires=int(time.time()) - 1))
    with pytest.raises(InvitationError):
        asyncio.run(steps.finish(house))
    assert notes.read(house.config) == Joinings()


def bring(house, **changes):
    """What a card brought."""
    link = house.link(**changes)
    kept = notes.read(house.config)
    brought = BroughtInvitation(link=link, controller="La Coop", installer="anne@example.org")
    notes.write(house.config, replace(kept, brought=brought))
    return link


def test_what_a_card_brought_is_asked_about_until_it_is_answered(house):
    """Without a link it is the card's that is meant; while it is carried out nothing is asked; given up it is gone."""
    link = bring(house)
    assert invited(house.config) == "La Coop"
    shown, named = (
        asyncio.run(steps.text(house, JoinText(link=named, lang="en", channel=Channel.WEB))) for named in ("", link)
    )
    assert shown["hash"] == named["hash"]
    kept = notes.read(house.config)
    house.waiting(link)
    notes.write(house.config, replace(notes.read(house.config), brought=kept.brought))
    assert invited(house.config) == ""
    assert asyncio.run(steps.stop(house, JoinStop())) == {"stopped": True, "refused": None}
    assert notes.read(house.config) == Joinings()


def test_what_a_card_brought_is_answered_by_no_command(house, capsys):
    """Whoever prepared the machine may be root there: no yes and no no is taken; the household is asked still."""
    link = bring(house)
    shown = asyncio.run(steps.text(house, JoinText(link=link, lang="en", channel=Channel.WEB)))
    for given in ("", link):
        with pytest.raises(InvitationError, match="its password is asked; nothing was given"):
            asyncio.run(steps.join(house, Join(link=given, shown=Shown("en", shown["hash"]))))
    before = house.config.joining_file.read_bytes()
    house.store.close()
    config = str(house.config.directory.parent / "gateway.toml")
    for words in ([], ["--accept"], [link, "--accept"], ["--stop"]):
        assert main(["join", *words, "--lang", "en", "--config", config]) != 0
        said = capsys.readouterr()
        assert "the invitation of La Coop came with this gateway’s card" in said.err
        assert said.out == ""
    assert house.config.joining_file.read_bytes() == before
    assert not list(house.config.directory.glob("xmpp-password*"))


def test_a_no_to_what_a_card_brought_is_done_or_not_said(house):
    """Also while the yes to another one waits; not where the card's own is being carried out, which is given up."""
    bring(house)
    brought = notes.read(house.config).brought
    house.waiting(house.link(id="another-one"))
    notes.write(house.config, replace(notes.read(house.config), brought=brought))
    assert steps.decline(house)
    kept = notes.read(house.config)
    assert (kept.brought, read(kept.waiting.link).invitation.id) == (None, "another-one")
    assert not steps.decline(house)
    house.waiting(brought.link)
    notes.write(house.config, replace(notes.read(house.config), brought=brought))
    assert not steps.decline(house)
    assert notes.read(house.config).brought == brought


def test_a_late_press_on_give_up_is_no_no_to_the_card(house):
    """What waited is through meanwhile: what the card brought is another one, and is still asked about."""
    bring(house)
    assert asyncio.run(steps.stop(house, JoinStop(channel=Channel.WEB))) == {"stopped": False, "refused": None}
    assert invited(house.config) == "La Coop"


def test_what_its_maker_refuses_is_not_asked_about_again(house):
    """Too old when it is carried out: the household reads why. Another invitation's end leaves the card's alone."""
    link = bring(house, expires=int(time.time()) - 1)
    brought = notes.read(house.config).brought
    house.waiting(link)
    notes.write(house.config, replace(notes.read(house.config), brought=brought))
    with pytest.raises(InvitationError, match="was good until"):
        asyncio.run(steps.finish(house))
    assert notes.read(house.config) == Joinings()
    bring(house)
    brought = notes.read(house.config).brought
    house.waiting(house.link(id="another-one", expires=int(time.time()) - 1))
    notes.write(house.config, replace(notes.read(house.config), brought=brought))
    with pytest.raises(InvitationError, match="was good until"):
        asyncio.run(steps.finish(house))
    assert notes.read(house.config) == Joinings(brought=brought)
    assert invited(house.config) == "La Coop"


def test_a_refusal_takes_back_what_an_earlier_run_gave(house):
    """So that "nothing was given" is true."""
    note = house.waiting(house.link(expires=int(time.time()) - 1))
    house.give(note)
    with pytest.raises(InvitationError, match="was good until"):
        asyncio.run(steps.finish(house))
    assert house.states() == ["withdrawn", "withdrawn"]


@pytest.mark.parametrize("made", [True, False])
def test_an_account_of_an_invitation_that_ended_is_forgotten(house, made):
    """Noted as made, or cut off before that could be noted: its password stays nowhere."""
    house.waiting(house.link(address="127.0.0.1:9"), user="linky-0123456789", made=made)
    file = house.config.directory / ("xmpp-password" if made else "xmpp-password.new")
    file.write_text("a password that was drawn\n")
    assert asyncio.run(steps.give_up(house))
    assert not list(house.config.directory.glob("xmpp-password*"))


def test_nothing_is_done_behind_an_erasure(house):
    """The note is looked for before each step: it went with everything else, and does not come back."""
    note = house.waiting(house.link(expires=int(time.time()) - 1))
    one = steps.JoiningSteps(house, note, read(note.link))
    house.config.joining_file.unlink()
    with pytest.raises(InvitationError, match="given up meanwhile"):
        one._keep(user="linky-0123456789")
    with pytest.raises(InvitationError, match="given up meanwhile"):
        one._check_wanted()
    assert not house.config.joining_file.exists()


def test_without_a_gateway_the_command_holds_the_store_for_the_whole_errand(tmp_path, monkeypatch):
    """No gateway starts in the middle of it and carries out the same yes."""
    alone = QuietHouse(tmp_path / "house")
    alone.store.close()
    seen = []

    async def while_it_is_done(house, _):
        with pytest.raises(StoreError), held(house.config):
            pass
        seen.append(await house.act(ListConsents()))
        return {}

    monkeypatch.setattr(steps, "text", while_it_is_done)
    command._done(alone.config, JoinText(link=alone.link(), lang="en"))
    assert seen == [[]]
