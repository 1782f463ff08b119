"""Examples for each command's ``--help``, and the exit codes; every one is typed by a test, or it says why not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.errors import EXITS
from gateway.words.catalogue import ENGLISH

if TYPE_CHECKING:
    from gateway.commands.usage import CommandParser

_COOP = "coop@example.org"
_CONSUME = (
    "linky-gateway consume --jid coop@example.org --password-file password --gateway home@example.com/proxy"
    " --identifier home@example.com/ab12@example.com/consumption/energy"
)

# Command, with its action -> what to type.
EXAMPLES: dict[str, tuple[str, ...]] = {
    "": ("linky-gateway status", "sudo linky-gateway doctor", "linky-gateway consent grant --help"),
    "run": ("linky-gateway run --config trial.toml", "linky-gateway run --log-level DEBUG"),
    "decode": (
        "linky-gateway decode capture.raw",
        "linky-gateway decode --explain capture.raw",
        "cat capture.raw | linky-gateway decode -",
    ),
    "export": (
        "linky-gateway export --format csv",
        "linky-gateway export --format csv --series consumption/energy --granularity P1D --from 2026-01-01",
        "linky-gateway export --format senml-json --from 2026-11-25T08:00 --to 2026-11-25T09:00",
        "linky-gateway export --format csv --imported",
    ),
    "events": ("linky-gateway events", "linky-gateway events --from 2026-11-01 --json"),
    "series": ("linky-gateway series", "linky-gateway series --json", "linky-gateway series --all"),
    "migrate": ("sudo linky-gateway migrate",),
    "check": ("sudo linky-gateway check", "sudo linky-gateway check --repair"),
    "backup": ("sudo linky-gateway backup", "sudo linky-gateway backup home.backup"),
    "restore": (
        "sudo linky-gateway restore home.backup --list",
        "sudo linky-gateway restore home.backup --replace",
    ),
    "doctor": (
        "sudo linky-gateway doctor",
        "linky-gateway doctor --port /dev/ttyUSB0",
        "sudo linky-gateway doctor --bundle support.zip",
    ),
    "ports": ("linky-gateway ports", "linky-gateway ports --json"),
    "fleet update": (
        "linky-gateway fleet update --fleet register.csv --wave 5,20,all",
        "linky-gateway fleet update --fleet register.csv --to 0.2.0 --patience 86400",
    ),
    "update status": ("sudo linky-gateway update status", "linky-gateway update status --json"),
    "update check": ("sudo linky-gateway update check",),
    "update install": ("sudo linky-gateway update install", "sudo linky-gateway update install --tonight"),
    "update refuse": ("sudo linky-gateway update refuse",),
    "update back": ("sudo linky-gateway update back",),
    "update apply": ("sudo linky-gateway update apply 0.2.0",),
    "status": ("linky-gateway status", "linky-gateway status --lang en", "linky-gateway status --json"),
    "watch": ("linky-gateway watch", "linky-gateway watch --mqtt"),
    "metrics": (
        "linky-gateway metrics",
        "linky-gateway metrics --write /var/lib/prometheus/node-exporter/linky.prom",
    ),
    "consent grant": (
        f"linky-gateway consent grant {_COOP} --series consumption/energy --granularity PT30M",
        f"linky-gateway consent grant {_COOP} --series consumption --granularity P1D --no-history",
        f"linky-gateway consent grant {_COOP} --health",
    ),
    "consent revoke": (
        f"linky-gateway consent revoke {_COOP}",
        f"linky-gateway consent revoke {_COOP} --series consumption/energy",
    ),
    "consent limit": (f"linky-gateway consent limit {_COOP}",),
    "consent resume": (f"linky-gateway consent resume {_COOP}",),
    "consent list": ("linky-gateway consent list", "linky-gateway consent list --json"),
    "consent notices": ("linky-gateway consent notices",),
    "consent compare": (
        f"linky-gateway consent compare {_COOP}",
        f"linky-gateway consent compare {_COOP} --totals --from 2026-11-24 --to 2026-11-25",
    ),
    "consent sent": ("linky-gateway consent sent", "linky-gateway consent sent --json"),
    "consent pending": ("linky-gateway consent pending",),
    "consent answer": (
        "linky-gateway consent answer 1 --yes",
        "linky-gateway consent answer 1 --yes --granularity P1D",
        "linky-gateway consent answer 1 --no",
    ),
    "consent refuse": ("linky-gateway consent refuse example.com", "linky-gateway consent refuse example.com --lift"),
    "consent refused": ("linky-gateway consent refused",),
    "join": (
        "sudo linky-gateway join",
        "sudo linky-gateway join - --accept < invitation.txt",
        "sudo linky-gateway join --stop",
    ),
    "reading add": (
        "linky-gateway reading add water 123.456 --unit m3",
        "linky-gateway reading add gas 4321 --unit m3 --at 2026-11-25T08:00",
    ),
    "reading list": ("linky-gateway reading list", "linky-gateway reading list --meter water"),
    "account password": ("sudo linky-gateway account password", "sudo linky-gateway account password --prompt"),
    "account register": ("sudo linky-gateway account register",),
    "account pin": ("linky-gateway account pin",),
    "account block": ("linky-gateway account block spam.example", "linky-gateway account block somebody@example.org"),
    "account unblock": ("linky-gateway account unblock spam.example",),
    "account blocked": ("linky-gateway account blocked",),
    "consume": (_CONSUME, f"{_CONSUME} --store records.sqlite", f"{_CONSUME} --live 10"),
    "operation": ("linky-gateway operation toit-2026-10-martin.jsonl",),
    "journal verify": (
        "linky-gateway journal verify",
        "linky-gateway journal verify journal.jsonl --key journal.key",
    ),
    "journal show": ("linky-gateway journal show", "linky-gateway journal show --from 2026-11-01 --json"),
    "journal export": ("linky-gateway journal export > journal.jsonl",),
    "journal key": ("linky-gateway journal key > journal.key",),
    "journal head": ("linky-gateway journal head",),
    "journal anchors": ("linky-gateway journal anchors",),
    "board list": ("linky-gateway board list",),
    "board add": ("sudo linky-gateway board add linky-3f2a1c.json",),
    "board forget": ("sudo linky-gateway board forget linky-3f2a1c",),
    "board update": ("linky-gateway board update linky-3f2a1c files.zip",),
    "display add": (
        "sudo linky-gateway display add kitchen",
        "sudo linky-gateway display add kitchen --only json > display.json",
        "sudo linky-gateway display add home-assistant --home-assistant",
    ),
    "display list": ("sudo linky-gateway display list",),
    "display remove": ("sudo linky-gateway display remove kitchen",),
    "display apply": ("sudo linky-gateway display apply",),
    "page code": ("sudo linky-gateway page code",),
    "page certificate": ("sudo linky-gateway page certificate",),
    "page welcome": ("linky-gateway page welcome --to /run/linky-display/welcome.json",),
    "settings list": ("linky-gateway settings list", "linky-gateway settings list --json"),
    "settings set": (
        "sudo linky-gateway settings set objective.kwh_per_month 300",
        "sudo linky-gateway settings set meter.house.source /dev/ttyUSB0",
        "sudo linky-gateway settings set web.names linky.example.org,maison.example.org",
        'sudo linky-gateway settings set meter.garage \'{"source": "/dev/ttyUSB1"}\' --restart',
    ),
    "settings unset": ("sudo linky-gateway settings unset objective.kwh_per_month",),
    "notice test": ("linky-gateway notice test", "linky-gateway notice test paul-mail"),
    "notice list": ("linky-gateway notice list --last 5",),
    "helper": ("linky-gateway helper --log-level DEBUG",),
    "access-point": ("sudo linky-gateway access-point --log-level INFO", "sudo linky-gateway access-point --end"),
    "first-boot": ("sudo linky-gateway first-boot", "sudo linky-gateway first-boot --root /mnt/card"),
    "fleet status": (
        "linky-gateway fleet status",
        "linky-gateway fleet status --fleet register.csv",
        "linky-gateway fleet status home@example.com --json",
    ),
    "privacy export": ("linky-gateway privacy export --to home.zip",),
    "privacy import": ("sudo linky-gateway privacy import home.zip",),
    "privacy erase": (
        "linky-gateway privacy erase --series consumption/power --to 2026-01-01",
        f"linky-gateway privacy erase --recipient {_COOP}",
        "sudo linky-gateway privacy erase --everything",
    ),
    "privacy rectify": ("linky-gateway privacy rectify gas/volume/index 2026-11-25T08:00 4312000 --reason misread",),
    "privacy notice": (f"linky-gateway privacy notice {_COOP}",),
    "privacy rotate": (f"linky-gateway privacy rotate {_COOP}",),
    "received list": ("linky-gateway received list",),
    "received notices": ("linky-gateway received notices",),
    "received history": ("linky-gateway received history roof --last 24",),
    "received export": ("linky-gateway received export > received.csv",),
    "balance": ("linky-gateway balance", "linky-gateway balance --period day --from 2026-11-01 --json"),
    "compare": (
        "linky-gateway compare",
        "linky-gateway compare tempo bleu-base --power 6 --shift 3@19:00/21:00",
        "linky-gateway compare --show tempo > offer.toml",
        "linky-gateway compare offer.toml --power 6 --json",
    ),
    "roof-estimate": (
        "linky-gateway roof-estimate Timeseries_47.218_-1.554_SA3_3kWp_crystSi_14_35deg_0deg_2020_2023.csv",
        "linky-gateway roof-estimate Timeseries.csv --peak-power 4.5",
    ),
    "tariff": ("linky-gateway tariff", "linky-gateway tariff --meter house --json"),
    "cost": ("linky-gateway cost", "linky-gateway cost --period year", "linky-gateway cost --of water"),
    "history add": (
        "linky-gateway history add Enedis_Conso_Heure.csv --dry-run",
        "sudo linky-gateway history add Enedis_Conso_Heure.csv Enedis_Conso_Jour.csv",
    ),
    "history list": ("linky-gateway history list", "linky-gateway history list --json"),
    "history undo": ("sudo linky-gateway history undo 2",),
    "history file": ("sudo linky-gateway history file 2 > Enedis_Conso_Jour.csv",),
    "history forget": ("sudo linky-gateway history forget 2",),
}


def below(parser: CommandParser) -> str | None:
    """What stands below a parser's help: its examples, before those of the first one the exit codes."""
    name, commands = parser.prog.partition(" ")[2], parser.commands()
    examples = EXAMPLES.get(name, ())
    # A command of actions has those of each of them, one apiece.
    examples = examples or tuple(EXAMPLES[f"{name} {one}"][0] for one in commands if f"{name} {one}" in EXAMPLES)
    text = "\n".join(["examples:", *(f"  {one}" for one in examples)]) if examples else None
    return text if name else f"{exit_codes(ENGLISH)}\n\n{text}"


def exit_codes(lang: str) -> str:
    """The table of exit codes, for a terminal."""
    return "\n".join(["exit codes:", *(f"  {code.value:<4} {EXITS[code].in_language(lang)}" for code in sorted(EXITS))])
