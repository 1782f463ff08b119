"""What people read in a folder: its page in French and English, the script of the one line, security.txt, an icon."""

from __future__ import annotations

import shutil
from html import escape
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

from gateway.upkeep.releases.keys import fingerprint

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.upkeep.owner import ProjectOwner
    from gateway.upkeep.releases.latest import Latest

_HERE = Path(__file__).parent
_ICON = Path(__file__).resolve().parents[3] / "gateway/web/static/icon.svg"

_DAY = {"fr": "%d/%m/%Y", "en": "%Y-%m-%d"}
# Language -> its words; "{…}" is filled in.
_WORDS = {
    "fr": {
        "what": "La passerelle lit le compteur Linky, garde les relevés chez vous, ne les donne qu’à qui vous dites.",
        "one": "Installer sur un Raspberry Pi ou un Debian, en une ligne",
        "careful": "Le programme de cette ligne vient de ce site : qui ne le croit pas le lit d’abord",
        "apt": "Par apt, avec les mises à jour du système",
        "apt_key": "L’empreinte montrée doit être {keys}. Alors seulement :",
        "card": "Une carte pour Raspberry Pi : dans Raspberry Pi Imager, App Options, Content Repository, donnez",
        "key": "L’empreinte de la clé",
        "compare": "Comparez-la à celle que quelqu’un d’autre vous a dite, ou son début à l’étiquette : c’est elle que "
        "croit votre passerelle, et non ce site.",
        "support": "Cette version est corrigée jusqu’au {day}.",
        "until": "La liste des versions vaut jusqu’au {day}.",
        "files": "Tous les fichiers",
        "security": "Signaler une faille",
        "new": "Nouveau dans {version}",
    },
    "en": {
        "what": "The gateway reads the Linky meter, keeps the readings in your house, and gives them to whom you say.",
        "one": "Install on a Raspberry Pi or a Debian, in one line",
        "careful": "The script of that line comes from this site: who does not believe it reads it first",
        "apt": "By apt, with the updates of the system",
        "apt_key": "The fingerprint that is shown must be {keys}. Only then:",
        "card": "A card for a Raspberry Pi: in Raspberry Pi Imager, App Options, Content Repository, give",
        "key": "The key's fingerprint",
        "compare": "Compare it with what somebody else has told you, or its beginning with the label: it is what your "
        "gateway believes, not this site.",
        "support": "This version is mended until {day}.",
        "until": "The list of releases is good until {day}.",
        "files": "All files",
        "security": "Report a weakness",
        "new": "New in {version}",
    },
}


def write(
    folder: Path, latest: Latest, owner: ProjectOwner, url: str, keys: Sequence[bytes], apt_keys: Sequence[str]
) -> None:
    """All of them into the folder; without a contact no security.txt."""
    shutil.copyfile(_ICON, folder / "icon.svg")
    shutil.copyfile(_HERE / "install.sh", folder / "install.sh")
    if text := owner.security_txt(latest.issued, f"{url}/.well-known/security.txt"):
        (folder / ".well-known").mkdir()
        (folder / ".well-known/security.txt").write_text(text, encoding="utf-8")
    image = (folder / "os-list.json").exists()
    page = Template((_HERE / "index.html").read_text(encoding="utf-8"))
    sections = {lang: _section(lang, latest, owner, url, keys, apt_keys, image=image) for lang in _WORDS}
    (folder / "index.html").write_text(page.substitute(version=escape(latest.version), **sections), encoding="utf-8")


def _section(
    lang: str,
    latest: Latest,
    owner: ProjectOwner,
    url: str,
    keys: Sequence[bytes],
    apt_keys: Sequence[str],
    *,
    image: bool,
) -> str:
    words = _WORDS[lang]
    prints = [fingerprint(one) for one in keys]
    line = f"curl -fsSL {url}/install.sh | sudo sh -s -- {url} {prints[0].replace(' ', '')}"
    careful = [f"curl -fsSLO {url}/install.sh", "less install.sh"]
    careful.append(f"sudo sh install.sh {url} {prints[0].replace(' ', '')}")
    fetch_key, by_apt = _by_apt(url)
    parts = [f'<section id="{lang}" lang="{lang}">', f"<h1>linky-gateway {escape(latest.version)}</h1>"]
    parts += [_paragraph(words["what"]), _head(words["key"])]
    parts += [f'<p class="digits">{escape(one)}</p>' for one in prints]
    parts += [_paragraph(words["compare"]), _head(words["one"]), _code([line])]
    parts += [_paragraph(words["careful"]), _code(careful), _head(words["apt"]), _code(fetch_key)]
    parts += [_paragraph(words["apt_key"].format(keys=" · ".join(apt_keys))), _code(by_apt)]
    if image:
        parts += [_head(words["card"]), _code([f"{url}/os-list.json"])]
    parts += [
        _head(words["new"].format(version=latest.version)),
        _paragraph(latest.notes[lang][:1].upper() + latest.notes[lang][1:]),
    ]
    facts = [words["until"].format(day=latest.expires.strftime(_DAY[lang]))]
    facts += [words["support"].format(day=latest.support_end.strftime(_DAY[lang]))] if latest.support_end else []
    parts.append(f'<p class="quiet">{escape(" ".join(facts))}</p>')
    links = [f'<a href="SHA256SUMS">{words["files"]}</a>']
    links.append(
        f'<a href="releases/{escape(latest.version)}/notes.{lang}.md">{words["new"].format(version=latest.version)}</a>'
    )
    if owner.security_contact:
        links.append(f'<a href=".well-known/security.txt">{words["security"]}</a>')
    return "\n".join([*parts, f"<p>{' · '.join(links)}</p>", "</section>"])


def _by_apt(url: str) -> tuple[list[str], list[str]]:
    """What is typed before the key is compared, and after."""
    before = ["sudo apt install curl gpg", f"curl -fsSLO {url}/linky-gateway.asc", "gpg --show-keys linky-gateway.asc"]
    source = "/etc/apt/sources.list.d/linky-gateway.sources"
    after = ["sudo install -m 644 linky-gateway.asc /usr/share/keyrings/"]
    after += [f"sudo curl -fsSL -o {source} {url}/linky-gateway.sources"]
    return before, [*after, "sudo apt update && sudo apt install linky-gateway"]


def _head(text: str) -> str:
    return f"<h2>{escape(text)}</h2>"


def _paragraph(text: str) -> str:
    return f"<p>{escape(text)}</p>"


def _code(lines: Sequence[str]) -> str:
    return f"<pre>{escape(chr(10).join(lines))}</pre>"
