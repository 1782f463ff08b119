"""Whatever a household can open and send, with a keyboard alone, without scripts, and as axe-core judges it.

The pages and the forms are those of the site's routes, in the states that are recorded (``recorded``), served by the
real server: one that is added is looked at here at once.
"""

import asyncio
import json
import re
import urllib.request
from zlib import crc32

import pytest

from gateway.web.access.access import Viewer
from tests.gateway.web.keys import RECORD, walk
from tests.gateway.web.looks import AXE, CUT_OFF, VIOLATIONS
from tests.gateway.web.recorded.record import PASSWORD, answers
from tests.gateway.web.recorded.served import served
from tests.gateway.web.recorded.visits import first_visits, visits
from tests.gateway.web.test_recorded import NO_PAGE

pytestmark = pytest.mark.slow

# The encrypted page of the recorded house is nowhere: nobody in this network is asked for it.
BROWSER_OPTIONS = ("--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",)
PHONE, DESK = (390, 844), (1440, 900)
WAYS = ((PHONE, False, "fr"), (DESK, True, "en"))
EVERY = [*first_visits(), *visits()]
# What is taken along or asked for by a program.
FILES = {
    *("/static/<name>", "/history/data", "/history/csv", "/places/csv", "/https/seen", "/ca.crt", "/worker.js"),
    *(
        "/settings/updates/ended",
        "/settings/boards/changed",
        "/manifest.webmanifest",
        "/settings/backup/file",
        "/settings/backup/back",
        "/settings/data/archive",
    ),
}
# There is none in clear: test_device_in_browser looks at it.
ENCRYPTED = "/settings/notices/device"
FIRST = {one.name for one in first_visits()}


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """Name of each visit -> what is answered, in French."""
    texts = asyncio.run(answers(tmp_path_factory.mktemp("told"), ("fr",)))
    return {name.removesuffix(" (fr)"): text for name, text in texts.items()}


@pytest.fixture(scope="module")
def houses(tmp_path_factory):
    """A house that has a password, and one that has none yet."""
    with served(tmp_path_factory.mktemp("set")) as one, served(tmp_path_factory.mktemp("new"), password=False) as new:
        for house in (one, new):
            # The parts come with the first who asks.
            urllib.request.urlopen(f"{house.url}/login").close()
        yield {True: one, False: new}


def house_of(houses, visit):
    return houses[visit.name not in FIRST]


def is_page(text):
    return " text/html" in text.partition("\n")[0] and "<html" in text


def by_route(houses, method):
    """Pattern -> the visits to it; one that nobody visits is in no list (``test_recorded`` tells it)."""
    found = {}
    for pattern in houses[True].routes(method):
        asked = [one for one in EVERY if (one.form is None) == (method == "GET")
                 and pattern.match(one.path.partition("?")[0]) is not None]  # fmt: skip
        found[pattern.url_pattern] = asked
    return found


def pages(houses, told):
    """Of each route of a GET the page that has most on it; what is no page is named."""
    found, none = [], set()
    for pattern, asked in by_route(houses, "GET").items():
        shown = [one for one in asked if is_page(told[one.name]) and told[one.name].startswith("200")]
        found += sorted(shown, key=lambda one: -told[one.name].count("<"))[:1]
        none |= set() if shown else {pattern}
    assert none == NO_PAGE | FILES | {ENCRYPTED}
    return found


def enter(browser, house, visit):
    """Be whoever comes to that page, and have the house as it is then."""
    browser.forget()
    if visit.who:
        browser.cookie(house.url, "linky_session", house.session())
    house.hold(visit)


def faults(browser, house, visit, way):
    """What is wrong with a page, looked at in one way, and how many stops a keyboard makes there."""
    (width, height), dark, language = way
    enter(browser, house, visit)
    browser.dark(on=dark)
    browser.complaints.clear()
    with browser.beforehand(RECORD):
        browser.open(house.url + visit.path, width=width, height=height, language=language)
        browser.evaluate(AXE)
        wrong = [*browser.evaluate(VIOLATIONS), *browser.evaluate(CUT_OFF)]
        missing, stops = walk(browser)
        complaints = [one for one in browser.complaints if "ERR_NAME_NOT_RESOLVED" not in one]
    # A page left open would go on asking.
    browser.open("about:blank")
    return [*wrong, *missing, *complaints], stops


def test_every_page_is_for_everybody(browser, houses, told):
    """By the tabulator whatever can be pressed is reached, seen and pressed; axe-core is content with each page."""
    looked, wrong, stops = pages(houses, told), {}, {}
    for visit in looked:
        way = WAYS[crc32(visit.path.encode()) % 2]
        found, stops[visit.name] = faults(browser, house_of(houses, visit), visit, way)
        wrong[f"{visit.name} {way}"] = found
    print(f"{len(looked)} pages, {sum(stops.values())} stops")
    wrong = [f"{name}: {one}" for name, found in wrong.items() for one in found]
    assert not wrong, "\n".join(wrong)
    assert len(looked) > 50
    # On a wall there is nothing to press.
    assert {name for name, count in stops.items() if not count} == {"display, for owner"}


@pytest.mark.campaign
@pytest.mark.parametrize("way", WAYS, ids=["phone-light-fr", "desk-dark-en"])
def test_every_page_in_every_state_is_for_everybody(browser, houses, told, way):
    """All that are recorded and not led elsewhere, in both ways."""
    wrong = []
    for visit in EVERY:
        owned = visit.who in {None, Viewer.OWNER}
        if visit.form is None and owned and is_page(told[visit.name]) and told[visit.name].startswith("200"):
            found, _ = faults(browser, house_of(houses, visit), visit, way)
            wrong += [f"{visit.name}: {one}" for one in found]
    assert not wrong, "\n".join(wrong)


# What a program sends: a device asks its own browser first, and undoing is offered for ten seconds. A file is brought
# to the running daemon alone (test_restore).
ELSEWHERE = {"/settings/notices/device", "/sharing/spare", "/settings/backup/restore"}
# What a person types, by the name of the field; a password where one is asked for. Else a word.
TYPED = {
    "subscription": "15,59", "jid": "moi@sen1.test", "value": "520", "host": "192.168.1.20",
    "link": f"http://linky.local/#1{'A' * 200}", "mailbox": "moi@exemple.fr", "address": "moi@sen1.test",
}  # fmt: skip
# Of each button that sends something: where to.
FORMS = """[...document.querySelectorAll("button, input[type=submit]")].map((one) => one.form
  && (one.getAttribute("formmethod") ?? one.form.method).toLowerCase() === "post"
  && new URL(one.getAttribute("formaction") ?? one.form.getAttribute("action") ?? "", location.href).pathname)"""
# Take the form of a button, its fold open; what has to be filled in: number, kind, name of each field.
TAKE = """((number, typed) => {
  window.pressed = document.querySelectorAll("button, input[type=submit]")[number];
  for (let fold = pressed.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
  window.fields = [...pressed.form.elements];
  return fields.map((one, place) => [place, one.type, one.name, one.willValidate
    && (one.type === "radio" ? !fields.some((other) => other.name === one.name && other.checked)
      : one.type === "checkbox" ? !one.checked : !one.value && (one.required || typed.includes(one.name)))])
    .filter(([, , , empty]) => empty);
})"""
MISSING = (
    "fields.filter((one) => !one.checkValidity()).map((one) => `${one.name} (${one.type}): ${one.validationMessage}`)"
)


def fill(browser, number, typed, file):
    """Fill in what a form asks for, with keys; of each choice the first, and each yes."""
    chosen = set()
    for place, kind, name, _ in browser.evaluate(f"{TAKE}({number}, {json.dumps([*typed])})"):
        if kind in {"radio", "checkbox"}:
            if kind == "checkbox" or name not in chosen:
                browser.evaluate(f"fields[{place}].focus()")
                browser.key("Space")
            chosen.add(name)
        elif kind in {"date", "number", "select-one"}:
            # The browser's own field, with a way of its own for keys.
            value = {"date": "2026-01-14", "number": "3"}.get(kind)
            browser.evaluate(f"fields[{place}].value = {json.dumps(value)} ?? fields[{place}].options[1]?.value")
        elif kind == "file":
            browser.choose(f"[name={name}]", file)
        else:
            browser.evaluate(f"fields[{place}].focus()")
            browser.type(PASSWORD if kind == "password" else typed.get(name, "0,2" if "price" in name else "salon"))


def send(browser, number, typed, file):
    """Fill in a form and press Enter on its button; what is wrong with the answer."""
    fill(browser, number, typed, file)
    # The browser sends no form of which it would say that something is missing.
    if missing := browser.evaluate(f"pressed.formNoValidate ? [] : {MISSING}"):
        return f"the browser asks for {missing}"
    browser.evaluate("pressed.focus()")
    browser.enter()
    status, heading = browser.evaluate(
        "[performance.getEntriesByType('navigation')[0].responseStatus, document.querySelector('h1')?.innerText]"
    )
    return None if status == 200 and heading else f"{status}: {browser.evaluate('document.body.innerText')[:300]}"


def begun(left, sent):
    """Those that were sent of things of which a step is left."""
    things = {route.url_pattern.rpartition("/")[0] for route in left}
    return [route for route in sent if route.url_pattern.rpartition("/")[0] in things]


def next_form(browser, left, sent):
    """The first form of the page that is left; else one that was sent and from where another step may be left."""
    forms = [(number, path) for number, path in enumerate(browser.evaluate(FORMS)) if path]
    for routes in (left, begun(left, sent)):
        for number, path in forms:
            for route in routes:
                if route.match(path) is not None:
                    return number, route
    return None


def crawl(browser, house, visit, paths, left, file):
    """Send from that page and from where it leads to, of these paths, each form that is left; route -> its fault."""
    found, typed = {}, TYPED | ({} if visit.who else {"code": house.code()})
    before = None

    def may_lead():
        routes = [*left, *begun(left, found)]
        return before != len(left) and any(one.match(path) is not None for path in paths for one in routes)

    while may_lead():
        before = len(left)
        enter(browser, house, visit)
        browser.open(house.url + visit.path, width=PHONE[0], height=PHONE[1])
        # No thing has more steps.
        for _ in range(6):
            if (form := next_form(browser, left, found)) is None:
                break
            number, route = form
            found[route] = send(browser, number, typed, file)
            if route in left:
                left.remove(route)
            if found[route]:
                break
    return found


def test_every_form_is_sent_without_a_script(browser, houses, told, tmp_path):
    """With the keyboard alone, from a page on which it stands: what is asked for is filled in, and it is done."""
    (tmp_path / "brought").write_bytes(b"brought")
    left = [one for one in houses[True].routes("POST") if one.url_pattern not in ELSEWHERE]
    many, found = len(left), {}
    shown = [*pages(houses, told), *(one for one in EVERY if one.form is None and is_page(told[one.name]))]
    shown = [one for one in shown if "fault" not in one.held]
    browser.scripts(on=False)
    try:
        for visit in shown:
            text = told[visit.name]
            paths = (
                {visit.path.partition("?")[0], *re.findall(r'action="([^"?]*)', text)}
                if 'method="post"' in text
                else ()
            )
            found |= crawl(browser, house_of(houses, visit), visit, paths, left, tmp_path / "brought")
    finally:
        browser.scripts(on=True)
        browser.open("about:blank")
    wrong = [f"{route.url_pattern}: {fault}" for route, fault in found.items() if fault]
    wrong += [f"{one.url_pattern}: no page leads to it" for one in left]
    assert not wrong, "\n".join(wrong)
    assert len(found) == many > 60
