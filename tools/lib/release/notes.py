"""What a release says of itself: from CHANGELOG.md, in short in French and in English, whole in English.

Each version has, above its parts, the paragraphs ``En bref : …`` and ``In short: …``: some sentences for a household,
which its page and its messages show.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from release.errors import FolderError

_SHORT = {"fr": "En bref : ", "en": "In short: "}
_WHOLE = {"fr": "Le détail, en anglais : [notes.en.md](notes.en.md).\n", "en": ""}


@dataclass(frozen=True, slots=True)
class Notes:
    """``short``: language → paragraph; ``files``: name → text; ``security``: whether a weakness is mended."""

    short: dict[str, str]
    files: dict[str, str]
    security: bool


def notes_of(changelog: str, version: str) -> Notes:
    """Those of a version; of one that is on its way to the next (``.dev``) those of what is not released.

    FolderError where the version, or one of its two short paragraphs, is missing.
    """
    head = "Unreleased" if ".dev" in version else version
    found = re.search(rf"^## \[{re.escape(head)}\][^\n]*\n(.*?)(?=^## |\Z)", changelog, re.MULTILINE | re.DOTALL)
    if found is None:
        raise FolderError(f"CHANGELOG.md: no version [{head}]")
    above, _, details = found[1].partition("\n### ")
    paragraphs = [" ".join(one.split()) for one in above.split("\n\n")]
    short, files = {}, {}
    for lang, begin in _SHORT.items():
        said = [one.removeprefix(begin) for one in paragraphs if one.startswith(begin)]
        if not said:
            raise FolderError(f"CHANGELOG.md: [{head}] has no paragraph “{begin}…”")
        short[lang] = said[0]
        whole = _WHOLE[lang] or f"### {details.strip()}\n"
        files[f"notes.{lang}.md"] = f"# linky-gateway {version}\n\n{said[0]}\n\n{whole}"
    return Notes(short, files, "\n#### Security\n" in found[1])
