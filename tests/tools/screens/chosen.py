"""The pictures that are kept in ``pictures/`` and compared by the tests: each page, each house, each way to look.

Every house is at home in a phone by day and on a desk by night; what is a page's own is seen at the house that has most
to say there, in turn in each language.
"""

from pathlib import Path
from zlib import crc32

from tests.tools.screens.album import LANGUAGES, PAGES, Shot
from tests.tools.screens.houses import HOUSES

PICTURES = Path(__file__).parent / "pictures"
# What drew the letters of these.
LETTERS = PICTURES / "letters.txt"
DAY, NIGHT = ("phone", "light", "fr"), ("desk", "dark", "en")
# Page -> the houses at which it is compared besides; the others once, at the house after them.
_MORE = {
    "history-yesterday": ("tempo", "producer"),
    "history-day": ("first-evening", "fault"),
    "history-minutes": ("producer",),
    "history-month": ("tempo", "years"),
    "history-year": ("years",),
    "history-euros": ("tempo",),
    "cost": ("first-day", "first-evening", "tempo", "years"),
    "sharing": ("first-day", "fault"),
    "links": ("first-day", "fault"),
    "security": ("first-day", "fault", "producer"),
    "settings-tariff": ("first-day", "tempo"),
    "display": ("tempo", "producer"),
}
_ONCE = {
    "request": "fault", "request-what": "fault",
    "repair": "years", "series": "producer", "access": "tempo", "setup": "first-day",
    "display-guest": "producer", "settings-tariff-new": "first-day", "settings-notices-new": "first-day",
    "offline": "first-day", "settings-details": "fault", "history-week": "producer", "settings-boards": "producer",
    "places": "producer", "places-week": "producer", "places-screen": "producer",
}  # fmt: skip
# What the documents show.
SHOWN = tuple(
    Shot(house, page, "glance", "light", language)
    for house, page in (("tempo", "home"), ("tempo", "history-yesterday"), ("producer", "home"))
    for language in LANGUAGES
)


def chosen():
    """All of them, in order."""
    found = {Shot(house, "home", *how) for house in HOUSES for how in (DAY, NIGHT)} | {*SHOWN}
    for page, houses in _MORE.items():
        found |= {Shot(house, page, *(DAY, NIGHT)[place % 2]) for place, house in enumerate(houses)}
    once = [page for page in (*PAGES, "setup") if page not in _MORE and page != "home"]
    for page in once:
        # By its name, so that one page more changes no other picture.
        found.add(Shot(_ONCE.get(page, "tempo"), page, *(DAY, NIGHT)[crc32(page.encode()) % 2]))
    return sorted(found)
