"""A household: from switching on to the first curve in a browser, by its own pages; then again after an upgrade.

The card is the built image under qemu, prepared as an installer does. Nobody logs in, and nothing is typed but the code
of the label and a password.
"""

from __future__ import annotations

import re
import time
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from harness import ROOT, first_visit
from harness.wait import wait_until
from tests.walks import card
from tests.walks.walk import Walk

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.person import Person
    from tests.walks.card import HouseholdCard

# The issue has five; a password is one, and when to install is another.
MOST = {"decisions": 2, "commands": 0, "files": 0, "unexplained": 0}
PASSWORD = "une phrase assez longue"
GUIDE = "gateway/web/help/guide"
CATALOGUE = ROOT / "gateway/words/fr/LC_MESSAGES/gateway.po"
NEXT = "9.0.0"
# A machine that is emulated beside others starts slowly, and installs more slowly.
STARTS_S, CURVE_S, UPGRADE_S = 2400.0, 900.0, 3600.0
# What is read, and what the pages call what is looked for.
HEADINGS = {
    "fr": ("## Pas à pas", "## La première courbe"),
    "en": ("## Step by step", "## The first curve"),
}
SAID = {
    "fr": {
        "code": "Code de la passerelle", "using": "Consommation", "history": "Historique", "more": "Plus",
        "settings": "Réglages", "updates": "Version et mises à jour", "look": "Chercher maintenant",
        "install": "Installer maintenant", "kept": f"La version {NEXT} est installée, et c’est la plus récente",
        "new": "## Une nouvelle version est annoncée", "password": "Mot de passe", "sign in": "Se connecter",
        "again": "Votre mot de passe",
    },
    "en": {
        "code": "Code of the gateway", "using": "Consumption", "history": "History", "more": "More",
        "settings": "Settings", "updates": "Version and updates", "look": "Check for a newer",
        "install": "Install now", "kept": f"Version {NEXT} is installed, and is the newest",
        "new": "## A new version is announced", "password": "Password", "sign in": "Sign in",
        "again": "Your password",
    },
}  # fmt: skip


@pytest.mark.parametrize("language", ["fr", "en"])
def test_what_the_walk_reads_and_looks_for_is_there(language):
    """On its pages, each word of a trade explained, and in the catalogue: told here, before an image is made."""
    with Walk("household", language, MOST) as walk:
        ready(walk)
        walk.read(f"{GUIDE}/start.{language}.md", HEADINGS[language][1])
        walk.read(f"{GUIDE}/questions.{language}.md", SAID[language]["new"])
    catalogue = re.sub(r'"\n"', "", CATALOGUE.read_text(encoding="utf-8"))
    pages = [words for key, words in SAID[language].items() if key not in ("kept", "new")]
    assert [words for words in pages if f'"{words}' not in catalogue] == []


@pytest.fixture
def image(request):
    """The card's image: a named one, that of the walks' cache, or made now."""
    card.require()
    return card.image(request.config.getoption("--image"))


@pytest.mark.campaign
@pytest.mark.parametrize(
    ("language", "way"), [("fr", "plug"), ("en", "code")], ids=["fr, by the plug", "en, by the code"]
)
def test_a_household_sees_its_first_curve(image, tmp_path, language, way):
    """No command, one decision: the card, the cable, the label, a password; the curve is the meter's.

    By the label's code, or without it by the plug at the meter. In French a newer release follows, at the page as well.
    """
    said = SAID[language]
    with Walk("household", language, MOST) as walk:
        ready(walk)
        with card.switched_on(image, tmp_path, language) as house, house.phone(language) as person:
            begun = time.monotonic()
            arrive(person, said["code"])
            if way == "code":
                person.type(said["code"], house.code)
            else:
                first_visit.by_plug(person, house.plug)
            first_visit.choose_password(person, PASSWORD)
            walk.read(f"{GUIDE}/start.{language}.md", HEADINGS[language][1])
            until(lambda: person.figure(said["using"], again=True), CURVE_S, "a value on the page")
            first = curve(person, said, house)
            print(f"\nfirst curve {(time.monotonic() - begun) / 60:.1f} minutes after switching on: {first}")
            walk.decides(*person.decisions)
            if language == "fr":
                upgraded(walk, person, said, house, first)


def ready(walk: Walk) -> None:
    """What is read before the power is plugged in."""
    step_by_step, _ = HEADINGS[walk.language]
    walk.read(f"{GUIDE}/start.{walk.language}.md", step_by_step)
    walk.follow(f"{GUIDE}/connect.{walk.language}.md", step_by_step)


def arrive(person: Person, code: str) -> None:
    """Scan the label; again, as long as the machine starts."""

    def there() -> bool:
        person.visit()
        return bool(person.find("choice", code))

    until(there, STARTS_S, "the page of the first visit")


def curve(person: Person, said: dict[str, str], house: HouseholdCard) -> str:
    """The bar of this half hour under *History*, and its highest power, which the meter has told; the bar's words."""

    def drawn() -> str:
        person.visit("/")
        person.press("link", said["history"])
        return person.find("link", said["using"])

    bar = until(drawn, CURVE_S, "a bar")
    assert re.match(r"{0} – {0}\W".format(r"\d\d?(:\d\d|\sh(\s\d\d)?)"), bar), bar
    (peak,) = re.findall(r"(\d[\d\u202f ,.]*)\s*VA", person.read())[:1]
    told = {int(frame["data"]["SINSTS"]) for frame in house.meter.truth()}
    assert int(re.sub(r"\D", "", peak)) in told, (peak, sorted(told))
    return bar


def upgraded(walk: Walk, person: Person, said: dict[str, str], house: HouseholdCard, first: str) -> None:
    """A newer release, installed at the page as the household reads it: the page is back, the curve goes on."""
    day = datetime.now(ZoneInfo("Europe/Paris")).date()
    house.publish(NEXT)
    walk.read(f"{GUIDE}/questions.{walk.language}.md", said["new"])
    until(lambda: signed_in(person, said), STARTS_S, "the page")
    for link in (said["more"], said["settings"], said["updates"]):
        person.press("link", link)
    if not person.find("button", said["install"]):
        person.press("button", said["look"])
    walk.decides("maintenant, ou cette nuit")
    person.type(said["again"], PASSWORD)
    person.press("button", said["install"])

    def kept() -> bool:
        if signed_in(person, said):
            person.visit("/settings/updates")
        return said["kept"] in " ".join(person.read().split())

    # Not more often: what a page costs the machine the upgrade does not get.
    until(kept, UPGRADE_S, f"version {NEXT} to be kept", every=20.0)
    person.visit()
    until(lambda: person.figure(said["using"], again=True), CURVE_S, "a value after the upgrade")
    # The day of the first bar: midnight may have passed.
    person.visit(f"/history?date={day}")
    begin = first.partition(" – ")[0]
    assert person.find("link", begin), f"the bar of {begin} is missing:\n{person.read()}"
    curve(person, said, house)


def signed_in(person: Person, said: dict[str, str]) -> str:
    """The page, with its password where it asks for it: a gateway that was started again has signed everybody out."""
    person.visit()
    if person.find("button", said["sign in"]):
        person.type(said["password"], PASSWORD)
        person.press("button", said["sign in"])
    return person.find("link", said["more"])


def until(true: Callable[[], object], seconds: float, what: str, every: float = 1.0) -> str:
    """Look every second; what was found."""
    return str(wait_until(true, seconds, what, every=every))
