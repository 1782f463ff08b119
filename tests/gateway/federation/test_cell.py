"""A stranger's name in a table that a spreadsheet opens, and in a line that is typed."""

import shlex

import pytest

from gateway.collector.cli import _parser
from gateway.collector.labels import devices_in, removing, revoking
from gateway.commands.fleet_ask import AskableGateway, read_register
from gateway.federation.connection.cell import as_cell, of_cell

# Each can be an XMPP address (RFC 7622).
FORMULA = "=hyperlink(a1)@evil.test"
STRANGERS = (
    "$(reboot)@evil.test",
    "a;reboot@evil.test",
    "`reboot`@evil.test",
    "-erase@evil.test",
    "--config=x@evil.test",
)


@pytest.mark.parametrize("text", ["=1+1@a.test", "+33@a.test", "-a@a.test", "@sum(a1)", "\t=1", "\r=1"])
def test_what_begins_like_a_formula_is_text_and_comes_back(text):
    """As every reader of the table takes it."""
    assert as_cell(text) == f"'{text}"
    assert of_cell(as_cell(text)) == text


@pytest.mark.parametrize("text", ["", "maison@a.test", "'s-Hertogenbosch", "a=b", "2027-01-01"])
def test_other_text_stays(text):
    """Also what begins with an apostrophe of its own."""
    assert as_cell(text) == of_cell(text) == text


def test_both_readers_of_the_register_take_the_text_for_what_it_is(tmp_path):
    """The installer's ``fleet status``, and the co-operative's ``invitations name``."""
    file = tmp_path / "register.csv"
    cells = ",".join(map(as_cell, ("one", "=Mairie", FORMULA, "made", "-abcdefgh")))
    file.write_text(f"device,site,jid,state,invitation\n{cells}\n")
    assert read_register(file) == [AskableGateway(f"{FORMULA}/proxy", "=Mairie")]
    assert devices_in(file.read_text(), "register.csv") == {"-abcdefgh": "one"}


@pytest.mark.parametrize("gateway", ["maison@a.test", *STRANGERS])
def test_a_line_to_be_typed_names_one_gateway_and_does_nothing_else(gateway):
    """The shell gives it whole to the program, which takes it for a gateway."""
    program, *words = shlex.split(removing(gateway))
    assert program == "linky-collect"
    assert _parser().parse_args(words).gateway == gateway
    if gateway == "maison@a.test":
        assert removing(gateway) == "linky-collect gateways remove maison@a.test"
    else:
        assert f"remove {gateway}" not in removing(gateway)


def test_an_invitation_of_any_id_is_ended_by_its_line():
    """Also where it begins like an option."""
    for number in ("0123456789abcdef", "-abcdefgh"):
        assert _parser().parse_args(shlex.split(revoking(number))[1:]).what == number
