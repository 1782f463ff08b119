"""A household's hand on ``linky-gateway consent``; each module has a ``store`` of its own."""

import argparse
import io
import json
from datetime import UTC, datetime
from functools import partial

import msgspec
import pytest

from gateway.consent.arguments import add_actions
from gateway.consent.command import ConsentDialogue, run
from gateway.control.messages import read
from gateway.control.orders import act

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC).timestamp()


@pytest.fixture
def desk(store):
    """Runs a command, with what a person types or nobody there; (code, standard output, standard error)."""

    def command(*words, typed=None, lang="fr"):
        parser = argparse.ArgumentParser(exit_on_error=False)
        actions = parser.add_subparsers(dest="action", required=True)
        add_actions(lambda name, text: actions.add_parser(name, help=text))
        out, err = io.StringIO(), io.StringIO()
        read = None if typed is None else lambda: typed + "\n"
        person = ConsentDialogue(partial(_through_json, store), out, err, read, "anne", "P3Y", lang)
        return run(parser.parse_args(list(words)), person), out.getvalue(), err.getvalue()

    return command


def _through_json(store, order):
    """As the control socket carries it."""
    return json.loads(json.dumps(act(store, read(msgspec.json.encode(order)), NOW)))
