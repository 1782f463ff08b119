"""The page *sharing*: the installer would like to know whether the gateway is well; the household alone answers."""

import html
import json
import re
from datetime import UTC, datetime, timedelta

import pytest

from gateway.consent.orders import HealthConsents, HealthGrant
from gateway.control.running import ask
from gateway.web.sharing.health_words import HEALTH_WORDS
from servers import wait_until
from tests.gateway.web.conftest import PASSWORD, House

ANNE = "anne@sen2.test"
# Nothing listens at that address: the page needs no federation.
FEDERATION = (
    '[federation]\njid = "maison@sen1.test"\npassword_file = "password"\naddress = "127.0.0.1:9"\n'
    f'installer = "{ANNE}"\n'
)


@pytest.fixture(scope="module")
def installed_house(tmp_path_factory):
    """A house that an installer has set up, its owner signed in."""
    folder = tmp_path_factory.mktemp("installed") / "house"
    folder.mkdir()
    (folder / "password").write_text("canary-secret\n")
    with House(folder, "/nowhere/tty", FEDERATION) as house:
        house.signed_in = house.owner()
        yield house


def state(house):
    """How the answer to the installer stands; None before the first one."""
    rows = ask(house.folder / "data" / "control.sock", HealthConsents())
    return next((row["state"] for row in rows if row["recipient"] == ANNE), None)


def page(house, lang="fr"):
    """What the household reads."""
    return html.unescape(house.signed_in.get(f"/sharing?lang={lang}")[1])


def proposed(text):
    """Whether the page asks."""
    return 'action="/sharing/health/text"' in text


def test_the_page_asks_and_only_the_households_yes_gives(installed_house):
    """Named in the configuration it may nothing; read, consented, shown with its proof, withdrawn, asked no more."""
    house, owner = installed_house, installed_house.signed_in
    for lang in ("fr", "en"):
        text = page(house, lang)
        assert proposed(text)
        for key in ("health_proposed", "health_told", "health_untold", "health_reveals"):
            assert HEALTH_WORDS[lang][key] in text
    page(house)
    answer, text = owner.send("/sharing/health/text")
    assert (answer.status, state(house)) == (200, None)
    assert "aucune mesure" in text
    hash_ = re.search(r'name="hash" value="([0-9a-f]{64})"', text)[1]
    answer, again = owner.send("/sharing/health/yes", hash="0" * 64, lang="fr")
    assert (answer.status, state(house), "Le texte a changé" in html.unescape(again)) == (409, None, True)
    answer, _ = owner.send("/sharing/health/yes", hash=hash_, lang="fr")
    assert (answer.status, state(house)) == (403, None), "the password of the page is asked for once more"
    answer, _ = owner.send("/sharing/health/yes", hash=hash_, lang="fr", own_password=PASSWORD)
    assert answer.headers["Location"] == "/sharing?done=health_given"
    assert state(house) == "valid"
    text = page(house)
    assert not proposed(text)
    assert f"/sharing/texts/{hash_}" in text
    assert HEALTH_WORDS["fr"]["health_none"] in text
    assert "Rien ne sort de la maison" not in text
    (entry,) = [
        row
        for line in house.command("journal", "show", "--json").stdout.splitlines()
        if (row := json.loads(line)).get("what") == "health"
    ]
    assert (entry["kind"], entry["recipient"], entry["channel"], entry["text"]) == (
        *("consent-granted", ANNE, "web", hash_),
    )
    assert owner.send("/sharing/health/yes", hash=hash_, lang="fr")[0].status == 409, "answered once"
    answer, _ = owner.send("/sharing/health/withdraw", recipient=ANNE)
    assert answer.headers["Location"] == "/sharing?done=health_withdrawn"
    assert (state(house), proposed(page(house))) == ("withdrawn", False)
    answer, _ = owner.send("/sharing/health/withdraw", recipient=ANNE)
    assert answer.headers["Location"] == "/sharing?done=nothing"


def test_what_has_run_out_is_asked_for_again_and_a_no_is_kept(installed_house):
    """As at the beginning; refused by one press, and not asked a second time."""
    house = installed_house
    soon = (datetime.now(UTC) + timedelta(seconds=1.5)).isoformat()
    ask(house.folder / "data" / "control.sock", HealthGrant(recipient=ANNE, until=soon))
    wait_until(lambda: state(house) == "expired", 60, "the consent ends")
    assert proposed(page(house))
    answer, _ = house.signed_in.send("/sharing/health/no")
    assert answer.headers["Location"] == "/sharing?done=health_refused"
    assert not proposed(page(house))
    for path in ("no", "text", "yes"):
        assert house.signed_in.send(f"/sharing/health/{path}")[0].status == 409, path


def test_nobody_but_the_household_answers(installed_house):
    """Without a session, and without the token of its forms, nothing is done."""
    house, before = installed_house, state(installed_house)
    for path in ("text", "yes", "no", "withdraw"):
        answer, _ = house.visitor().post(f"/sharing/health/{path}", {"recipient": ANNE})
        assert answer.status in (303, 403), path
        answer, _ = house.signed_in.post(f"/sharing/health/{path}", {"recipient": ANNE, "form_token": "0" * 32})
        assert answer.status == 403, path
    assert state(house) == before


def test_both_languages_say_the_same_things():
    """Each key, with the same places."""
    french, english = HEALTH_WORDS["fr"], HEALTH_WORDS["en"]
    assert french.keys() == english.keys()
    for key in french:
        assert re.findall(r"{\w+}", french[key]) == re.findall(r"{\w+}", english[key])
