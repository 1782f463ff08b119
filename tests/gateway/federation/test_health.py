"""The command ``health`` without a network: who is answered, what the answer holds, what a reader takes."""

import asyncio
from xml.etree import ElementTree as ET

import pytest

from gateway.errors import FederationError
from gateway.federation.provider.health import Condition, LinkCondition, read_condition
from gateway.federation.wire.form import build_submit
from gateway.store.points import Granularity
from gateway.store.terms import Proof
from tests.gateway.federation.conftest import START
from tests.gateway.federation.test_commands import COOP, DATA, SEN1, command, converse

ANNE = "anne@sen2.test"
NOW = START + 10
LINKS = (
    LinkCondition("meter", 1, "broken", 7, "weak-signal"),
    LinkCondition("disk", None, "ok"),
    LinkCondition("xmpp", None, "ok"),
)
CONDITION = Condition("broken", "0.1.0", 7, 41, LINKS)


def answers(house, *asked, asker=ANNE, lang=""):
    """(text of the answer without its session, whether it is an error) of some commands."""
    given, _ = asyncio.run(converse(house, asked, lang, asker=asker, health=lambda: CONDITION))
    return [(element, failed) for _, element, failed in given]


def let(house, until, at=NOW - 1, jid=ANNE):
    """An answer of the household."""
    house.store.health.answer(jid, until, at, Proof())


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_who_may_ask_learns_how_the_gateway_is(house, lang):
    """What a program reads is the same in both languages; it knows until when it may ask."""
    let(house, NOW + 500)
    ((answer, failed),) = answers(house, command("health"), lang=lang)
    assert not failed
    read = read_condition(answer)
    assert (read.state, read.version, read.frame_age_s, read.disk_free) == ("broken", "0.1.0", 7, 41)
    assert (read.links, read.until) == (CONDITION.links, NOW + 500)
    title = answer.findtext(f"{DATA}x/{DATA}title")
    assert title == {"fr": "La passerelle va-t-elle bien ?", "en": "Is the gateway well?"}[lang]


def nobody_asked(house):
    """Nothing was ever said of anybody."""


def refused(house):
    """The household said no."""
    let(house, None)


def withdrawn(house):
    """It took its yes back."""
    let(house, NOW + 500)
    let(house, None)


def expired(house):
    """Its yes has run out this second."""
    let(house, NOW)


def not_yet(house):
    """It was given at a time that this clock has not reached."""
    let(house, NOW + 500, NOW + 1)


def somebody_elses(house):
    """Another one may."""
    let(house, NOW + 500, jid=COOP)


def for_readings(house):
    """She may have every reading, which is another matter."""
    house.store.consents.grant(ANNE, "house", "consumption", Granularity.RAW, NOW + 500, NOW - 1)


@pytest.mark.parametrize(
    "said", [nobody_asked, refused, withdrawn, expired, not_yet, somebody_elses, for_readings], ids=lambda f: f.__name__
)
def test_anybody_else_is_answered_as_if_there_were_no_such_command(house, said):
    """Byte by byte, whatever the command says besides; the household finds it in its journal."""
    said(house)
    shapes = [
        command,
        lambda node: command(node, action="cancel"),
        lambda node: command(node, action="prev"),
        lambda node: command(node, action="frobnicate"),
        lambda node: build_submit(node, {"state": "ok"}),
    ]
    told = answers(house, *(shape(node) for shape in shapes for node in ("health", "no-such-command")))
    texts = [(ET.tostring(element), failed) for element, failed in told]
    assert texts[0::2] == texts[1::2]
    assert {failed for _, failed in texts} == {True}
    assert b"item-not-found" in texts[0][0]
    assert [told["command"] for told in house.store.journal.facts_of("request-denied")] == ["health"]


def test_to_know_whether_it_is_well_opens_no_reading(house):
    """Everything else is refused to her as it is to a stranger."""
    house.minutes(3)
    let(house, NOW + 500)
    history = {"identifier": SEN1, "start_time": "2020-01-01T00:00:00Z", "end_time": "2030-01-01T00:00:00Z"}
    asked = [
        build_submit("get_history", history),
        build_submit("subscribe", {"identifier": SEN1}),
        build_submit("list_series", {"identifier": SEN1}),
    ]
    hers, strangers = answers(house, *asked), answers(house, *asked, asker="nobody@sen2.test")
    assert [ET.tostring(element) for element, _ in hers] == [ET.tostring(element) for element, _ in strangers]
    assert all(failed for _, failed in hers)
    ((shown, _),) = answers(house, command("my_access"))
    assert SEN1.split("/")[1] not in ET.tostring(shown, encoding="unicode")


def test_without_a_condition_there_is_no_such_command(house):
    """A gateway that is put together without one answers like an older one."""
    let(house, NOW + 500)
    given, _ = asyncio.run(converse(house, [command("health"), command("nothing")], asker=ANNE))
    assert ET.tostring(given[0][1]) == ET.tostring(given[1][1])


def whole(house):
    """An answer that can be read."""
    let(house, NOW + 500)
    return answers(house, command("health"))[0][0]


def field(answer, var):
    return answer.find(f"{DATA}x/{DATA}field[@var='{var}']/{DATA}value")


def cell(answer, var):
    return answer.find(f"{DATA}x/{DATA}item/{DATA}field[@var='{var}']/{DATA}value")


@pytest.mark.parametrize(
    ("where", "var", "text"),
    [
        (field, "state", "excellent"), (field, "version", "\x1b[31m1"), (field, "version", "v" * 41),
        (field, "frame_age", "-1"), (field, "disk_free", "½"), (field, "frame_age", "9" * 11),
        (field, "until", "tomorrow"), (field, "until", "2030-01-01T00:00:00"), (field, "result", "Failure"),
        (cell, "link", "meter\n✓ all is well"), (cell, "state", ""), (cell, "cause", "<b>"), (cell, "number", "1e3"),
    ],
)  # fmt: skip
def test_a_reader_takes_nothing_that_is_not_of_this_form(house, where, var, text):
    """An answer may come from anybody, and is shown on a terminal."""
    answer = whole(house)
    read_condition(answer)
    where(answer, var).text = text
    with pytest.raises(FederationError, match="cannot be used"):
        read_condition(answer)


def test_a_reader_takes_no_flood_and_no_other_command(house):
    """More links than any house has; an answer to something else."""
    answer = whole(house)
    form = answer.find(f"{DATA}x")
    form.extend([answer.find(f"{DATA}x/{DATA}item")] * 300)
    with pytest.raises(FederationError, match="no answer to this command"):
        read_condition(answer)
    with pytest.raises(FederationError, match="no answer to this command"):
        read_condition(command("my_access"))
