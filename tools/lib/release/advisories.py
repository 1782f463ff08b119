"""What is known of weaknesses: ``advisories.toml`` as OpenVEX 0.2.0 (https://github.com/openvex/spec), for programs."""

from __future__ import annotations

import json
import tomllib
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import Meta

from gateway.upkeep.releases import versions

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from gateway.upkeep.owner import ProjectOwner

FILE = Path(__file__).with_name("advisories.toml")
_CONTEXT = "https://openvex.dev/ns/v0.2.0"


class Advisory(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A weakness that was in the versions from ``since`` on, and is mended in ``fixed``; with its CVE if it has one."""

    id: Annotated[str, Meta(pattern=r"^LINKY-[0-9]{4}-[0-9]{3}$")]
    since: str
    fixed: str
    fr: str
    en: str
    cve: Annotated[str, Meta(pattern=r"^(CVE-[0-9]{4}-[0-9]{4,})?$")] = ""


def read_advisories(path: Path = FILE) -> list[Advisory]:
    """The list."""
    return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8"))["advisory"], list[Advisory])


def vex(found: Sequence[Advisory], kept: Sequence[str], owner: ProjectOwner, url: str, issued: datetime) -> str:
    """What each weakness is to each of the versions that the folder has, as one document."""
    statements = [one for advisory in found for one in _statements(advisory, kept)]
    document = {
        "@context": _CONTEXT,
        "@id": f"{url}/vex.json",
        "author": owner.maintainer,
        "timestamp": issued.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "version": 1,
        "statements": statements,
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def _statements(advisory: Advisory, kept: Sequence[str]) -> list[dict[str, Any]]:
    there = [one for one in kept if versions.compared(advisory.since, one) in ("same", "newer")]
    mended = [one for one in there if versions.compared(advisory.fixed, one) in ("same", "newer")]
    open_yet = [one for one in there if one not in mended]
    about = {"name": advisory.cve or advisory.id, "description": advisory.en}
    found = []
    if mended:
        found.append({"vulnerability": about, "products": _products(mended), "status": "fixed"})
    if open_yet:
        action = f"Update to {advisory.fixed} or later."
        products = _products(open_yet)
        found.append({"vulnerability": about, "products": products, "status": "affected", "action_statement": action})
    return found


def _products(those: Sequence[str]) -> list[dict[str, str]]:
    return [{"@id": f"pkg:generic/linky-gateway@{one}"} for one in those]
