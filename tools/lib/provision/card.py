"""What goes onto a device's card, onto the partition that every computer can read (``bootfs``).

``image``: for one that has linky-first-boot.service; ``linky.toml`` alone. ``raspios``: Raspberry Pi OS Lite as it is
published, whose cloud-init installs the gateway at the first start; then ``user-data``, ``network-config`` and
``meta-data`` as well. ``cmdline.txt`` is never among them: its ``root=`` is the card's own.
"""

from __future__ import annotations

import hashlib
import json
import shlex
from dataclasses import replace
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Literal

from gateway.first_boot.settings import NAME, parse, render
from gateway.upkeep.releases.keys import render_public

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.first_boot.settings import CardSettings, Wifi

Kind = Literal["raspios", "image"]

_HERE = Path(__file__).parent
# Whoever has one of the keys: every right, and no password. "*" is one that nothing opens; "!" would be a locked
# account, which sshd may refuse. The image has the same user.
_LOGIN = {"name": "linky", "gecos": "Who installed linky-gateway", "shell": "/bin/bash", "groups": ["adm"]}
_LOGIN |= {"passwd": "*", "lock_passwd": False, "sudo": "ALL=(ALL) NOPASSWD:ALL"}
# Where the system keeps them: what is to go for nobody to log in any more.
KEPT_KEYS: dict[Kind, str] = {
    "raspios": "/home/linky/.ssh/authorized_keys",
    "image": "/etc/ssh/authorized_keys.d/linky",
}


def files(
    settings: CardSettings, kind: Kind, keys: Sequence[str] = (), release_keys: Sequence[bytes] = ()
) -> dict[str, str]:
    """Names and texts of the files; who has one of the public SSH ``keys`` may log in.

    The release on the card must be signed with one of ``release_keys``, 32 bytes each; without any it is unpacked as it
    is. An image has the gateway in it already: of its files none is a release's.
    """
    if kind == "image":
        lines = "".join(f"{key}\n" for key in keys)
        return {NAME: _checked(settings)} | ({"authorized_keys": lines} if keys else {})
    # The network is there before the gateway is: cloud-init's own file sets it up.
    made = {NAME: _checked(replace(settings, wifi=None))}
    template = Template((_HERE / "user-data.yaml").read_text(encoding="utf-8"))
    made["user-data"] = template.substitute(
        hostname=settings.hostname,
        language=settings.language,
        port=shlex.quote(settings.port),
        release_keys=" ".join(render_public(one).splitlines()[1] for one in release_keys),
        users=json.dumps([_LOGIN | {"ssh_authorized_keys": list(keys)}] if keys else []),
    )
    # A card that is written anew is a new instance, so cloud-init starts from the beginning.
    mark = hashlib.sha256(made["user-data"].encode()).hexdigest()[:12]
    made["meta-data"] = f"dsmode: local\ninstance_id: linky-{settings.hostname}-{mark}\n"
    made["network-config"] = _network(settings.wifi)
    return made


def _checked(settings: CardSettings) -> str:
    """The text, read back as the card will read it."""
    text = render(settings)
    found, faults = parse(text.encode())
    if found != settings:
        raise AssertionError([fault.say("en") for fault in faults])
    return text


def _network(wifi: Wifi | None) -> str:
    """Version 2 of cloud-init's network configuration; a JSON string is a YAML string."""
    lines = ["network:", "  version: 2", "  renderer: NetworkManager", "  ethernets:"]
    lines.append("    eth0: {dhcp4: true, dhcp6: true, optional: true}")
    if wifi:
        key = f"{{password: {_quoted(wifi.key)}}}" if wifi.key else "{}"
        lines += [
            "  wifis:",
            "    wlan0:",
            "      dhcp4: true",
            "      dhcp6: true",
            "      optional: true",
            f"      regulatory-domain: {_quoted(wifi.country)}",
            f"      access-points: {{{_quoted(wifi.name)}: {key}}}",
        ]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
