"""What went through the rig's Prosody, held to the schema of the wire document when the servers have ended.

Of the programs themselves: what a gateway's daemon and the recipients of this project send between real servers. What
tests make up by hand, to see it refused, comes from other addresses.
"""

from __future__ import annotations

import os
import re
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from tests.wire_schema import faults

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from servers import Federation

# The daemon of a house and the gateways of tests/integration/test_federation.py; ``linky-gateway consume``,
# ``linky-collect``.
PROGRAMS = re.compile(r"(maison|gw[0-9]+)@sen1\.test/proxy|coop@sen2\.test/(recipient-[^/]+|one|two)")
# As mod_tap.lua writes it.
_BETWEEN = "\x1e"
_MOST_SHOWN = 5
# What the rig's prosody.cfg.lua asks for.
_TAP = "LINKY_TAP"


@contextmanager
def tapped(file: Path, start: Callable[[], Federation]) -> Iterator[Federation]:
    """Servers whose ``tap`` has what goes through; AssertionError at their end where the schema has it not."""
    with ExitStack() as running:
        # Of these alone: of servers that a test kills the last stanza may be cut.
        os.environ[_TAP] = str(file)
        try:
            federation = running.enter_context(start())
        finally:
            del os.environ[_TAP]
        federation.tap = file
        yield federation
    check(file)


def check(file: Path) -> None:
    """AssertionError for what the programs have sent and the schema does not have."""
    wrong = [fault for stanza in stanzas(file) for fault in faults(stanza)]
    assert not wrong, "not as gateway/federation/schema/wire.rng says:\n" + "\n".join(wrong[:_MOST_SHOWN])


def stanzas(file: Path) -> Iterator[ET.Element]:
    """The programs' stanzas, each once however often it went through."""
    seen = set(file.read_text().split(_BETWEEN)) if file.exists() else set()
    for text in filter(None, map(str.strip, seen)):
        stanza = ET.fromstring(text)
        if PROGRAMS.fullmatch(stanza.get("from", "")):
            yield stanza
