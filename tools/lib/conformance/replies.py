"""Questions as the wire document has them, and answers to them read without believing any of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from conformance.connection import CLIENT, language
from conformance.points import WrongError
from gateway.federation.wire.fields import read_number, read_time
from gateway.federation.wire.form import COMMANDS, DATA, RSM, STANZAS, RequestError

if TYPE_CHECKING:
    from collections.abc import Mapping

# Who is not there, or not so far as to know commands (RFC 6120 §8.3.3).
ABSENT = frozenset(
    "service-unavailable feature-not-implemented recipient-unavailable remote-server-not-found "
    "remote-server-timeout gone redirect jid-malformed".split()
)


def command(
    node: str,
    fields: Mapping[str, str] | None = None,
    *,
    action: str = "execute",
    typed: bool = False,
    page: tuple[int, str] | None = None,
) -> ET.Element:
    """A command; with its form where there are fields; of a page the most records and after which to go on."""
    element = ET.Element(f"{{{COMMANDS}}}command", {"node": node, "action": action})
    if fields is not None:
        form = ET.SubElement(element, f"{{{DATA}}}x", {"type": "submit"})
        for var, value in fields.items():
            row = ET.SubElement(form, f"{{{DATA}}}field", {"var": var} | ({"type": "text-single"} if typed else {}))
            ET.SubElement(row, f"{{{DATA}}}value").text = value
    if page is not None:
        wanted = ET.SubElement(element, f"{{{RSM}}}set")
        ET.SubElement(wanted, f"{{{RSM}}}max").text = str(page[0])
        if page[1]:
            ET.SubElement(wanted, f"{{{RSM}}}after").text = page[1]
    return element


def query(namespace: str, node: str = "") -> ET.Element:
    """A question of service discovery."""
    return ET.Element(f"{{{namespace}}}query", {"node": node} if node else {})


@dataclass(frozen=True, slots=True)
class IqReply:
    """What answered a question: None in ``xml`` when nothing did in time."""

    xml: ET.Element | None

    @property
    def answered(self) -> ET.Element:
        """The ``<iq>``. WrongError where there is none."""
        if self.xml is None:
            raise WrongError("no answer came")
        return self.xml

    @property
    def error(self) -> ET.Element | None:
        """Its ``<error>``."""
        return self.answered.find(f"{{{CLIENT}}}error") if self.answered.get("type") == "error" else None

    @property
    def condition(self) -> str:
        """The defined condition of its error; empty where it is none."""
        if self.error is None:
            return ""
        names = [child.tag.partition("}")[2] for child in self.error if child.tag.startswith(f"{{{STANZAS}}}")]
        return next((name for name in names if name != "text"), "an error without a condition")

    @property
    def kind(self) -> str:
        """The type of its error."""
        return "" if self.error is None else self.error.get("type", "")

    @property
    def text(self) -> str:
        """The sentence of its error."""
        return "" if self.error is None else (self.error.findtext(f"{{{STANZAS}}}text") or "")

    @property
    def refusal(self) -> str:
        """All of its error, to be compared."""
        return "" if self.error is None else ET.tostring(self.error, "unicode")

    @property
    def lang(self) -> str:
        """The language that it says it is in."""
        return language(self.answered)

    @property
    def command(self) -> ET.Element:
        """Its ``<command>``. WrongError where there is none."""
        found = self.answered.find(f"{{{COMMANDS}}}command")
        if found is None:
            raise WrongError(self.words)
        return found

    @property
    def fields(self) -> dict[str, str]:
        """The fields of its form with their first values."""
        form = self.command.find(f"{{{DATA}}}x")
        rows = [] if form is None else form.findall(f"{{{DATA}}}field")
        return {row.get("var", ""): row.findtext(f"{{{DATA}}}value") or "" for row in rows}

    @property
    def succeeded(self) -> bool:
        """Whether a command was carried out."""
        if self.error is not None:
            return False
        return self.command.get("status") == "completed" and self.fields.get("result") == "Success"

    @property
    def words(self) -> str:
        """In a few words what came."""
        if self.xml is None:
            return "no answer came"
        if self.error is not None:
            return f"{self.condition} ({self.kind}): {self.text}"
        found = self.xml.find(f"{{{COMMANDS}}}command")
        if found is None:
            return f"an answer without a command: {ET.tostring(self.xml, 'unicode')}"
        return f"a command with status {found.get('status')!r}, result {self.fields.get('result')!r}"

    def must_succeed(self) -> IqReply:
        """Itself, where it succeeded. WrongError with what came otherwise."""
        if not self.succeeded:
            raise WrongError(self.words)
        return self

    def must_refuse(self, condition: str, kind: str) -> IqReply:
        """Itself, where it is this refusal. WrongError with what came otherwise."""
        if (self.condition, self.kind) != (condition, kind):
            raise WrongError(f"{self.words}; expected {condition} ({kind})")
        return self


def number(reply: IqReply, name: str) -> int:
    """A whole number that the form of an answer says. WrongError where it says none."""
    try:
        found = read_number(reply.fields, name)
    except RequestError as error:
        raise WrongError(f"{name} {reply.fields[name]!r}: {error}") from error
    if found is None:
        raise WrongError(f"the answer does not say {name}")
    return found


def moment(text: str) -> int:
    """The second of a time as it stands in an answer (ISO 8601). WrongError where it is none."""
    try:
        return read_time({"time": text}, "time")
    except RequestError as error:
        raise WrongError(f"the time {text!r}: {error}") from error
