"""What ``linky-gateway`` says without a word: its commands by purpose, a line each, in the household's language."""

from __future__ import annotations

from gateway.words.phrase import Phrase

_HEAD = Phrase("linky-gateway: reads a Linky meter.")
_END = Phrase(
    "`linky-gateway COMMAND --help` explains a command, with examples. On an installed gateway put sudo before it."
)

# Purpose -> command -> what it is for.
PURPOSES: tuple[tuple[Phrase, dict[str, Phrase]], ...] = (
    (
        Phrase("Does it work?"),
        {
            "status": Phrase("each link, and since when"),
            "doctor": Phrase("listens, says what is wrong and what to do"),
            "ports": Phrase("the serial ports of this machine"),
            "check": Phrase("are database and journal whole?"),
        },
    ),
    (
        Phrase("See"),
        {
            "watch": Phrase("the values of the moment"),
            "balance": Phrase("energy by day, month, year"),
            "cost": Phrase("what that costs"),
            "compare": Phrase("what another contract would cost"),
            "roof-estimate": Phrase("your last year under solar panels"),
            "tariff": Phrase("off-peak until when, and tomorrow"),
            "events": Phrase("what happened to the meters"),
            "series": Phrase("the series, their names, the id"),
            "export": Phrase("the readings, as CSV or SenML"),
            "reading": Phrase("enter water, gas, heat"),
            "history": Phrase("import the years before"),
        },
    ),
    (
        Phrase("Share"),
        {
            "consent": Phrase("who may have what; answer requests"),
            "join": Phrase("join a co-operative by its invitation"),
            "received": Phrase("what comes from others"),
            "operation": Phrase("check your share of a shared roof"),
            "journal": Phrase("what was decided and sent, signed"),
            "privacy": Phrase("take along, erase, correct your data"),
        },
    ),
    (
        Phrase("Set up"),
        {
            "page": Phrase("a code for the page of the house"),
            "settings": Phrase("what is set, by whom; change it"),
            "notice": Phrase("by which ways you are told"),
            "account": Phrase("the account of the federation"),
            "display": Phrase("displays, Home Assistant"),
            "board": Phrase("the ESP32 boards"),
            "backup": Phrase("everything, encrypted, in one file"),
            "restore": Phrase("a backup, onto this machine"),
            "update": Phrase("a newer version, or the former one"),
        },
    ),
    (
        Phrase("For programs and other trades"),
        {
            "run": Phrase("the gateway itself"),
            "metrics": Phrase("the state, for Prometheus"),
            "decode": Phrase("captured bytes, as JSON"),
            "consume": Phrase("receive, as JSON"),
            "fleet": Phrase("an installer's gateways"),
            "migrate": Phrase("brings the database up to date"),
            "first-boot": Phrase("applies a card's linky.toml"),
            "helper": Phrase("does what needs root, as the gateway asks"),
            "access-point": Phrase("a Wi-Fi of its own, where there is no network"),
        },
    ),
)


def overview(lang: str) -> str:
    """All of it, with a line's end."""
    wide = max(len(name) for _, commands in PURPOSES for name in commands)
    lines = [_HEAD.in_language(lang)]
    for purpose, commands in PURPOSES:
        lines += ["", purpose.in_language(lang)]
        lines += [f"  {name:<{wide}}  {what.in_language(lang)}" for name, what in commands.items()]
    return "\n".join([*lines, "", _END.in_language(lang), ""])
