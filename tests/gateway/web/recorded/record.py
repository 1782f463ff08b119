"""The recording: what each visit was answered. To make it anew after a page was changed on purpose, and look at what
changed with ``git diff``::

    PYTHONPATH=.:tools/lib python -m tests.gateway.web.recorded.record

With the name of a folder it writes each answer there as a file, and changes nothing: of two commits, for ``diff -r``.
"""

import asyncio
import hashlib
import json
import re
import sys
import time
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch
from urllib.parse import urlencode

from microdot import Request

from gateway.web.access import access
from gateway.web.access.access import Viewer
from gateway.web.access.first_visit import PresenceView
from gateway.web.access.presence import PresenceStep
from gateway.web.cost.values import PERIODS as COST
from gateway.web.history.values import PERIODS as HISTORY
from tests.gateway.web import three_years
from tests.gateway.web.recorded.house import RecordedHouse
from tests.gateway.web.recorded.visits import first_visits, visits

FOLDER = Path(__file__).parent
RECORDING = FOLDER / "pages.json"
# Kept as they are, for who wants to read what a page is.
WHOLE = (
    *("now", "links, faults", "history: a day", "cost: months", "repair: chosen", "settings", "sharing, full"),
    *("request 1", "access, with links", "display, for guest", "setup, coded"),
)
# What the page waits for at the meter: nothing, where a visit does not say otherwise.
NOT_OFFERED = {
    "step": PresenceStep.NOTHING, "left_s": 0, "busy_s": 0, "steady": True, "by_meter": False, "by_button": False,
}  # fmt: skip
PASSWORD, ORIGIN = "nobody asks for it", "linky.local:8080"
# What is random or a file's checksum: the token of a form, that of a new link; of a page of today the days shown;
# when a page was made.
_RANDOM = (
    (re.compile(r'(name="form_token" value=")[\w-]+"'), r'\1TOKEN"'),
    (re.compile(r"(/display\?token=)[\w-]+"), r"\1TOKEN"),
    (re.compile(r"(<code>)[\w-]{20,}(</code>)"), r"\1TOKEN\2"),
    (re.compile(r'(<p class="on-paper">[^<]* · )[^<]+(</p>)'), r"\1NOW\2"),
    (re.compile(r'(<strong class="of-(?:same|past)">)[^<]+(</strong>)'), r"\1NOW\2"),
    (re.compile(r"(back\?asked=)\d+"), r"\1NOW"),
    (re.compile(r"(/static/[\w.]+\?v=)[0-9a-f]{8}\b"), r"\1SUM"),
)
_TODAY = (re.compile(r"(/sharing\?before=)\d+(#log)"), r"\1TODAY\2")


async def hold(house, visit):
    """Have the house as it is during a visit; what was held before is forgotten."""
    entrance = house.site.entrance
    house.forget()
    vars(house.living).update(visit.living)
    held = dict(visit.held)
    house.access.full = held.pop("card_full", False)
    # As many strangers as may wait for their slow hash.
    entrance._strangers_trying = 2 if held.pop("crowded", False) else 0
    presence = PresenceView(**(NOT_OFFERED | held.pop("presence", {})))
    entrance._first = None
    entrance.first.view = lambda _: presence
    if held.pop("asked_by_other", False):
        entrance.first._watch.ask(time.monotonic())
    if held.pop("coded", False) and not house.access.has_code:
        await entrance.make_code()
    vars(house.held).update(held)


class Visitor:
    """Asks the site itself; what a visit made the house hold is forgotten after it."""

    def __init__(self, house):
        self._house, self._tokens = house, {}

    async def ask(self, visit, lang):
        """The answer as a text: status, what it leads to or is, body."""
        house, entrance = self._house, self._house.site.entrance
        await hold(house, visit)
        headers = {"Host": ORIGIN, "Accept-Language": lang}
        form = None if visit.form is None else dict(visit.form)
        if visit.who is Viewer.OWNER:
            cookie = entrance._sessions.open(time.monotonic())
            headers["Cookie"] = f"linky_session={cookie}"
            if form is not None and visit.honest:
                form["form_token"] = entrance._sessions.find(cookie, time.monotonic()).form_token
        elif visit.who:
            headers["Cookie"] = f"linky_display={self._token(visit.who)}"
        return _told(await self._send(visit.path, headers, form, visit.file), visit)

    def _token(self, role):
        access = self._house.access
        if role not in self._tokens:
            self._tokens[role] = access.add_link(role.value, 0, role)
        return self._tokens[role]

    async def _send(self, path, headers, form, file=None):
        body = b""
        if form is not None:
            body = urlencode(form).encode()
            headers |= {"Content-Type": "application/x-www-form-urlencoded", "Origin": f"http://{ORIGIN}"}
        site = self._house.site
        method = "GET" if form is None else "POST"
        asked = Request(site.app, ("192.168.1.20", 50000), method, path, "1.1", headers, body=body)
        if file is not None:
            asked.g.upload = _File(file)
        return await site.answer(asked)


class _File:
    """The file of a form, as ``http.upload`` gives it."""

    def __init__(self, content):
        self._content = content

    async def file(self):
        """Its bytes."""
        yield self._content


def _told(answer, visit):
    kind = answer.headers.get("Content-Type", "")
    body = answer.body.decode() if isinstance(answer.body, bytes) else answer.body
    if visit.name == "sharing, today":
        body = _TODAY[0].sub(_TODAY[1], body)
    return f"{answer.status_code} {kind} {answer.headers.get('Location', '')}\n{_fixed(body)}"


def _fixed(body):
    for pattern, shown in _RANDOM:
        body = pattern.sub(shown, body)
    return body


def _quick(text, salt, n, r, p):
    """A password's hash that takes no time: that the real one does is shown where access is (``test_access``)."""
    return _HASH(text, salt, 2, r, 1)


_HASH = access._scrypt


def quick_passwords():
    """A context in which a password's hash takes no time."""
    return patch.object(access, "_scrypt", _quick)


async def answers(folder, languages=("fr", "en")):
    """Name of each visit -> what was answered, over houses that keep their links in that folder."""
    with quick_passwords():
        return await _answers(folder, languages)


async def _answers(folder, languages):
    found = {}
    for every, lang in product((first_visits, visits), languages):
        house = RecordedHouse(folder / f"{every.__name__}-{lang}.json")
        if every is visits:
            house.access.set_password(PASSWORD)
        visitor = Visitor(house)
        for visit in every():
            name = f"{visit.name} ({lang})"
            assert name not in found, name
            found[name] = await visitor.ask(visit, lang)
    return found


def of_three_years(years):
    """What the pages of the past of ``three_years`` answer."""
    found = {}
    for path in ("/history", "/cost"):
        for period, lang in product(HISTORY if path == "/history" else COST, ("fr", "en")):
            answer, text = years.owner.get(f"{path}?period={period}", Accept_Language=lang)
            found[f"three years: {path[1:]}, {period} ({lang})"] = f"{answer.status} \n{_fixed(text)}"
    return found


def recorded(folder, years):
    """What is answered now."""
    return asyncio.run(answers(folder)) | of_three_years(years)


def sums(texts):
    """Name -> checksum."""
    return {name: hashlib.sha256(text.encode()).hexdigest()[:24] for name, text in texts.items()}


def files():
    """Name -> the file in which the page is kept as a whole, in French."""
    return {f"{name} (fr)": FOLDER / f"{re.sub(r'[^a-z0-9]+', '-', name)}.html" for name in WHOLE}


def main(to=None):
    """Write what is answered now over what was; or each answer as a file into a folder, to compare it."""
    with TemporaryDirectory() as folder, three_years.served(Path(folder), three_years.write(Path(folder))) as years:
        texts = recorded(Path(folder), years)
    if to:
        for name, text in texts.items():
            (Path(to) / re.sub(r"\W+", "-", name)).write_text(text)
        return
    RECORDING.write_text(json.dumps(sums(texts), indent=0, ensure_ascii=False) + "\n")
    for name, file in files().items():
        file.write_text(texts[name] + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
