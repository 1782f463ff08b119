"""``linky-gateway events``: what happened to the meters, in words or as JSON Lines."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from gateway.commands.options import add_span, command, configured, spoken, stored

if TYPE_CHECKING:
    import argparse

    from gateway.commands.options import Commands


def declare(commands: Commands) -> None:
    """The command's arguments."""
    text = "what happened to the meters: breaks, alarms, colours"
    events = command(commands, "events", _events, text, spoken_to=True)
    add_span(events)
    events.add_argument("--json", action="store_true", help="JSON Lines")


def _events(options: argparse.Namespace) -> int:
    from gateway.commands.events_words import event_in_words  # noqa: PLC0415
    from gateway.commands.export_forms import event_as_json  # noqa: PLC0415

    lang = spoken(options)
    with stored(configured(options)) as archive:
        for event in archive.readings.events(options.since, options.until):
            line = event_as_json(event) if options.json else event_in_words(event).in_language(lang)
            sys.stdout.write(line + "\n")
    return 0
