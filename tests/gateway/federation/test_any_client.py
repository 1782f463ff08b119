"""What a person reads of an answer in a client that knows forms and nothing of ours (XEP-0004, XEP-0050)."""

import asyncio

import pytest

from gateway.federation.wire.form import COMMANDS, build_submit
from tests.gateway.federation.test_asking import FORM
from tests.gateway.federation.test_commands import DATA, command, converse

NOTE = f"{{{COMMANDS}}}note"


def shown(answer, *, rows):
    """The lines that a client shows: the note, title, fields with their labels, and rows where it shows any.

    Stands in for profanity (no rows) and for Gajim (rows). A label of what is ``fixed`` is shown by neither.
    """
    form = answer.find(f"{DATA}x")
    lines = [answer.findtext(NOTE) or "", form.findtext(f"{DATA}title") or ""]
    for field in form.findall(f"{DATA}field"):
        label = "" if field.get("type") == "fixed" else f"{field.get('label')}: "
        lines.append(label + (field.findtext(f"{DATA}value") or ""))
    heads = [field.get("label") for field in form.findall(f"{DATA}reported/{DATA}field")]
    for item in form.findall(f"{DATA}item") if rows else ():
        cells = item.findall(f"{DATA}field/{DATA}value")
        lines.append(", ".join(f"{head}: {cell.text or ''}" for head, cell in zip(heads, cells, strict=True)))
    return lines


def told(house, element, lang="en", *, rows=False):
    """What is shown of the answer to a command."""
    ((_, answer, failed),), _ = asyncio.run(converse(house, [element], lang))
    assert not failed
    return shown(answer, rows=rows)


@pytest.mark.parametrize(
    ("lang", "fields", "row"),
    [
        (
            "en",
            {"Number of the request: 1", "Status: pending"},
            "request 1: waiting for an answer, {name}, PT30M, until 2027-01-01 (included)",
        ),
        (
            "fr",
            {"Numéro de la demande: 1", "État: pending"},
            "demande 1 : en attente de réponse, {name}, PT30M, jusqu’au 2027-01-01 inclus",
        ),
    ],
)
def test_a_request_and_how_it_stands_are_read_in_any_client(house, lang, fields, row):
    """Each field with its label, the rows in a sentence, in the language that was asked."""
    assert fields <= set(told(house, build_submit("request_access", FORM), lang))
    assert told(house, command("my_access"), lang)[0] == row.format(name=FORM["identifier"])
    assert told(house, command("my_access"), lang, rows=True)[-1].endswith(": partager un toit")


def test_the_series_are_read_in_any_client(house):
    """What each is called, by its label and by the name that a subscription takes."""
    house.allow("coop@sen2.test")
    house.minutes(2)
    sentence = told(house, build_submit("list_series", {"form": "senml"}))[0]
    assert sentence.startswith("2 series. The samples are invented. Index of energy consumed (gw:sen1.test/")
    assert "; Apparent power drawn (gw:sen1.test/" in sentence
    assert len(told(house, build_submit("list_series", {}), rows=True)) == 5


def test_who_has_nothing_reads_so(house):
    """A sentence instead of an empty table."""
    assert told(house, command("my_access"))[0].startswith("You hold no access")
