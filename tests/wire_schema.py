"""The RelaxNG of the wire document, and a stanza held to it."""

import importlib.util
import os
from functools import cache
from pathlib import Path
from xml.etree import ElementTree as ET

SCHEMA = Path(__file__).parents[1] / "gateway/federation/schema/wire.rng"
_DESCRIBED = ("{urn:quoalise:0}", "{urn:linky-gateway:")


@cache
def _grammar():
    from lxml import etree

    return etree, etree.RelaxNG(etree.parse(str(SCHEMA)))


def can_validate():
    """Whether lxml is here; in continuous integration it must be."""
    return importlib.util.find_spec("lxml") is not None or bool(os.environ.get("CI"))


def faults(stanza):
    """What in a stanza is not as the schema says; whatever is nobody's of ours is passed over."""
    if not can_validate():
        return []
    etree, grammar = _grammar()
    return [
        f"{grammar.error_log.last_error}: {ET.tostring(part, 'unicode')[:2000]}"
        for part in _parts(stanza)
        if not grammar.validate(etree.fromstring(ET.tostring(part)))
    ]


def _parts(element):
    """The elements that the schema describes, each with all that is in it."""
    if element.tag.startswith(_DESCRIBED):
        yield element
        return
    for child in element:
        yield from _parts(child)
