"""The links of a running gateway, one line each, with what to do about those that are not green: for tools/setup.

``linky-gateway status --json | links.py fr|en``. Exit code 0 all green, 1 something is broken, 2 something has
yet to come (a meter that was not heard, a connection that is being made), 3 the gateway does not run. Whether a version
may stay is judged elsewhere (gateway/upkeep/updates/judge.py).
"""

from __future__ import annotations

import json
import sys
from typing import Any

OK, WAITING, BROKEN = "ok", "waiting", "broken"
_MARK = {OK: "✓", WAITING: "…", BROKEN: "✗"}
_DOCTOR = "sudo linky-gateway doctor"

# What to do about a link that is not green, by its first word: French, English.
ADVICE = {
    "port": (
        f"Branchez l'adaptateur ; `linky-gateway ports` montre ce qui est là, `{_DOCTOR}` dit ce qui ne va pas.",
        f"Plug the adapter in; `linky-gateway ports` shows what is there, `{_DOCTOR}` says what is wrong.",
    ),
    "decode": (f"Demandez à `{_DOCTOR}` : il écoute la ligne.", f"Ask `{_DOCTOR}`: it listens to the line."),
    "doctor": (
        f"La liaison du compteur a un défaut : `{_DOCTOR}` le montre en détail.",
        f"Something is wrong on the meter's line: `{_DOCTOR}` shows it in detail.",
    ),
    "meter": (
        f"Le compteur ne dit rien encore. Vérifiez les fils sur I1 et I2, puis `{_DOCTOR}`.",
        f"The meter says nothing yet. Check the wires at I1 and I2, then `{_DOCTOR}`.",
    ),
    "clock": (
        "Attendez que la machine connaisse l'heure : elle la prend du réseau.",
        "Wait until the machine knows the time: it takes it from the network.",
    ),
    "store": (
        "La carte ne peut plus être écrite : `df -h /var/lib/linky-gateway`, `dmesg | tail`.",
        "The card cannot be written to: `df -h /var/lib/linky-gateway`, `dmesg | tail`.",
    ),
    "backup": (
        "Branchez la clé de [backup], faites-y de la place ; la phrase de passe est dans "
        "/etc/linky-gateway/secrets/backup-passphrase ; puis `sudo systemctl start linky-gateway-backup`.",
        "Plug the stick of [backup] in, make room on it; the passphrase is in "
        "/etc/linky-gateway/secrets/backup-passphrase; then `sudo systemctl start linky-gateway-backup`.",
    ),
    "xmpp": (
        "Vérifiez le compte de [federation] dans /etc/linky-gateway/gateway.toml et son mot de passe dans "
        "/etc/linky-gateway/secrets/xmpp-password, puis `sudo systemctl restart linky-gateway`.",
        "Check the account of [federation] in /etc/linky-gateway/gateway.toml and its password in "
        "/etc/linky-gateway/secrets/xmpp-password, then `sudo systemctl restart linky-gateway`.",
    ),
    "mqtt": (
        "`systemctl status mosquitto` dit si le serveur MQTT tourne ; son journal, ce qu'il refuse.",
        "`systemctl status mosquitto` says whether the broker runs; its journal, what it refuses.",
    ),
    "page": (
        "Un autre programme occupe peut-être ce port : changez `listen` de [web] dans gateway.toml.",
        "Another program may have that port: change `listen` of [web] in gateway.toml.",
    ),
    "cell": (
        "Une partie du programme est relancée, le reste continue ; `journalctl -u linky-gateway` dit pourquoi.",
        "A part of the program is started again, the rest goes on; `journalctl -u linky-gateway` says why.",
    ),
    "counter": (
        "Vérifiez les fils et le numéro de broche du compteur à impulsions.",
        "Check the wires and the pin's number of the pulse counter.",
    ),
    "recipient": (
        "Ses points attendent ; rien n'est perdu. `linky-gateway status` le montre.",
        "Its points wait; nothing is lost. `linky-gateway status` shows it.",
    ),
    "provider": (
        "Demandez à qui fournit cette série ; `linky-gateway received list`.",
        "Ask whoever provides this series; `linky-gateway received list`.",
    ),
    "tee": (
        "Changez l'adresse de `tee` dans gateway.toml : elle est prise ou n'existe pas.",
        "Change the address of `tee` in gateway.toml: it is taken or does not exist.",
    ),
}
_ANY = (f"Demandez à `{_DOCTOR}`.", f"Ask `{_DOCTOR}`.")
# Nobody waits for these to be green: they come and go with what others do.
_NOT_OURS = ("recipient", "provider", "watcher")


def lines(report: dict[str, Any], lang: str) -> list[str]:
    """A line for each link; below one that is not green, what to do."""
    said = []
    for row in report["links"]:
        said.append(f"{_MARK[row['state']]} {_sentence(row, lang)}")
        if row["state"] != OK and row["link"].partition(" ")[0] not in _NOT_OURS:
            said.append("  → " + advice(row["link"], lang))
    return said


def _sentence(row: dict[str, Any], lang: str) -> str:
    """What it is and how it is; a gateway of an earlier version says so in English alone."""
    kind, _, name = row["link"].partition(" ")
    if lang == "fr" and "detail_fr" in row:
        return f"{' '.join(filter(None, (row['title_fr'], name)))} : {row['detail_fr']}"
    return f"{' '.join(filter(None, (row.get('title', kind), name)))}: {row['detail']}"


def advice(link: str, lang: str) -> str:
    """What to do about a link that is not green."""
    return ADVICE.get(link.partition(" ")[0], _ANY)[lang != "fr"]


def judged(report: dict[str, Any]) -> int:
    """The exit code for a person's check."""
    if not report["running"]:
        return 3
    states = {row["state"] for row in report["links"] if row["link"].partition(" ")[0] not in _NOT_OURS}
    return 1 if BROKEN in states else 2 if WAITING in states else 0


def main(arguments: list[str]) -> int:
    """Read the report, print or judge it."""
    try:
        report = json.load(sys.stdin)
    except ValueError:
        return 3
    print("\n".join(lines(report, arguments[0])))
    return judged(report)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
