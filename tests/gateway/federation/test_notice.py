"""What a provider tells, and which names it means."""

import pytest

from gateway.errors import FederationError
from gateway.federation.wire.notice import Notice, build_notice, parse_notice
from gateway.federation.wire.scope import literal, names, within
from gateway.senml.naming import parse_identifier
from gateway.store.terms import NoticeKind
from tests.gateway.federation.conftest import PRM
from tests.gateway.federation.messages import notice


@pytest.mark.parametrize("kind", list(NoticeKind))
def test_a_notice_is_read(kind):
    """Its kind, what it names, its time and its words."""
    read = parse_notice(notice(kind.value, "a-7", "Bien", series="gw@x/s@x/consumption", first="1", last="2"))
    assert (read.id, read.kind, read.first, read.last) == ("a-7", kind, 1, 2)
    assert (read.identifier.path, read.texts) == ("consumption", {"fr": "Bien"})


def test_what_is_built_is_read_again():
    """A recipient reads what the gateway told, and passes over what it does not know."""
    told = Notice("0a1b2c3d-7", NoticeKind.DATA_ERASED, "gw@x/s@x/consumption", 1, 2, {"fr": "Bien", "en": "Good"})
    assert parse_notice(build_notice(told, {"granularity": "PT1M"})) == told
    assert parse_notice(build_notice(Notice("1", NoticeKind.RECIPIENT_SUSPENDED), {})).series == ""


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "data-exploded"},
        {"kind": "data-erased", "number": ""},
        {"kind": "data-erased", "number": "x" * 65},
        {"kind": "data-erased", "series": "no name"},
        {"kind": "data-erased", "first": "yesterday"},
        {"kind": "data-erased", "first": "٣"},
        {"kind": "data-erased", "last": "9" * 13},
        {"kind": "data-erased", "first": "10", "last": "9"},
    ],
)
def test_a_notice_that_cannot_be_obeyed_is_refused(wrong):
    """One sentence, and nothing is done by halves."""
    with pytest.raises(FederationError, match="a notice"):
        parse_notice(notice(**wrong))


def test_a_name_lies_within_what_was_asked_by_whole_levels():
    """In its own form and case; a look-alike does not."""
    asked = parse_identifier("gw@x/s@x/production/energy")
    assert within(asked, "gw@x/s@x/production/energy/active/index")
    assert within(asked, "gw:x/s:x/production/energy")
    for other in ("gw@x/s@x/production/energyx", "gw@x/s@x/production", "gw@y/s@x/production/energy", "", "gw@x/s@x"):
        assert not within(asked, other)
    assert literal("gw:x/s:x/a/b", "") == "gw@x/s@x/a/b"
    assert literal("urn:dev:prm:30001610071843_a/b", "gw@x/s@x/a/b") == "gw@x/s@x/a/b"
    assert literal("urn:dev:prm:30001610071843_a/b", "nonsense") == "urn:dev:prm:30001610071843_a/b"


def test_an_order_by_prm_reaches_what_is_known_by_address():
    """Better to erase too much, and ask for it again, than to keep what was to be erased."""
    order = parse_identifier(f"urn:dev:prm:{PRM}_consumption")
    assert names(order, "gw@x/s@x/consumption/power", "gw@x/s@x/consumption/power")
    assert not names(order, "gw@x/s@x/production/power", "gw@x/s@x/production/power")
    assert not names(order, "urn:dev:prm:11111111111111_consumption/power", "gw@x/s@x/consumption/power")
    assert names(None, "gw@x/s@x/anything")
