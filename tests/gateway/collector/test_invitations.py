"""Sheets of invitations, and a campaign: many gateways at once, each invitation for one of them."""

import asyncio
import csv
import re
import secrets
import shutil
import time
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as ET

import pytest
import segno
from msgspec.structs import replace

from gateway.account import joining_note as notes
from gateway.collector import invitations
from gateway.collector.database import connect
from gateway.config import settings
from gateway.config.tables import load
from gateway.consent.orders import JointGrant, ListConsents, Shown
from gateway.control.messages import Join, JoinText
from gateway.control.orders import act, prepare_store
from gateway.daemon.joining import steps
from gateway.errors import GatewayError, InvitationError, SenMLError
from gateway.federation.wire import pairing
from gateway.federation.wire.invitation import MOST_CHARS, read
from gateway.store.store import Store
from gateway.store.terms import Channel
from harness.accounts import FAR
from tests.gateway.collector.test_joining import accounts, coop, invite, servers, state

__all__ = ["coop", "servers"]


class LightHouse:
    """A gateway without its daemon and its meter: the product's own steps, on a database of its own.

    Args:
        folder: its own.
        template: a database with one meter, to be copied; None for a house that was there before.
    """

    def __init__(self, folder, template=None):
        if template:
            shutil.copytree(template, folder)
        self.config = load(folder / "gateway.toml")
        self.store = Store(self.config.directory)

    async def act(self, order):
        return act(self.store, order, time.time())

    async def keep_account(self, table):
        settings.change(self.config, "federation", table)

    async def answer(self, link):
        """The address of the account by which it joined. InvitationError."""
        shown = await steps.text(self, JoinText(link=link, lang="fr", channel=Channel.WEB))
        done = await steps.join(self, Join(link=link, shown=Shown(shown["lang"], shown["hash"]), channel=Channel.WEB))
        return done["account"]

    async def join(self, link):
        """What the yes came to: the address of its account, or the sentence of the refusal."""
        try:
            return await self.answer(link)
        except InvitationError as error:
            return str(error)


@pytest.fixture
def house_folder(tmp_path):
    """The folder of a house that knows its meter."""
    folder = tmp_path / "template"
    (folder / "data").mkdir(parents=True)
    (folder / "gateway.toml").write_text(
        '[[meter]]\nsource = "replay:nothing.raw"\nsensor = "ab12"\n[store]\ndirectory = "data"\n'
    )
    prepare_store(folder / "data")
    store = Store(folder / "data")
    store.meters.add("house", "ab12", None)
    store.close()
    return folder


class ErasedHouse(LightHouse):
    """One that is erased while its account is being kept, in the middle of a yes."""

    async def keep_account(self, table):
        await super().keep_account(table)
        self.config.joining_file.unlink()


class OtherHouse(LightHouse):
    """One whose collector takes it out, by another hand, between its consents and their names."""

    async def act(self, order):
        done = await super().act(order)
        if isinstance(order, JointGrant):
            self.after_consent()
        return done


def test_an_erasure_in_the_middle_of_a_yes_is_the_end_of_it(servers, coop, house_folder, tmp_path, monkeypatch):
    """Nothing is given behind it, nothing is written down, and the co-operative has no subscription."""
    monkeypatch.setenv("SSL_CERT_FILE", str(servers.ca))
    (link,) = invite(coop, servers, 1)
    house = ErasedHouse(tmp_path / "house", house_folder)
    with coop.collector("one"):
        assert "given up meanwhile" in asyncio.run(house.join(link))
    assert act(house.store, ListConsents(), time.time()) == []
    assert not house.config.joining_file.exists()
    assert coop.one("SELECT count(*) FROM subscription") == 0
    house.store.close()


def test_a_refusal_behind_the_consents_withdraws_them(servers, coop, house_folder, tmp_path, monkeypatch):
    """What the sentence says is so: nothing is given."""
    monkeypatch.setenv("SSL_CERT_FILE", str(servers.ca))
    (link,) = invite(coop, servers, 1)
    house = OtherHouse(tmp_path / "house", house_folder)
    house.after_consent = lambda: coop.ask("UPDATE invitation SET series = '{consumption/other}'")
    with coop.collector("one"):
        assert "Nothing is given" in asyncio.run(house.join(link))
    rows = act(house.store, ListConsents(), time.time())
    assert [row["state"] for row in rows] == ["withdrawn", "withdrawn"]
    house.store.close()


def test_an_account_of_a_run_that_was_cut_off_is_deleted(servers, coop, house_folder, tmp_path, monkeypatch):
    """Also where it could not be noted any more that the server had made it."""
    monkeypatch.setenv("SSL_CERT_FILE", str(servers.ca))
    (link,), before = invite(coop, servers, 1), accounts(servers)
    house = LightHouse(tmp_path / "house", house_folder)
    shown = asyncio.run(steps.text(house, JoinText(link=link, lang="fr")))
    with pytest.raises(GatewayError, match="is kept for a week"):
        # Nobody answers: the collector does not run.
        asyncio.run(steps.join(house, Join(link=link, shown=Shown(shown["lang"], shown["hash"]))))
    kept = notes.read(house.config)
    assert accounts(servers) == before | {kept.waiting.user}
    notes.write(house.config, replace(kept, waiting=replace(kept.waiting, made=False)))
    password = house.config.directory / "xmpp-password"
    password.rename(password.with_name("xmpp-password.new"))
    assert asyncio.run(steps.give_up(house))
    assert accounts(servers) == before
    assert not list(house.config.directory.glob("xmpp-password*"))
    house.store.close()


GATEWAY = "linky-0123456789@sen2.test"


def say(store, made, *names, act=pairing.NAMES):
    """What the account answers to that gateway."""

    async def work():
        db = await connect(store.conninfo)
        async with db.transaction():
            asked = pairing.JoinRequest(act, made.id, made.secret, made.digest, "proxy", names)
            done = await invitations.take(db, FAR, GATEWAY, asked)
        await db.close()
        return done

    return asyncio.run(work())


def test_a_gateway_that_has_joined_adds_nothing_and_undoes_no_removal(store):
    """One subscription for each series; once joined no more of them; taken out it stays out, also by a new link."""
    series = ("consumption/energy", "consumption/power")
    until = datetime.now(UTC) + timedelta(days=1)
    first, second = (
        invitations.NewInvitation(f"{number}" * 16, number, "s" * 22, "ab" * 32, series, None, until)
        for number in (1, 2)
    )

    async def work():
        db = await connect(store.conninfo)
        async with db.transaction():
            await invitations.add(db, FAR, "spring", [first, second])
        await db.close()

    asyncio.run(work())

    def named(meter, *paths):
        return [f"{GATEWAY}/{meter}@sen2.test/{path}" for path in paths]

    count = "SELECT count(*) FROM subscription"
    assert say(store, first, act=pairing.CLAIM) == (pairing.CLAIMED, "")
    twice = [*named("aa", series[0]), *named("bb", series[0])]
    assert say(store, first, *twice) == (pairing.REFUSED, pairing.OTHER_NAMES)
    assert say(store, first, *named("aa", *series)) == (pairing.TAKEN, "")
    assert store.one(count) == 2
    for number in range(5):
        assert say(store, first, *named(f"cc{number}", *series)) == (pairing.TAKEN, "")
    assert store.one(count) == 2
    store.command("gateways", "remove", GATEWAY)
    assert say(store, first, *named("aa", *series)) == (pairing.TAKEN, "")
    assert say(store, second, act=pairing.CLAIM) == (pairing.CLAIMED, "")
    assert say(store, second, *named("aa", *series)) == (pairing.REFUSED, pairing.OTHER_NAMES)
    assert store.one(f"{count} WHERE wanted") == 0


def test_a_sheet_is_printed_with_its_codes_and_asks_nothing_of_any_server(coop):
    """A page for each link in either language; the code is the link's own; the files are their owner's alone."""
    pages = {}
    for lang in ("fr", "en"):
        coop.command("invite", 3, "--sheet", lang, "--no-accounts", "--lang", lang, "--to", coop.folder)
        file = coop.folder / f"{lang}.html"
        assert file.stat().st_mode & 0o777 == 0o600
        pages[lang] = file.read_text()
        with (coop.folder / f"{lang}.csv").open(newline="") as table:
            links = [row["link"] for row in csv.DictReader(table)]
        assert pages[lang].count("<article>") == pages[lang].count("<svg") == 3
        assert not re.search(r"(?:src|href)=|url\(", pages[lang])
        for link in links:
            assert link in pages[lang]
            assert len(link) <= MOST_CHARS
            assert read(link).invitation.token == ""
            code = segno.make(link, error="m", micro=False, boost_error=False)
            size = code.symbol_size(border=4)[0]
            assert f'viewBox="0 0 {size} {size}"' in pages[lang]
    # Which machine the code leads to, and what to do where it is another one's name.
    assert (
        pages["fr"].count("à l’adresse linky.local:8080.") == pages["en"].count("at the address linky.local:8080.") == 3
    )
    assert "Rejoindre Soleil du Marais" in pages["fr"]
    assert "Join Soleil du Marais" in pages["en"]
    # No reader takes the month for the day.
    assert re.search(r"until \d{1,2} [A-Z][a-z]+ 20\d\d\.", pages["en"])
    # Nor does any command take an id for an option.
    assert all(re.fullmatch(r"[0-9a-f]{16}", one) for one in re.findall(r"^\d+,([^,]+),", table_of(coop), re.MULTILINE))
    assert "toiture de l&#x27;école" in pages["en"]


def table_of(coop):
    return (coop.folder / "en.csv").read_text()


def test_a_sheet_that_cannot_be_is_one_sentence_and_leaves_nothing(coop, monkeypatch):
    """A name twice, tokens that do not suffice, a link that would be too long, words that no consent may have."""
    coop.command("invite", 1, "--sheet", "one", "--no-accounts", "--to", coop.folder)
    how = ("--no-accounts", "--to", coop.folder)
    assert "choose another name" in coop.command("invite", 1, "--sheet", "one", *how, code=78)
    assert "such as spring-2027" in coop.command("invite", 1, "--sheet", "Ünïcode", *how, code=78)
    (coop.folder / "tokens").write_text("OK: xmpp:sen2.test?register;preauth=abcdefghijkl\n" * 3)
    words = "invite", 2, "--sheet", "two", "--to", coop.folder, "--tokens", coop.folder / "tokens"
    assert "1 found, 2 needed" in coop.command(*words, code=78)
    text = coop.config.read_text()
    # Words of which nothing can be left out.
    noise = secrets.token_urlsafe(330)
    spoilt = text.replace("mesurer ce que", noise).replace("Soleil du Marais", secrets.token_urlsafe(140))
    coop.config.write_text(spoilt)
    assert f"{MOST_CHARS} at most: shorten" in coop.command("invite", 1, "--sheet", "two", *how, code=78)
    coop.config.write_text(text.replace('["consumption/energy", ', '["*", '))
    assert "[access] and [invite]" in coop.command("invite", 1, "--sheet", "two", *how, code=78)
    coop.config.write_text(text.partition("[invite]")[0])
    assert "[invite]: is missing" in coop.command("invite", 1, "--sheet", "two", *how, code=78)
    coop.config.write_text(text)
    assert coop.command("invitations", "list") == f"one: 1 open (of 1, good until {expiry(coop)})\n"
    assert coop.command("invitations", "revoke", "one").startswith("1 invitations are good no more")
    assert state(coop, "one") == ["revoked"]
    assert "neither a sheet nor an invitation" in coop.command("invitations", "revoke", "three", code=78)
    left = {path.name for path in coop.folder.iterdir()}
    assert left == {"collect-password", "collect.toml", "invite-key.pem", "one.csv", "one.html", "tokens"}


def expiry(coop):
    return coop.one("SELECT to_char(expires_at, 'YYYY-MM-DD') FROM invitation")


def test_a_secret_is_kept_as_its_hash_alone(coop):
    """Whoever reads the database can join with none of the links."""
    coop.command("invite", 2, "--sheet", "one", "--no-accounts", "--to", coop.folder)
    with (coop.folder / "one.csv").open(newline="") as table:
        asked = [read(row["link"]).invitation for row in csv.DictReader(table)]
    kept = str(coop.ask("SELECT invitation::text, encode(secret, 'escape') FROM invitation"))
    assert [one.id in kept for one in asked] == [True, True]
    assert [one.secret in kept for one in asked] == [False, False]


@pytest.mark.parametrize(
    "element",
    [
        '<join xmlns="urn:linky-gateway:pairing:1"/>',
        '<join xmlns="urn:linky-gateway:pairing:1" act="steal" invitation="a" secret="b" digest="c"/>',
        f'<join xmlns="urn:linky-gateway:pairing:1" act="claim" invitation="a" secret="{"b" * 65}" digest="c"/>',
        '<join xmlns="urn:linky-gateway:pairing:1" act="join" invitation="a" secret="b" digest="c">'
        + "<identifier>x@y/z@y/consumption</identifier>" * 9
        + "</join>",
    ],
)
def test_what_no_gateway_says_is_no_request(element):
    """It is dropped: no look-up, no answer."""
    with pytest.raises(SenMLError):
        pairing.parse_request(ET.fromstring(element))


def test_both_messages_are_read_as_they_were_written():
    """The names too, and an answer's reason."""
    asked = pairing.JoinRequest("join", "abc", "secret", "digest", "proxy", ("a@b/c@b/consumption",))
    assert pairing.parse_request(pairing.build_request(asked)[0]) == asked
    assert pairing.parse_answer(pairing.build_answer("refused", "used")[0]) == ("refused", "used")
    assert pairing.parse_answer(pairing.build_answer("refused", "of tomorrow")[0]) == ("refused", "unknown")
