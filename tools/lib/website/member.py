"""What a member of a co-operative reads before a yes: the gateway's own text, of the configuration in a document."""

from __future__ import annotations

import re
import tempfile
import tomllib
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

import msgspec

from gateway.collector.config import AccessTable, InviteTable
from gateway.consent.orders import Invited, JointText
from gateway.control.orders import act, prepare_store
from gateway.daemon.joining.asked import forms
from gateway.federation.wire.invitation import Invitation, fingerprint
from gateway.store.store import Store
from gateway.store.terms import Channel

# A day on which somebody might read it; the signature's letters are an example's.
_NOW: Final = datetime(2027, 3, 1, 12, tzinfo=UTC)
_UNTIL: Final = date(2028, 2, 29)
_LETTERS: Final = fingerprint("00" * 32)


def member_text(document: Path, lang: str) -> str:
    """The whole text at the page of a gateway that has no account yet, in a block."""
    found = re.search(r"```toml\n(.*?)```", document.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None, document
    raw = tomllib.loads(found[1])
    asked = _invitation(raw["account"]["jid"], raw)
    with tempfile.TemporaryDirectory() as name:
        prepare_store(Path(name))
        store = Store(Path(name))
        try:
            store.meters.add("house", "ab12", None)
            order = JointText(
                lang=lang,
                retention=raw["access"]["retention"],
                forms=forms(asked, None),
                invited=Invited(signed=_LETTERS, server=raw["account"]["jid"].partition("@")[2]),
                channel=Channel.WEB,
            )
            shown = act(store, order, _NOW.timestamp())
        finally:
            store.close()
    return f"```\n{shown['words'].rstrip()}\n```\n"


def _invitation(account: str, raw: dict[str, dict[str, object]]) -> Invitation:
    words = msgspec.convert(raw["access"], AccessTable)
    invite = msgspec.convert(raw["invite"], InviteTable)
    return Invitation(
        id="0" * 16,
        secret="0" * 22,
        expires=int(_NOW.timestamp()) + 86_400,
        addresses=(account, *invite.also),
        series=invite.series,
        granularity=words.granularity,
        until=_UNTIL,
        history="",
        controller=words.controller,
        contact=words.contact,
        privacy=words.privacy,
        role=words.role,
        purpose=words.purpose,
        retention=words.retention,
    )
