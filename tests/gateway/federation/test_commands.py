"""Commands without a network: what a consent opens, forms in two languages, errors as the federation knows them."""

import asyncio
from xml.etree import ElementTree as ET

import pytest

from gateway.errors import StoreError
from gateway.federation.connection.departure import Departures
from gateway.federation.connection.session import Stanza
from gateway.federation.provider.allowed import Scope, scopes
from gateway.federation.provider.commands import DENIALS_A_DAY, Commands
from gateway.federation.wire.form import (
    COMMANDS,
    RequestError,
    ResultPage,
    UpstreamError,
    build_error,
    build_submit,
    parse_command,
    parse_page,
    parse_result,
)
from gateway.federation.wire.stanza import Publisher, parse_quoalise
from gateway.store.points import Consent, Granularity
from gateway.store.terms import Terms
from gateway.words.phrase import Phrase
from tests.gateway.federation.conftest import FOR_EVER, PRM, SENSOR, START, eventually
from tests.gateway.store.conftest import hand_over

COOP = "coop@sen2.test"
SEN1 = f"gw@sen1.test/{SENSOR}@sen1.test"
RAW, MINUTE, QUARTER, HALF_HOUR, DAY = Granularity
XMPP = "{urn:ietf:params:xml:ns:xmpp-stanzas}"
DATA = "{jabber:x:data}"


def consent(prefix, granularity, history_from=None):
    """A consent of the house."""
    terms = Terms(history_from=history_from)
    return Consent(1, COOP, "house", prefix, granularity, 0, FOR_EVER, None, terms=terms)


def test_a_branch_meets_narrower_and_wider_consents():
    """What is asked and what is allowed are cut with each other."""
    given = [consent("consumption/power", MINUTE), consent("consumption/energy/active", DAY)]
    assert scopes(given, "house", "", None) == [
        Scope("consumption/energy/active", DAY),
        Scope("consumption/power", MINUTE),
    ]
    assert scopes(given, "house", "consumption/power/apparent", None) == [Scope("consumption/power/apparent", MINUTE)]
    for meter, path in (("house", "production"), ("other", ""), ("house", "consumption/powers")):
        with pytest.raises(RequestError) as refusal:
            scopes(given, meter, path, None)
        assert refusal.value.condition == "not-authorized"


def test_a_finer_consent_below_a_coarser_one_takes_its_series_out_of_it():
    """No series comes twice, and each as fine as allowed."""
    given = [consent("", DAY), consent("consumption/power", MINUTE), consent("consumption/power/apparent", HALF_HOUR)]
    everything, power = scopes(given, "house", "", None)
    assert (everything.granularity, power.granularity) == (DAY, MINUTE)
    assert "consumption/energy/active/index" in everything
    assert "consumption/power/apparent/raw" not in everything
    assert "consumption/power/apparent/raw" in power
    assert scopes(given, "house", "", DAY) == [Scope("", DAY)]
    assert scopes(given, "house", "", HALF_HOUR) == [Scope("consumption/power", HALF_HOUR)]


def test_each_scope_reaches_as_far_back_as_a_consent_to_it_does():
    """A coarser or a wider consent may reach further back than the finest; none lends its depth to a finer one."""
    both = [consent("consumption", MINUTE, 500), consent("consumption", DAY, 100)]
    assert scopes(both, "house", "", None) == [Scope("consumption", MINUTE, start=500)]
    assert scopes(both, "house", "", DAY) == [Scope("consumption", DAY, start=100)]
    deep = [consent("consumption", DAY, 500), consent("consumption/power", DAY, 100)]
    assert scopes(deep, "house", "", DAY) == [
        Scope("consumption", DAY, ("consumption/power",), 500),
        Scope("consumption/power", DAY, start=100),
    ]
    assert scopes(deep[::-1], "house", "consumption/power/apparent", DAY) == [
        Scope("consumption/power/apparent", DAY, start=100)
    ]
    shallow = [consent("consumption", DAY, 100), consent("consumption/power", DAY, 500)]
    assert scopes(shallow, "house", "", DAY) == [Scope("consumption", DAY, start=100)]


class Line:
    """Stands where the session does: takes commands in, keeps the answers."""

    def __init__(self):
        self.answers, self.offered = [], {}
        self.departures = Departures(lambda: None)

    def offer(self, node, name, items):
        self.offered[node] = items

    def listen(self, xpath, callback):
        self.take = callback

    def answer(self, request, payload, *, error=False):
        self.answers.append((request.id, payload, error))

    def ask(self, command, lang="", kind="set", asker=COOP):
        """A command comes in."""
        iq = ET.Element("{jabber:client}iq")
        iq.append(command)
        self.take(Stanza(f"q{len(self.answers)}", kind, f"{asker}/x", asker, lang, iq, None))


async def no_thread(function, *arguments):
    """The store's call, in place."""
    return function(*arguments)


async def converse(house, commands, lang="", call=no_thread, asker=COOP, **more):
    """The answers to some commands, in turn; ``more`` is of the room that answers."""
    line, stop, returned = Line(), asyncio.Event(), []
    publisher = Publisher("gw", "sen1.test")
    more = {"returned": lambda *who: returned.append(who)} | more
    room = Commands(line, house.store, call, publisher, clock=lambda: START + 10, **more)
    task = asyncio.create_task(room.run(stop))
    for number, command in enumerate(commands, 1):
        line.ask(command, lang, asker=asker)
        await eventually(lambda wanted=number: len(line.answers) == wanted)
    stop.set()
    await task
    return line.answers, returned


def command(node, **attributes):
    """A command without a form."""
    return ET.Element(f"{{{COMMANDS}}}command", {"node": node} | attributes)


@pytest.mark.parametrize(
    ("lang", "title"), [("", "S'abonner"), ("fr", "S'abonner"), ("en-GB", "Subscribe"), ("de", "S'abonner")]
)
def test_the_form_is_in_the_askers_language(house, lang, title):
    """English for who speaks it, French for all others; the names of the fields stay."""
    ((_, answer, error),), _ = asyncio.run(converse(house, [command("subscribe")], lang))
    form = answer.find(f"{DATA}x")
    assert not error
    assert answer.get("status") == "executing"
    assert form.findtext(f"{DATA}title") == title
    assert [f.get("var") for f in form.findall(f"{DATA}field")] == [
        *("identifier", "confirm", "mode", "minimum_interval", "end_time"),
    ]
    assert form.find(f"{DATA}field[@var='identifier']/{DATA}required") is not None


def test_an_error_is_what_the_existing_client_knows(house):
    """auth and not-authorized, modify and bad-request, each with a text in the asker's language."""
    answers, _ = asyncio.run(
        converse(
            house,
            [build_submit("subscribe", {"identifier": SEN1}), build_submit("subscribe", {"identifier": "?"})],
            "en",
        )
    )
    for (_, error, failed), (kind, condition) in zip(
        answers, [("auth", "not-authorized"), ("modify", "bad-request")], strict=True
    ):
        assert failed
        assert error.get("type") == kind
        assert error.find(f"{XMPP}{condition}") is not None
        text = error.find(f"{XMPP}text")
        assert text.text
        assert text.get("{http://www.w3.org/XML/1998/namespace}lang") == "en"


def test_a_store_that_cannot_be_read_is_an_upstream_error(house, caplog):
    """Issuer and code are both there; the log has the cause, the peer has not."""
    house.allow(COOP)

    async def broken(function, *arguments):
        raise StoreError("the disk is on fire")

    answers, _ = asyncio.run(converse(house, [build_submit("unsubscribe", {"identifier": SEN1})], call=broken))
    ((_, error, failed),) = answers
    upstream = error.find("{urn:quoalise:0}upstream-error")
    assert failed
    assert error.get("type") == "cancel"
    assert upstream.get("issuer")
    assert upstream.get("code")
    assert "fire" in caplog.text
    assert "fire" not in ET.tostring(error, encoding="unicode")


def test_what_nobody_foresaw_costs_one_request(house, caplog):
    """It is answered, counted, said once without what it quotes; the next request is answered as ever."""
    house.allow(COOP)
    left = 2

    async def broken(function, *arguments):
        nonlocal left
        if left and function == house.store.pseudonyms.view_of:
            left -= 1
            raise ZeroDivisionError("1234 Wh")
        return function(*arguments)

    asked = [build_submit("unsubscribe", {"identifier": SEN1})] * 3
    (*failed, (_, _, good)), _ = asyncio.run(converse(house, asked, call=broken))
    assert not good
    for _, error, is_error in failed:
        assert is_error
        assert error.find(f"{XMPP}internal-server-error") is not None
        assert "pas pu répondre" in error.find(f"{XMPP}text").text
    (said,) = [record for record in caplog.records if record.levelname in ("WARNING", "ERROR")]
    assert "ZeroDivisionError" in said.getMessage()
    assert "1234" not in said.getMessage()


def test_an_upstream_error_needs_both_attributes():
    """As the existing client reads them."""
    error = build_error(UpstreamError("enedis", "STM123", Phrase("b")), "en")
    assert error.find("{urn:quoalise:0}upstream-error").attrib == {"issuer": "enedis", "code": "STM123"}


def test_subscribing_says_where_the_numbers_stand_and_resumes_after_the_recipients(house):
    """Rows the recipient has leave; another epoch's number counts for nothing, nor one of what it was never sent.

    A number that was never given moves ours above.
    """
    house.allow(COOP)
    first = build_submit("subscribe", {"identifier": SEN1, "confirm": "receipt"})
    (answer, *_), returned = asyncio.run(converse(house, [first]))
    assert parse_result(answer[1]) == {
        **{"result": "Success", "series": "0", "epoch": house.store.outbox.epoch, "first": "1", "last": "0"},
    }
    assert returned == [(f"{COOP}/x", None)]
    house.minutes(6)
    assert house.waiting(COOP) == 10
    hand_over(house.store, COOP, house.time, last=4)
    again = {"identifier": SEN1, "confirm": "receipt", "resume_after": "4"}
    resumed, stranger, nameless, unsent, beyond = (
        build_submit("subscribe", again | more)
        for more in (
            {"epoch": house.store.outbox.epoch},
            {"epoch": "00000000"},
            {},
            {"epoch": house.store.outbox.epoch, "resume_after": "8"},
            {"epoch": house.store.outbox.epoch, "resume_after": "99"},
        )
    )
    answers, returned = asyncio.run(converse(house, [resumed, stranger, nameless, unsent, beyond]))
    assert [parse_result(a)["first"] for _, a, _ in answers] == ["5", "5", "5", "5", "100"]
    assert returned == [(f"{COOP}/x", after) for after in (4, None, None, 4, 99)]


def test_nothing_is_sent_between_a_subscription_and_its_answer(house):
    """The answer says where the numbers begin: what is pushed goes out after it, or a hole could not be told."""
    house.allow(COOP)
    asked, steps = build_submit("subscribe", {"identifier": SEN1, "confirm": "receipt"}), []

    async def call(function, *arguments):
        steps.append("call")
        return await no_thread(function, *arguments)

    asyncio.run(converse(house, [asked], call=call, returned=lambda *_: steps.append("returned")))
    assert steps[-1] == "returned"
    assert steps.count("call") > 1


def test_pages_join_and_an_empty_page_only_counts(house):
    """<max>0</max> gives the count alone, the first page too; after the last one there is nothing."""
    house.allow(COOP)
    house.minutes(11)
    period = {
        "identifier": f"urn:dev:prm:{PRM}",
        "start_time": "2020-01-01T00:00:00Z",
        "end_time": "2030-01-01T00:00:00Z",
    }
    end = f"{START + 9 * 60}/consumption/power/apparent/raw"
    middle = f"{START + 7 * 60}/consumption/energy/active/index"
    pages = [ResultPage(0, None), ResultPage(15, None), ResultPage(15, middle), ResultPage(15, end)]
    answers, _ = asyncio.run(converse(house, [build_submit("get_history", period, page) for page in pages]))
    sizes = [len(parse_quoalise(a.find("{urn:quoalise:0}quoalise"), 0).records) for _, a, _ in answers]
    assert sizes == [0, 15, 5, 0]
    assert [parse_page(a) for _, a, _ in answers] == [(None, 20), (middle, 20), (end, None), (None, None)]


def test_the_end_of_a_period_is_not_in_it(house):
    """[start, end), whatever the offset it is written with."""
    house.allow(COOP)
    house.minutes(5)
    period = {
        "identifier": f"{SEN1}/consumption/energy",
        "start_time": "2026-06-16T12:01:00+02:00",
        "end_time": "2026-06-16T10:03:00Z",
    }
    ((_, answer, _),), _ = asyncio.run(converse(house, [build_submit("get_history", period)]))
    parcel = parse_quoalise(answer.find("{urn:quoalise:0}quoalise"), 0)
    assert [r.time - START for r in parcel.records] == [60, 120]


@pytest.mark.parametrize(
    "fields",
    [
        {"start_time": "2026-06-16T10:00:00", "end_time": "2026-06-17T00:00:00Z"},
        {"start_time": "2026-06-18T00:00:00Z", "end_time": "2026-06-17T00:00:00Z"},
        {"start_time": "0001-01-01T00:00:00+23:00", "end_time": "soon"},
        {"start_time": "2026-06-16T10:00:00Z"},
        {"start_time": "2026-06-16T10:00:00Z", "end_time": "2026-06-17T00:00:00Z", "granularity": "PT5M"},
        {"start_time": "x" * 2000, "end_time": "2026-06-17T00:00:00Z"},
    ],
)
def test_a_period_that_cannot_be_read_is_a_bad_request(house, fields):
    """Naive, backwards, not a time, missing, an unknown granularity, too long."""
    house.allow(COOP)
    ((_, error, failed),), _ = asyncio.run(
        converse(house, [build_submit("get_history", {"identifier": SEN1} | fields)])
    )
    assert failed
    assert error.find(f"{XMPP}bad-request") is not None


@pytest.mark.parametrize(
    ("path", "given", "granularity", "count"),
    [
        ("", "consumption", Granularity.MINUTE, "2"),
        ("/consumption/energy", "consumption", Granularity.MINUTE, "1"),
        ("/consumption/enrgy", "consumption", Granularity.MINUTE, "0"),
        ("", "consumption/power", Granularity.MINUTE, "1"),
        ("/consumption", "consumption/energy/active/index", Granularity.MINUTE, "1"),
        ("", "consumption", Granularity.RAW, "2"),
        ("/consumption/power/apparent/raw", "consumption", Granularity.RAW, "1"),
    ],
)
def test_who_has_a_consent_is_told_how_many_series_a_name_meets(house, path, given, granularity, count):
    """Of those that it may have: a mistyped name meets none, and what a consent leaves out is not counted."""
    house.allow(COOP, prefix=given, granularity=granularity)
    house.minutes(5)
    period = {"start_time": "2020-01-01T00:00:00Z", "end_time": "2030-01-01T00:00:00Z"}
    asked = [build_submit(node, {"identifier": SEN1 + path} | period) for node in ("subscribe", "get_history")]
    paged = build_submit("get_history", {"identifier": SEN1 + path} | period, ResultPage(1, f"{START}/a"))
    answers, _ = asyncio.run(converse(house, asked))
    assert [parse_result(answer).get("series") for _, answer, _ in answers] == [count, count]
    ((_, following, failed),), _ = asyncio.run(converse(house, [paged]))
    assert failed or "series" not in parse_result(following)


def test_a_stranger_is_refused_alike_whether_a_series_exists_or_not(house):
    """No count, no other words."""
    house.minutes(5)
    asked = [
        build_submit("subscribe", {"identifier": SEN1 + path}) for path in ("/consumption/energy", "/consumption/enrgy")
    ]
    answers, _ = asyncio.run(converse(house, asked))
    assert all(failed for *_, failed in answers)
    assert len({ET.tostring(error) for _, error, _ in answers}) == 1


def test_a_time_that_is_missing_is_said_to_be_missing(house):
    """Not to be wrong: the field's name, and that nothing stands there."""
    house.allow(COOP)
    ((_, error, _),), _ = asyncio.run(converse(house, [build_submit("get_history", {"identifier": SEN1})], "en"))
    assert error.findtext(f"{XMPP}text") == "the field “start_time” is missing"


def test_a_command_in_a_question_is_answered_with_an_error(house):
    """RFC 6120 §8.2.3: a get is never left without an answer; an answer is."""
    line = Line()
    Commands(line, house.store, no_thread, Publisher("gw", "sen1.test"), lambda *_: None)
    for kind in ("result", "error", "get"):
        line.ask(command("subscribe"), "en", kind=kind)
    ((_, error, failed),) = line.answers
    assert failed
    assert error.find(f"{XMPP}bad-request") is not None
    assert error.findtext(f"{XMPP}text") == "send a command in <iq type='set'/>"


def test_a_field_given_twice_with_two_values_is_refused():
    """There is no telling which was meant."""
    asked = build_submit("subscribe", {"identifier": SEN1})
    form = asked.find(f"{DATA}x")
    ET.SubElement(ET.SubElement(form, f"{DATA}field", {"var": "identifier"}), f"{DATA}value").text = "other"
    with pytest.raises(RequestError, match="twice"):
        parse_command(asked)


def test_too_many_requests_of_one_asker_are_refused_not_kept(house):
    """A flood costs a bounded amount of memory: sixteen wait, the others are told so."""
    line = Line()
    Commands(line, house.store, no_thread, Publisher("gw", "sen1.test"), lambda *_: None)
    for _ in range(100):
        line.ask(command("subscribe"))
    assert len(line.answers) == 84
    assert all(error.find(f"{XMPP}resource-constraint") is not None for _, error, _ in line.answers)


PERIOD = {"identifier": SEN1, "start_time": "2026-06-16T10:00:00Z", "end_time": "2026-06-16T10:05:00Z"}


def ask_history(house, page=None, **fields):
    """One question for the first five minutes; payload and whether it is an error."""
    ((_, answer, failed),), _ = asyncio.run(converse(house, [build_submit("get_history", PERIOD | fields, page)], "en"))
    return answer, failed


def times(answer):
    """Seconds since START of the records of an answer."""
    return sorted({r.time - START for r in parse_quoalise(answer.find("{urn:quoalise:0}quoalise"), 0).records})


@pytest.mark.parametrize("page", [None, ResultPage(100, None)])
def test_history_before_what_was_allowed_is_not_there_and_the_answer_says_so(house, page):
    """The start is moved to the consent's; a note names it; a question that lies after it has no note."""
    house.minutes(6)
    house.allow(COOP, terms=Terms(history_from=START + 120))
    answer, _ = ask_history(house, page)
    assert times(answer) == [120, 180, 240]
    assert "does not give everything before 2026-06-16T10:02:00Z" in parse_result(answer)["note"]
    answer, _ = ask_history(house, page, start_time="2026-06-16T10:02:00Z")
    assert times(answer) == [120, 180, 240]
    assert "note" not in parse_result(answer)


def test_history_that_lies_wholly_before_what_was_allowed_is_refused(house):
    """Not an empty answer, which would say that the house has nothing."""
    house.minutes(6)
    house.allow(COOP, terms=Terms(history_from=START + 300))
    error, failed = ask_history(house)
    assert failed
    assert error.find(f"{XMPP}not-authorized") is not None
    assert "begins at 2026-06-16T10:05:00Z" in error.findtext(f"{XMPP}text")
    assert house.store.db.execute("SELECT count(*) FROM transfer").fetchone() == (0,)


def test_push_and_history_are_allowed_each_for_itself(house):
    """Who may have the one is refused the other, by the words for who may have nothing."""
    house.minutes(6)
    subscribe = build_submit("subscribe", {"identifier": SEN1})
    for terms, refused in ((Terms(history=False), [True, False]), (Terms(push=False), [False, True])):
        house.allow(COOP, terms=terms)
        answers, _ = asyncio.run(converse(house, [build_submit("get_history", PERIOD), subscribe]))
        assert [failed for _, _, failed in answers] == refused
    house.store.consents.limit(COOP, START)
    answers, _ = asyncio.run(converse(house, [build_submit("get_history", PERIOD), subscribe]))
    assert all(error.find(f"{XMPP}not-authorized") is not None for _, error, _ in answers)


def test_history_that_was_answered_is_in_the_log_of_transfers(house):
    """Each page with just what it holds; a count alone hands nothing over."""
    house.minutes(6)
    house.allow(COOP)
    ask_history(house, ResultPage(0, None))
    assert house.store.db.execute("SELECT count(*) FROM transfer").fetchone() == (0,)
    ask_history(house, ResultPage(3, None))
    rows = house.store.db.execute("SELECT first_time - ?, last_time - ?, points FROM transfer", [START, START])
    assert sorted(rows.fetchall()) == [(0, 0, 1), (0, 60, 2)]


def test_history_that_cannot_be_logged_is_not_given(house):
    """On a full card the question is answered with an error, not with readings of which nobody would know."""
    house.minutes(6)
    house.allow(COOP)
    house.store.db.execute("CREATE TRIGGER full BEFORE INSERT ON transfer BEGIN SELECT RAISE(ABORT, 'full'); END")
    error, failed = ask_history(house)
    assert failed
    assert error.find("{urn:quoalise:0}upstream-error") is not None


def denied(house):
    """Asker and command of every refusal in the journal."""
    entries = [entry for entry in house.store.journal.entries() if entry.facts()["kind"] == "request-denied"]
    return [(entry.texts["asker"].text, entry.facts()["command"]) for entry in entries]


def test_the_journal_says_who_was_refused_for_want_of_a_consent(house):
    """Once a day for each, and for so many in all; nonsense and what was granted are no refusals."""
    house.minutes(2)
    house.allow("good@sen2.test")
    history, nonsense = build_submit("get_history", PERIOD), build_submit("get_history", {"identifier": "?"})
    asyncio.run(converse(house, [nonsense, history, history, build_submit("subscribe", {"identifier": SEN1})]))
    asyncio.run(converse(house, [history], asker="good@sen2.test"))
    assert denied(house) == [(COOP, "get_history")]


def test_a_flood_of_strangers_does_not_fill_the_journal(house):
    """A server of one's own has any number of addresses."""
    line, stop = Line(), asyncio.Event()

    async def scenario():
        room = Commands(line, house.store, no_thread, Publisher("gw", "sen1.test"), lambda *_: None, lambda: START + 10)
        task = asyncio.create_task(room.run(stop))
        for number in range(3 * DENIALS_A_DAY):
            line.ask(build_submit("list_series", {}), asker=f"u{number}@evil.test")
            await eventually(lambda wanted=number: len(line.answers) == wanted + 1)
        stop.set()
        await task

    asyncio.run(scenario())
    assert [asker for asker, _ in denied(house)] == [f"u{number}@evil.test" for number in range(DENIALS_A_DAY)]


def test_a_refusal_that_cannot_be_noted_is_given_all_the_same(house, caplog):
    """A full card gives nobody access."""

    async def full(function, *arguments):
        if function == house.store.journal.append:
            raise StoreError("the card is full")
        return function(*arguments)

    ((_, error, failed),), _ = asyncio.run(converse(house, [build_submit("list_series", {})], call=full))
    assert failed
    assert error.find(f"{XMPP}not-authorized") is not None
    assert "stands in no entry" in caplog.text
