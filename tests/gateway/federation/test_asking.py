"""Asking a household for access: a form that a person can fill in, limits, and nothing that tells of the house."""

import asyncio
import re
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.federation.wire.access_form import ACCESS_FIELDS
from gateway.federation.wire.form import build_submit, parse_result
from gateway.federation.wire.stanza import OURS
from gateway.store import access
from gateway.store.points import Granularity
from gateway.store.terms import AccessState, Offer, Proof, RecipientRole, Terms
from tests.gateway.federation.conftest import PRM, SENSOR, START, House
from tests.gateway.federation.test_commands import COOP, DATA, SEN1, XMPP, command, converse, no_thread

FORM = {
    "identifier": f"{SEN1}/consumption/energy",
    "granularity": "PT30M",
    "push": "1",
    "history": "true",
    "history_from": "2026-01-01",
    "until": "2027-01-01",
    "purpose": "partager\nun toit",
    "controller": "La Coop",
    "contact": "dpo@coop.example",
    "privacy": "https://coop.example/privacy",
    "role": "joint",
    "retention": "P6M",
    "code_url": "https://coop.example/code",
    "code_version": "2.1",
    "code_hash": "ab" * 32,
}
NOW = START + 10


def ask(house, lang="en", asker=COOP, told=None, **changes):
    """One request; the answer and whether it is an error. A field that is None is left out."""
    fields = {var: text for var, text in (FORM | changes).items() if text is not None}
    asked = None if told is None else told.append
    ((_, answer, failed),), _ = asyncio.run(
        converse(house, [build_submit("request_access", fields)], lang, asker=asker, asked=asked)
    )
    return answer, failed


def seconds(text):
    """A moment in UTC as POSIX seconds."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


@pytest.mark.parametrize(("lang", "title"), [("fr", "Demander un accès"), ("en", "Request access")])
def test_the_form_asks_for_all_that_a_household_must_know_and_chooses_nothing(house, lang, title):
    """In the asker's language; what must be said is marked so, and neither direction is ticked."""
    ((_, answer, _),), _ = asyncio.run(converse(house, [command("request_access")], lang))
    form = answer.find(f"{DATA}x")
    assert (form.get("type"), form.findtext(f"{DATA}title")) == ("form", title)
    fields = {field.get("var"): field for field in form.findall(f"{DATA}field")}
    assert list(fields) == [field.var for field in ACCESS_FIELDS]
    chosen = {var: value for var, field in fields.items() if (value := field.findtext(f"{DATA}value"))}
    assert chosen == {"push": "0", "history": "0"}
    kinds = {var: field.get("type") for var, field in fields.items()}
    assert (kinds["push"], kinds["purpose"], kinds["role"]) == ("boolean", "text-multi", "list-single")
    required = {var for var, field in fields.items() if field.find(f"{DATA}required") is not None}
    assert {"identifier", "purpose", "controller", "contact", "privacy", "retention", "until"} <= required
    assert all(field.get("label") for field in fields.values())


def test_a_valid_request_waits_for_the_household_which_is_told(house):
    """Every word as it was written; the asker hears that the household will answer, and nothing is opened."""
    told = []
    answer, failed = ask(house, told=told, asker="coop@sen2.test")
    assert not failed
    assert parse_result(answer) == {"result": "Success", "request": "1", "state": "pending"}
    assert "the household will answer" in answer.findtext(f"{DATA}x/{DATA}instructions")
    assert answer.find(f"{{{OURS}}}request").attrib == {"id": "1", "state": "pending"}
    (request,) = house.store.access.all(AccessState.PENDING)
    assert told == [request]
    # The days are the household's: midnight in Paris, and the last one is in it.
    since, until = seconds("2025-12-31T23:00:00"), seconds("2027-01-01T23:00:00")
    assert (request.jid, request.sensor, request.prefix) == (COOP, SENSOR, "consumption/energy")
    assert (request.granularity, request.until, request.lang) == (Granularity.HALF_HOUR, until, "en")
    assert request.terms == Terms(
        *(True, True, since, "partager un toit", "La Coop", "dpo@coop.example", "https://coop.example/privacy"),
        *(RecipientRole.JOINT, "https://coop.example/code", "2.1", "ab" * 32, "P6M"),
    )
    assert house.store.consents.all() == []
    entries = [entry.facts() for entry in house.store.journal.entries()]
    assert [e["series"] for e in entries if e["kind"] == "access-asked"] == ["consumption/energy"]


def test_the_same_request_again_is_not_told_again(house):
    """A program that asks at every start disturbs nobody."""
    told = []
    for _ in range(3):
        answer, failed = ask(house, told=told)
        assert not failed
        assert parse_result(answer)["request"] == "1"
    assert len(told) == 1


def test_a_meter_is_asked_for_by_its_delivery_point_as_well(house):
    """And one that there is not is taken like any other: the answer tells nothing of the house."""
    answers = [ask(house, identifier=f"urn:dev:prm:{prm}_consumption/energy") for prm in (PRM, "1" * 14)]
    answers.append(ask(house, identifier="gw@sen1.test/nobody@sen1.test/consumption", asker="other@sen2.test"))
    assert not any(failed for _, failed in answers)
    texts = {
        re.sub(r"\d", "", ET.tostring(answer, "unicode").replace(answer.get("sessionid"), "")) for answer, _ in answers
    }
    assert len(texts) == 1
    assert [r.sensor for r in house.store.access.all()] == [PRM, "1" * 14, "nobody"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"identifier": SEN1}, "“everything” is not accepted"),
        ({"identifier": f"{SEN1}/*"}, "wrong identifier"),
        ({"identifier": "other@sen9.test/ab12@sen9.test/consumption"}, "names of this gateway have the form"),
        ({"identifier": None}, "missing: Series or branch asked for (identifier)"),
        ({"granularity": None}, "missing: Granularity (granularity)"),
        ({"granularity": "PT5M"}, "granularity: raw, PT1M, PT15M, PT30M, P1D"),
        ({"push": "0", "history": None}, "at least one of the two"),
        ({"push": "oui"}, "push: 1 (yes) or 0 (no)"),
        ({"history_from": None}, "needed for past readings"),
        ({"history_from": "2027-02-01"}, "after the access ends"),
        ({"until": "9999-12-31"}, "such as 2027-06-30"),
        ({"history_from": "1900-01-01"}, "such as 2027-06-30"),
        ({"until": "2026-06-15"}, "that date is over"),
        ({"until": "2029-12-01"}, "three years at most; it is asked for again, not for ever"),
        ({"until": "2027-01-01T00:00:00"}, "such as 2027-06-30"),
        ({"purpose": "x" * 501}, "at most 500 characters"),
        ({"purpose": None}, "missing: Purpose"),
        ({"controller": "a\u0007b"}, "in plain words"),
        ({"privacy": "ftp://coop.example"}, "begins with https://"),
        ({"role": "boss"}, "controller, processor, joint"),
        ({"retention": "for ever"}, "P1Y, P6M or P30D"),
        ({"code_hash": "AB" * 32}, "64 hexadecimal digits"),
    ],
)
def test_what_cannot_be_asked_for_is_refused_in_a_sentence_that_names_the_field(house, changes, words):
    """Everything, for ever, without a reason, or in words that nobody can read: nothing reaches the household."""
    error, failed = ask(house, told=[], **changes)
    assert failed
    assert (error.get("type"), error.find(f"{XMPP}bad-request") is not None) == ("modify", True)
    assert words in error.findtext(f"{XMPP}text")
    assert house.store.access.all() == []


def test_a_refusal_is_in_the_askers_language(house):
    """French for whoever does not ask for English."""
    error, _ = ask(house, lang="de", until="2026-06-15")
    assert error.findtext(f"{XMPP}text") == "until : cette date est passée"


def test_only_somebody_with_an_address_can_ask(house, caplog):
    """A server itself is nobody whom the household could answer; its name is in no log but the debugger's."""
    error, failed = ask(house, asker="sen2.test")
    assert failed
    assert "name@server" in error.findtext(f"{XMPP}text")
    assert "sen2.test" not in caplog.text


def test_who_asks_too_often_is_told_to_wait(house):
    """By address and by domain; a neighbour's address is not held up by the first."""
    for number in range(access.PENDING_PER_JID):
        assert not ask(house, purpose=f"purpose {number}")[1]
    error, failed = ask(house, purpose="one more")
    assert failed
    assert (error.get("type"), error.find(f"{XMPP}resource-constraint") is not None) == ("wait", True)
    assert "at most 3 waiting and 10 a day from one address" in error.findtext(f"{XMPP}text")
    assert not ask(house, asker="other@sen2.test")[1]
    for number in range(access.DAILY_PER_DOMAIN):
        ask(house, asker=f"u{number}@sen2.test")
    assert ask(house, asker="late@sen2.test")[1]
    assert not ask(house, asker="late@sen3.test")[1]
    assert len(house.store.access.all()) == access.DAILY_PER_DOMAIN + 1


@pytest.mark.parametrize(("lang", "words"), [("fr", "aucune demande de ce domaine"), ("en", "no requests of this")])
def test_a_domain_that_is_not_heard_is_told_so_and_nobody_else_is(house, lang, words):
    """In the asker's language; the household is not told, nothing is kept; what waited is seen to be refused."""
    ask(house)
    house.store.access.refuse_domain("sen2.test", NOW)
    told = []
    for asker in (COOP, "other@sub.sen2.test"):
        error, failed = ask(house, lang, asker=asker, told=told, purpose="again")
        assert failed
        assert (error.get("type"), error.find(f"{XMPP}forbidden") is not None) == ("auth", True)
        assert words in error.findtext(f"{XMPP}text")
    assert told == []
    assert len(house.store.access.all()) == 1
    assert standing(house)[1][0][1]["state"] == "refused"
    assert not ask(house, asker="honest@sen3.test", told=told)[1]
    assert len(told) == 1


def standing(house, lang="en", asker=COOP, fields=None):
    """What ``my_access`` shows: rows for a person and (tag, attributes) for a program."""
    asked = command("my_access") if fields is None else build_submit("my_access", fields)
    ((_, answer, failed),), _ = asyncio.run(converse(house, [asked], lang, asker=asker))
    assert not failed
    rows = [
        {field.get("var"): field.findtext(f"{DATA}value") for field in item.findall(f"{DATA}field")}
        for item in answer.findall(f"{DATA}x/{DATA}item")
    ]
    return rows, [(one.tag.partition("}")[2], one.attrib) for one in answer.find(f"{{{OURS}}}access")], answer


def test_an_asker_sees_what_it_asked_and_what_came_of_it(house):
    """Pending, then granted with less, then withdrawn; the names are those that it used."""
    ask(house)
    rows, (pending,), _ = standing(house)
    assert pending[0] == "request"
    assert (pending[1]["state"], pending[1]["series"]) == ("pending", FORM["identifier"])
    assert (rows[0]["what"], rows[0]["state"], rows[0]["until"]) == ("request 1", "waiting for an answer", "2027-01-01")
    (request,) = house.store.access.all()
    less = Offer("house", "consumption/energy/active", Granularity.DAY, NOW + 86400, NOW, Terms(push=False))
    house.store.access.grant(1, [less], Proof("anne"), NOW)
    rows, (consent, answered), _ = standing(house, lang="fr", fields={})
    assert (consent[0], consent[1]["state"], consent[1]["granularity"], consent[1]["push"]) == (
        *("consent", "valid", "P1D"),
        "false",
    )
    assert consent[1]["series"] == f"{SEN1}/consumption/energy/active"
    assert (answered[1]["state"], answered[1]["consents"]) == ("granted", "1")
    assert [row["state"] for row in rows] == ["en cours", "accepté"]
    house.store.consents.revoke(COOP, "", NOW + 1)
    assert [facts["state"] for _, facts in standing(house)[1]] == ["withdrawn", "granted"]
    assert request.jid == COOP


def test_who_asked_by_delivery_point_sees_that_name_and_nobody_else_sees_it(house):
    """The PRM is shown to whoever named it; a consent is called by the id of the sensor."""
    ask(house, identifier=f"urn:dev:prm:{PRM}_consumption/energy")
    house.allow("other@sen2.test")
    assert standing(house)[1][0][1]["series"] == f"urn:dev:prm:{PRM}_consumption/energy"
    assert PRM not in ET.tostring(standing(house, asker="other@sen2.test")[2], "unicode")


def test_a_stranger_sees_nothing_of_others(house):
    """Neither that there are requests and consents, nor whose."""
    house.minutes(2)
    house.allow(COOP)
    ask(house, asker="third@sen2.test")
    rows, found, answer = standing(house, asker="stranger@sen2.test")
    assert (rows, found) == ([], [])
    assert "none" in answer.findtext(f"{DATA}x/{DATA}instructions")


def test_what_is_shown_is_bounded_and_the_newest_comes_first(house):
    """Years of consents that are over do not fill a stanza."""
    for number in range(120):
        house.allow(COOP, terms=Terms(purpose=f"purpose {number}"))
    _, found, answer = standing(house)
    assert [facts["id"] for _, facts in found] == [str(number) for number in range(120, 70, -1)]
    assert len(ET.tostring(answer)) < 100_000


_values = st.sampled_from(
    ["", "1", "raw", "P1D", SEN1, f"{SEN1}/a/b", "2027-01-01", "https://x", "*", "0001-01-01"]
) | (st.text(max_size=60))
_forms = st.dictionaries(st.sampled_from([*FORM, "max", "after", "form", "other"]), _values, max_size=19)
_nodes = st.sampled_from(["request_access", "list_series", "my_access", "get_history"])


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """A house with a consent, for many trials."""
    opened = House(tmp_path_factory.mktemp("house"))
    opened.minutes(3)
    opened.allow(COOP)
    yield opened
    opened.store.close()


def _contents(house):
    """Everything in the database but what an answer may add: a request, its entry of the journal, a transfer."""
    tables = ("consent", "consent_change", "subscription", "outbox", "reading", "meter", "notice")
    return {t: house.store.db.execute(f"SELECT * FROM {t}").fetchall() for t in tables}


@settings(max_examples=250, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(_nodes, st.booleans(), _forms, st.sampled_from([COOP, "stranger@sen2.test"]))
def test_whatever_is_filled_in_there_is_one_answer_and_nothing_else_changes(shared, node, whole, form, asker):
    """A valid form with anything in its place, or anything at all: an answer, or an error that says what is wrong."""
    before, asked = _contents(shared), len(shared.store.access.all())
    fields = (FORM | form if whole else form) if node == "request_access" else form
    ((_, answer, failed),), _ = asyncio.run(converse(shared, [build_submit(node, fields)], "en", no_thread, asker))
    assert _contents(shared) == before
    if failed:
        assert answer.findtext(f"{XMPP}text")
        assert len(shared.store.access.all()) == asked
    elif asker != COOP:
        assert node in {"request_access", "my_access"}
        assert "consumption/power" not in ET.tostring(answer, "unicode")
