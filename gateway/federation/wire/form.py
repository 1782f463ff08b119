"""Ad-hoc commands as XML (XEP-0050 with XEP-0004 forms and XEP-0059 pages): requests in, answers and errors out.

XML and values only. What a person reads is in the asker's language, French or English; what a program reads (node,
status, field names, the word ``Success``) is the same in both.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from gateway.words.language import answered
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

COMMANDS = "http://jabber.org/protocol/commands"
DATA = "jabber:x:data"
RSM = "http://jabber.org/protocol/rsm"
STANZAS = "urn:ietf:params:xml:ns:xmpp-stanzas"
QUOALISE = "urn:quoalise:0"
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"

MAX_FIELDS = 20
MAX_VALUE_CHARS = 1023

_ACTIONS = ("execute", "next", "complete", "cancel", "prev")


_RESULT = Phrase("Result")


class RequestError(Exception):
    """What is wrong with a peer's request: a stanza error (RFC 6120 §8.3.3) and a sentence for its user."""

    def __init__(self, error_type: str, condition: str, phrase: Phrase) -> None:
        super().__init__(str(phrase))
        self.error_type = error_type
        self.condition = condition
        self.phrase = phrase


class UpstreamError(RequestError):
    """The source of the data failed: quoalise's ``<upstream-error>``, whose issuer and code are both required."""

    def __init__(self, issuer: str, code: str, phrase: Phrase) -> None:
        super().__init__("cancel", "undefined-condition", phrase)
        self.issuer = issuer
        self.code = code


def bad_request(why: Phrase) -> RequestError:
    """The request cannot be understood or is too large: change it and ask again."""
    return RequestError("modify", "bad-request", why)


def unknown_command() -> RequestError:
    """There is no such command, or none for this asker: both are told the same."""
    return RequestError("cancel", "item-not-found", Phrase("unknown command"))


@dataclass(frozen=True, slots=True)
class ResultPage:
    """A page asked for (XEP-0059): at most ``maximum`` items after the one that ``after`` names."""

    maximum: int | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Command:
    """A command as asked: its node, what to do, the submitted fields (None when there was no form), and the page."""

    node: str
    action: str
    session: str
    fields: Mapping[str, str] | None
    page: ResultPage | None


@dataclass(frozen=True, slots=True)
class CommandRequest:
    """A command to be carried out: what was filled in, the page, by whom (bare JID), in which language, from where.

    ``here`` is the address to which it was sent, empty where nobody knows.
    """

    fields: Mapping[str, str]
    page: ResultPage | None
    asker: str
    lang: str = ""
    origin: str = ""
    here: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows for a person (XEP-0004 §3.4): columns are (var, label), a row has a text for each of them."""

    columns: Sequence[tuple[str, Phrase]]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command came to: (var, label, value) each, a note for a person, rows, and elements for a program.

    ``summary`` says in a sentence what the rows hold: many clients show none.
    """

    results: Sequence[tuple[str, Phrase, str]] = ()
    payload: Sequence[ET.Element] = ()
    note: Phrase | None = None
    table: Table | None = None
    summary: Phrase | None = None


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form for a person; ``kind`` is XEP-0004's type, that of a choice or of a line by default."""

    var: str
    label: Phrase
    description: Phrase | None = None
    value: str = ""
    required: bool = True
    options: Sequence[tuple[str, Phrase]] = field(default_factory=tuple)
    kind: str = ""


def parse_command(command: ET.Element) -> Command:
    """Read a ``<command>`` element. Raises RequestError with what to tell the peer."""
    action = command.get("action", "execute")
    if action not in _ACTIONS:
        raise bad_request(Phrase("unknown action: {action!a}").filled(action=action[:40]))
    session = command.get("sessionid", "")[:MAX_VALUE_CHARS] or secrets.token_hex(8)
    form = command.find(f"{{{DATA}}}x")
    if form is not None and form.get("type") == "cancel":
        action = "cancel"
    fields = _read_fields(form) if form is not None and action != "cancel" else None
    return Command(command.get("node", ""), action, session, fields, _read_page(command, form))


def build_form(command: Command, lang: str, title: Phrase, instructions: Phrase, fields: Iterable[Field]) -> ET.Element:
    """The answer to a command without a form: the form to fill in, for a person."""
    element = _command(command, "executing")
    actions = ET.SubElement(element, f"{{{COMMANDS}}}actions", {"execute": "complete"})
    ET.SubElement(actions, f"{{{COMMANDS}}}complete")
    form = ET.SubElement(element, f"{{{DATA}}}x", {"type": "form"})
    ET.SubElement(form, f"{{{DATA}}}title").text = title.in_language(lang)
    ET.SubElement(form, f"{{{DATA}}}instructions").text = instructions.in_language(lang)
    for described in fields:
        form.append(_field(described, lang))
    return element


def build_result(command: Command, lang: str, title: Phrase, answer: Answer) -> ET.Element:
    """The answer to a command that was carried out: a form for a person, then the payload for a program."""
    element = _command(command, "completed")
    form = ET.SubElement(element, f"{{{DATA}}}x", {"type": "result"})
    ET.SubElement(form, f"{{{DATA}}}title").text = title.in_language(lang)
    if answer.note:
        ET.SubElement(form, f"{{{DATA}}}instructions").text = answer.note.in_language(lang)
    for var, label, value in (("result", _RESULT, "Success"), *answer.results):
        # Of what is fixed clients show no label; the first has been fixed since quoalise.
        kind = "fixed" if var == "result" else "text-single"
        attributes = {"var": var, "type": kind, "label": label.in_language(lang)}
        ET.SubElement(ET.SubElement(form, f"{{{DATA}}}field", attributes), f"{{{DATA}}}value").text = value
    if answer.table:
        _add_table(form, answer.table, lang)
    element.extend(answer.payload)
    if said := answer.summary or answer.note:
        # Not every client shows a result's instructions, and hardly one its rows (XEP-0004 §3.4).
        ET.SubElement(element, f"{{{COMMANDS}}}note", {"type": "info"}).text = said.in_language(lang)
    return element


def build_cancelled(command: Command) -> ET.Element:
    """The answer to a cancelled command."""
    return _command(command, "canceled")


def build_page(first: str | None, last: str | None, index: int | None = None, total: int | None = None) -> ET.Element:
    """The ``<set>`` that describes a page (XEP-0059 §2.1): its ends (None if it is empty), its place, and of how many.

    Place and number of all are left out where to count them again would cost more than the page.
    """
    page = ET.Element(f"{{{RSM}}}set")
    if first is not None and last is not None:
        place = {} if index is None else {"index": str(index)}
        ET.SubElement(page, f"{{{RSM}}}first", place).text = first
        ET.SubElement(page, f"{{{RSM}}}last").text = last
    if total is not None:
        ET.SubElement(page, f"{{{RSM}}}count").text = str(total)
    return page


def build_error(error: RequestError, lang: str) -> ET.Element:
    """The ``<error>`` child of a stanza of type error."""
    element = ET.Element("{jabber:client}error", {"type": error.error_type})
    ET.SubElement(element, f"{{{STANZAS}}}{error.condition}")
    ET.SubElement(element, f"{{{STANZAS}}}text", {XML_LANG: answered(lang)}).text = error.phrase.in_language(lang)
    if isinstance(error, UpstreamError):
        ET.SubElement(element, f"{{{QUOALISE}}}upstream-error", {"issuer": error.issuer, "code": error.code})
    return element


def build_submit(node: str, fields: Mapping[str, str], page: ResultPage | None = None) -> ET.Element:
    """The asker's side: a command with its form filled in."""
    element = ET.Element(f"{{{COMMANDS}}}command", {"node": node, "action": "execute"})
    form = ET.SubElement(element, f"{{{DATA}}}x", {"type": "submit"})
    for var, value in fields.items():
        row = ET.SubElement(form, f"{{{DATA}}}field", {"var": var, "type": "text-single"})
        ET.SubElement(row, f"{{{DATA}}}value").text = value
    if page is not None:
        wanted = ET.SubElement(element, f"{{{RSM}}}set")
        if page.maximum is not None:
            ET.SubElement(wanted, f"{{{RSM}}}max").text = str(page.maximum)
        if page.after is not None:
            ET.SubElement(wanted, f"{{{RSM}}}after").text = page.after
    return element


def parse_result(command: ET.Element) -> dict[str, str]:
    """The asker's side: the fields of a completed command's result form."""
    form = command.find(f"{{{DATA}}}x")
    return {} if form is None else {var: value for var, value in _pairs(form) if value}


def parse_page(command: ET.Element) -> tuple[str | None, int | None]:
    """The asker's side: what to give as ``after`` for the next page, and how many items all pages hold, if said."""
    page = command.find(f"{{{RSM}}}set")
    if page is None:
        return None, None
    count = page.findtext(f"{{{RSM}}}count", "")
    return page.findtext(f"{{{RSM}}}last"), int(count) if count.isdecimal() else None


def _read_fields(form: ET.Element) -> dict[str, str]:
    if form.get("type") != "submit":
        raise bad_request(Phrase("the form must be of type “submit”"))
    fields: dict[str, str] = {}
    for var, value in _pairs(form):
        if len(fields) >= MAX_FIELDS or len(value) > MAX_VALUE_CHARS or len(var) > MAX_VALUE_CHARS:
            raise bad_request(Phrase("the form is too large"))
        if fields.setdefault(var, value) != value:
            raise bad_request(Phrase("the field {var!a} is given twice").filled(var=var))
    return fields


def _pairs(form: ET.Element) -> Iterable[tuple[str, str]]:
    for row in form.findall(f"{{{DATA}}}field"):
        # A field of several lines has a value for each of them.
        lines = [value.text or "" for value in row.findall(f"{{{DATA}}}value")]
        yield row.get("var", ""), "\n".join(lines).strip()


def _read_page(command: ET.Element, form: ET.Element | None) -> ResultPage | None:
    """The page asked for by a ``<set>``, which stands beside the form or in it."""
    wanted = command.find(f"{{{RSM}}}set")
    if wanted is None and form is not None:
        wanted = form.find(f"{{{RSM}}}set")
    if wanted is None:
        return None
    maximum = wanted.findtext(f"{{{RSM}}}max")
    if wanted.find(f"{{{RSM}}}before") is not None or wanted.find(f"{{{RSM}}}index") is not None:
        raise bad_request(Phrase("pages go forward: use <max> and <after>"))
    if maximum is not None and not (maximum.isascii() and maximum.isdigit() and len(maximum) < 10):
        raise bad_request(Phrase("<max> must be a whole number"))
    return ResultPage(None if maximum is None else int(maximum), wanted.findtext(f"{{{RSM}}}after"))


def _add_table(form: ET.Element, table: Table, lang: str) -> None:
    reported = ET.SubElement(form, f"{{{DATA}}}reported")
    for var, label in table.columns:
        ET.SubElement(
            reported, f"{{{DATA}}}field", {"var": var, "type": "text-single", "label": label.in_language(lang)}
        )
    for row in table.rows:
        item = ET.SubElement(form, f"{{{DATA}}}item")
        for (var, _), text in zip(table.columns, row, strict=True):
            ET.SubElement(ET.SubElement(item, f"{{{DATA}}}field", {"var": var}), f"{{{DATA}}}value").text = text


def _command(command: Command, status: str) -> ET.Element:
    attributes = {"node": command.node, "sessionid": command.session, "status": status}
    return ET.Element(f"{{{COMMANDS}}}command", attributes)


def _field(described: Field, lang: str) -> ET.Element:
    kind = described.kind or ("list-single" if described.options else "text-single")
    element = ET.Element(
        f"{{{DATA}}}field", {"var": described.var, "type": kind, "label": described.label.in_language(lang)}
    )
    if described.description:
        ET.SubElement(element, f"{{{DATA}}}desc").text = described.description.in_language(lang)
    if described.required:
        ET.SubElement(element, f"{{{DATA}}}required")
    if described.value:
        ET.SubElement(element, f"{{{DATA}}}value").text = described.value
    for value, label in described.options:
        option = ET.SubElement(element, f"{{{DATA}}}option", {"label": label.in_language(lang)})
        ET.SubElement(option, f"{{{DATA}}}value").text = value
    return element
