"""Households are asked for their consent, each once, by real gateways through two servers."""

import json
from contextlib import ExitStack
from datetime import UTC, date, datetime
from xml.etree import ElementTree as ET

import pytest
from msgspec.structs import replace

from gateway.collector.access import Unheard, fields, numbered
from gateway.collector.config import load
from gateway.errors import FederationError
from gateway.federation.wire.access_form import ACCESS_FIELDS
from gateway.store.terms import LONGEST_DAYS
from harness.accounts import FAR, HOME
from servers import wait_until
from tests.gateway.collector.test_collecting import SINCE, WAIT_S, Home, far_account, kept

ACCESS = """
[access]
purpose = "partager le soleil d'une école"
controller = "La Coop"
contact = "dpo@coop.example"
privacy = "https://coop.example/vie-privee"
retention = "P1Y"
granularity = "PT1M"
"""


class Asked(Home):
    """A house that has not allowed anything to anybody."""

    def grant(self, *prefixes, granularity="raw"):
        """Not before it is asked."""

    def answer(self, *words):
        """Its answer to the one question that waits."""
        (waiting,) = json.loads(self.command("consent", "pending", "--json").stdout)
        done = self.command("consent", "answer", str(waiting["id"]), *words)
        assert done.returncode == 0, done.stderr
        return waiting


def test_each_household_is_asked_once_and_a_no_is_not_asked_again_unless_told_to(federation, store_at, tmp_path):
    """Yes brings readings; no stays no; a house that is away is asked the next time; what waits is not asked twice."""
    yes, no = (Asked(tmp_path / jid, federation, jid) for jid in (HOME, "refus@sen1.test"))
    away = "absente@sen1.test"
    store = store_at(far_account(federation))
    store.config.write_text(store.config.read_text() + ACCESS)
    for jid in (yes.jid, no.jid, away):
        series = f"{jid}/ab12@sen1.test/consumption/energy"
        store.command("gateways", "add", f"{jid}/proxy", "--identifier", series, *SINCE)
    with ExitStack() as running:
        for home in (yes, no):
            running.enter_context(home.meter)
            running.enter_context(home.gateway())
            home.await_link("xmpp", "ok", WAIT_S)
        *unheard, last = store.command("gateways", "ask").splitlines()
        assert last == "2 asked now; 1 could not be asked"
        (line,) = unheard
        assert line.startswith(f"{away} {away}/ab12@sen1.test/consumption/energy: not asked: ")
        assert store.command("gateways", "ask").splitlines()[1] == (
            "0 asked now; 2 wait for their household; 1 could not be asked"
        )
        asked = yes.answer("--yes", "--accept")
        assert (asked["from"], asked["purpose"]) == (FAR, "partager le soleil d'une école")
        assert (asked["controller"], asked["granularity"], asked["retention"]) == ("La Coop", "PT1M", "P1Y")
        no.answer("--no")
        said = store.command("gateways", "ask").splitlines()[1]
        assert said == (
            "0 asked now; 1 granted, and subscribed to when linky-collect runs; 1 refused by their household;"
            " 1 could not be asked"
        )
        assert "--again: whom?" in store.command("gateways", "ask", "--again", code=78)
        running.enter_context(store.collector("one"))
        wait_until(lambda: kept(store, yes), WAIT_S, "readings of the house that said yes", every=0.3)

        def rows():
            return {row["gateway"]: row for row in json.loads(store.command("gateways", "list", "--json"))}

        wait_until(lambda: rows()[yes.jid]["standing"] == "subscribed", WAIT_S, "its standing", every=0.3)
        assert rows()[no.jid]["request"] == "refused"
        assert f", asked {datetime.now(UTC):%Y}" in store.command("gateways", "list")
        assert store.command("gateways", "ask", no.jid, "--again") == "1 asked now\n"
        assert [row["id"] for row in json.loads(no.command("consent", "pending", "--json").stdout)] == [2]
        assert kept(store, no) == []


def test_the_form_is_what_the_gateway_asks_for(store):
    """Every field of it that must be filled in is, by its name; without a beginning no history is asked for."""
    store.config.write_text(store.config.read_text() + ACCESS + 'months = 6\ncode_url = "https://coop.example/code"\n')
    now = datetime(2026, 11, 26, 12, tzinfo=UTC)
    form = fields(load(store.config).access, "gw@x/ab12@x/consumption", datetime(2026, 1, 1, tzinfo=UTC), now)
    known = {field.var: field.required for field in ACCESS_FIELDS}
    assert set(form) <= set(known)
    assert {var for var, required in known.items() if required} <= set(form)
    assert (form["until"], form["history"], form["history_from"]) == ("2027-05-27", "1", "2026-01-01T00:00:00+00:00")
    assert (form["code_url"], "code_hash" in form) == ("https://coop.example/code", False)
    form = fields(load(store.config).access, "gw@x/ab12@x/consumption", None, now)
    assert (form["history"], "history_from" in form) == ("0", False)
    quarters = replace(load(store.config).access, granularity="PT15M")
    assert fields(quarters, "gw@x/ab12@x/consumption", None, now)["granularity"] == "PT15M"
    longest = fields(replace(load(store.config).access, months=36), "gw@x/ab12@x/consumption", None, now)["until"]
    # The day is included.
    assert (date.fromisoformat(longest) - now.date()).days < LONGEST_DAYS


@pytest.mark.parametrize(
    ("state", "standing", "once", "again"),
    [
        (None, "refused", True, True),
        (None, "ended", False, True),
        ("pending", "refused", False, False),
        ("pending", "ended", False, False),
        ("granted", "asking", False, False),
        ("granted", "ended", False, True),
        ("refused", "refused", False, True),
        ("expired", "refused", False, True),
    ],
)
def test_who_may_be_asked(state, standing, once, again):
    """Whoever has never answered; after a no, a withdrawal or silence only once more on the operator's word."""
    row = Unheard(1, "gw@x", "proxy", "gw@x/ab12@x/consumption", None, 1 if state else None, state, standing)
    assert (row.may_be_asked(again=False), row.may_be_asked(again=True)) == (once, again)


@pytest.mark.parametrize(
    ("answer", "number"),
    [
        ('<request xmlns="urn:linky-gateway:0" id="7" state="pending"/>', 7),
        ('<request xmlns="urn:linky-gateway:0" id="7" state="sure"/>', None),
        ('<request xmlns="urn:linky-gateway:0" id="-7" state="pending"/>', None),
        ('<request xmlns="urn:linky-gateway:0" id="99999999999999999999" state="pending"/>', None),
        ('<request xmlns="urn:linky-gateway:0"/>', None),
        ("<x/>", None),
    ],
)
def test_an_answer_that_is_none_is_a_sentence(answer, number):
    """Whatever a stranger answers, nothing odd reaches the database."""
    command = ET.fromstring(f'<command xmlns="http://jabber.org/protocol/commands">{answer}</command>')
    if number is None:
        with pytest.raises(FederationError, match="no request for access"):
            numbered(command)
    else:
        assert numbered(command) == (number, "pending")


def test_without_words_for_the_household_nobody_is_asked(store):
    """One sentence says which table is missing; a gateway that is not known is named."""
    assert "[access]: is missing" in store.command("gateways", "ask", code=78)
    store.config.write_text(store.config.read_text() + ACCESS)
    assert "nobody@x is not among the gateways" in store.command("gateways", "ask", "nobody@x", code=78)
    assert store.command("gateways", "ask") == "0 asked now\n"
