"""The hash of what service discovery says (XEP-0115 §5.1), with any algorithm and with forms, as a peer may have it."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Final

from gateway.federation.connection.disco import INFO
from gateway.federation.wire.form import DATA

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

# Name in the registry of IANA -> that of hashlib.
_ALGORITHMS: Final = {"md5": "md5"} | {
    name: name.replace("-", "") for name in ("sha-1", "sha-224", "sha-256", "sha-384", "sha-512")
}
_LANG: Final = "{http://www.w3.org/XML/1998/namespace}lang"


def verification(query: Element, algorithm: str) -> str | None:
    """The verification string of what a ``<query>`` says; None where the algorithm is not known."""
    if algorithm.lower() not in _ALGORITHMS:
        return None
    identities = [
        "/".join((one.get("category", ""), one.get("type", ""), one.get(_LANG, ""), one.get("name", "")))
        for one in query.findall(f"{{{INFO}}}identity")
    ]
    features = [one.get("var", "") for one in query.findall(f"{{{INFO}}}feature")]
    forms = sorted(_of_form(form) for form in query.findall(f"{{{DATA}}}x"))
    said = [*sorted(identities), *sorted(features), *(one for form in forms for one in form)]
    digest = hashlib.new(_ALGORITHMS[algorithm.lower()], usedforsecurity=False)
    digest.update("".join(f"{one}<" for one in said).encode())
    return base64.b64encode(digest.digest()).decode()


def _of_form(form: Element) -> list[str]:
    """Its type first, by which forms are sorted; then each field with its values; nothing of one without a type."""
    values = {
        field.get("var", ""): sorted(value.text or "" for value in field.findall(f"{{{DATA}}}value"))
        for field in form.findall(f"{{{DATA}}}field")
    }
    kind = values.pop("FORM_TYPE", [])
    if not kind:
        return []
    return [kind[0], *(one for var in sorted(values) for one in (var, *values[var]))]
