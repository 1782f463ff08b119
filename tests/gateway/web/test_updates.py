"""The page of updates of a running daemon: another program comes by the password of the page alone."""

import json

import pytest

from gateway.web.updates.words import UPDATES_WORDS
from tests.gateway.web.conftest import PASSWORD
from tests.gateway.web.test_tariff import faults

PATH = "/settings/updates"


@pytest.mark.parametrize(
    ("action", "field"), [("install", "own_password"), ("tonight", "own_password"), ("back", "back_password")]
)
def test_a_session_alone_installs_nothing(new_house, action, field):
    """Nothing typed, another one: 403 before anything is looked at; too often: 429; the right one: what there is."""
    owner, said = new_house.owner(), UPDATES_WORDS["fr"]
    for typed in ({}, {field: "guessed"}):
        answer, text = owner.send(f"{PATH}/{action}", **typed)
        assert answer.status == 403
        # Nothing is to be installed here, so that no form is shown; what is wrong is said all the same.
        assert said["wrong_password_here"] in text
        assert faults(text) == {}
    answer, _ = owner.send(f"{PATH}/{action}", **{field: PASSWORD})
    assert answer.status == 409
    for _ in range(12):
        answer, _ = owner.send(f"{PATH}/{action}", **{field: "guessed"})
    assert answer.status == 429
    assert int(answer.headers["Retry-After"]) > 0
    kinds = [json.loads(line)["kind"] for line in new_house.command("journal", "show", "--json").stdout.splitlines()]
    assert not [kind for kind in kinds if kind.startswith("update-")]


def test_whether_it_has_ended_is_told_to_whoever_waits_and_nothing_more(new_house):
    """Signed in or not, without a version; what is none of its numbers is answered no."""
    new_house.owner()
    stranger = new_house.visitor()
    assert stranger.get(f"{PATH}/ended?told=0")[1] == "yes"
    # The last one is a digit, of another script.
    for told in ("", "-1", "x", "9" * 12, "%D9%A3"):
        assert stranger.get(f"{PATH}/ended?told={told}")[1] == "no"
    assert stranger.get(PATH)[0].status == 303
