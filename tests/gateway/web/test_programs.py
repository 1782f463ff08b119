"""What programs fetch from the page: figures for Prometheus, pictures for frames; by a link, and nothing without."""

import asyncio
import html
import http.client
import io
import json
import re
from datetime import UTC, datetime

import pytest
from PIL import Image
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse

from gateway.config.tables import WebTable
from gateway.errors import ConfigError
from gateway.live.metrics import CONTENT_TYPE
from gateway.live.topics import as_json
from gateway.upkeep.owner import ProjectOwner
from gateway.web.access.access import PageAccess, Viewer
from gateway.web.home.pages import public
from gateway.web.home.picture import BadPictureError, read_asked
from gateway.web.home.wall_picture import draw
from gateway.web.http.guard import RequestGuard
from gateway.web.page import addresses
from tests.gateway.live.conftest import evening
from tests.gateway.web.conftest import PASSWORD
from tests.gateway.web.stand_in import served


def fetch(port, path):
    """Status and text."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def link(house, kind):
    """The token of a new link of that kind."""
    _, text = house.signed_in.send("/access/displays", own_password=PASSWORD, name=f"a {kind}", kind=kind)
    found = re.findall(r"<code>([^<]+)</code>", text)
    return html.unescape(found[-1]).rpartition("token=")[2]


@pytest.fixture(scope="module")
def tokens(living_house):
    """A token of each kind."""
    return {kind: link(living_house, kind) for kind in ("display", "guest", "scraper")}


def test_prometheus_fetches_the_figures_with_its_token(living_house, tokens):
    """OpenMetrics that its own parser takes, by bearer token or link, complete to the last line."""
    visitor = living_house.visitor()
    for headers, path in (
        ({"Authorization": f"Bearer {tokens['scraper']}"}, "/metrics"),
        ({}, f"/metrics?token={tokens['scraper']}"),
    ):
        answer, text = visitor.get(path, **headers)
        assert (answer.status, answer.headers["Content-Type"]) == (200, CONTENT_TYPE)
        assert answer.headers["Cache-Control"] == "no-store"
        assert text.endswith("\n# EOF\n")
        families = {family.name: family for family in parse(text)}
        assert families["linky_gateway_up"].samples[0].value == 1
        assert families["linky_power_voltamperes"].samples[0].value >= 0
        assert families["linky_disk_free_bytes"].samples[0].value > 0
    assert visitor.cookies == {}
    assert living_house.signed_in.get("/metrics")[0].status == 200


def test_each_token_opens_its_own_door_only(living_house, tokens):
    """R13: without a token nothing, not even a form; a display fetches no figures, a program sees no page."""
    paths = ("/metrics", "/display.png", "/events", "/display", "/", "/links", "/access")
    found = {}
    for kind, token in (*tokens.items(), ("none", ""), ("wrong", "x" * 32)):
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        # A stream would not end.
        asked = [path for path in paths if path != "/events" or kind in {"scraper", "none", "wrong"}]
        found[kind] = {path: living_house.visitor().get(path, **headers)[0].status for path in asked}
    nothing = {"/metrics": 401, "/display.png": 401, "/events": 401, "/display": 303, "/": 303, "/links": 303}
    nothing |= {"/access": 303}
    assert found["none"] == found["wrong"] == nothing
    assert found["scraper"] == nothing | {"/metrics": 200}
    wall = {path: status for path, status in nothing.items() if path != "/events"}
    assert found["display"] == found["guest"] == wall | {"/display.png": 200, "/display": 200}
    assert living_house.visitor().get("/metrics")[0].headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("query", "size", "mode"),
    [
        ("", (800, 480), "RGB"),
        ("w=250&h=122&ink=mono&page=today", (250, 122), "1"),
        ("w=600&h=800&ink=grey", (600, 800), "L"),
    ],
)
def test_a_frame_fetches_a_picture_of_its_size_and_inks(living_house, tokens, query, size, mode):
    """A PNG that nobody keeps; one bit a pixel where that is what the frame has."""
    answer, body = living_house.visitor().get(f"/display.png?token={tokens['display']}&{query}")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "image/png")
    assert answer.headers["Cache-Control"] == "no-store"
    with Image.open(io.BytesIO(body)) as picture:
        assert (picture.size, picture.mode) == (size, mode)
        assert len(picture.convert("L").getcolors(256)) >= 2


@pytest.mark.parametrize(
    "query",
    ["w=127", "h=63", "w=1921", "h=99999999999", "w=-5", "w=1e3", "w=²⁰⁰", "w=", "ink=sepia", "page=../now", "page="],
)
def test_a_picture_that_cannot_be_is_refused_with_a_sentence(query):
    """A frame's owner reads what to write."""
    args = dict(part.partition("=")[::2] for part in query.split("&"))
    with pytest.raises(BadPictureError, match=r"^(w|h|ink|page): write "):
        read_asked(args, "fr", guest=False)


def test_a_wrong_size_and_an_unknown_meter_are_sentences_over_http(living_house, tokens):
    """400 for what cannot be, 404 for what is not there."""
    visitor, start = living_house.visitor(), f"/display.png?token={tokens['display']}"
    for query, status, sentence in (
        ("w=20000", 400, "w: write a number of pixels from 128 to 1920\n"),
        ("meter=barn", 404, "meter: there is none of that name\n"),
    ):
        answer, text = visitor.get(f"{start}&{query}")
        assert (answer.status, text) == (status, sentence)


def test_in_a_public_place_a_picture_tells_nothing_personal(living_house, tokens):
    """No page of links, no part of the subscribed power, neither tariff nor colour, whatever is asked for."""
    start = f"/display.png?token={tokens['guest']}"
    for page in ("links", "tempo", "hours", "solar"):
        assert living_house.visitor().get(f"{start}&page={page}")[0].status == 400
    full = as_json(evening()) | {"overload": True, "alert": True}
    asked = read_asked({}, "fr", guest=True)
    other = {"tariff_kind": "base", "tariff": "BASE", "tempo_today": "red", "cost_today_cents": 5}
    other |= {"subscribed_va": 3000}
    assert draw(asked, [public(full)], 0.0) == draw(asked, [public(full | other)], 0.0)
    assert draw(asked, [public(full)], 0.0) != draw(read_asked({}, "fr", guest=False), [full], 0.0)


def test_what_is_old_is_no_power_of_now():
    """A mute meter's picture is another one; a meter that was never heard has one too."""
    asked = read_asked({"ink": "grey"}, "fr", guest=False)
    now, old, never = (
        as_json(evening()) | change for change in ({}, {"stale": True, "age_s": 90.0}, {"age_s": None, "stale": True})
    )
    assert len({draw(asked, [meter], 0.0) for meter in (now, old, never)}) == 3
    with pytest.raises(ConfigError, match="none of that name"):
        draw(read_asked({"meter": "barn"}, "fr", guest=False), [now], 0.0)


def test_without_pillow_there_is_no_picture_and_a_sentence(tmp_path):
    """404, and how to get it; the figures and the rest are served all the same."""
    access = PageAccess(tmp_path / "page.json")
    access.set_password("nobody asks for it")
    wall, program = access.add_link("wall", 0), access.add_link("prometheus", 0, Viewer.SCRAPER)

    async def scenario():
        async with served(tmp_path, RequestGuard(frozenset())) as port:
            paths = (f"/display.png?token={wall}", f"/metrics?token={program}")
            return [await asyncio.to_thread(fetch, port, path) for path in paths]

    picture, figures = asyncio.run(scenario())
    assert picture == (404, "pages need Pillow, which is not installed: apt install python3-pil\n")
    assert figures[0] == 200
    assert figures[1].endswith("# EOF\n")


def test_r4_whoever_is_at_home_finds_to_whom_a_weakness_is_reported(tmp_path):
    """R4: security.txt, before a password too; where nobody has said a contact there is no such page."""

    async def scenario(security_txt):
        async with served(tmp_path, RequestGuard(frozenset()), security_txt=lambda: security_txt) as port:
            return await asyncio.to_thread(fetch, port, "/.well-known/security.txt")

    text = ProjectOwner(security_contact="mailto:security@example.org").security_txt(datetime.now(UTC))
    assert asyncio.run(scenario(text)) == (200, text)
    assert "Contact: mailto:security@example.org\nExpires: " in text
    assert asyncio.run(scenario(""))[0] == 404


def test_who_stands_before_the_gateway_is_shown_its_address_and_a_code_once(new_house, tmp_path):
    """The file for the screen: with a code that sets the first password, and after that never one again."""
    file = tmp_path / "answer.json"
    done = new_house.command("page", "welcome", "--to", str(file))
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    told = json.loads(file.read_text())
    assert oct(file.stat().st_mode & 0o777) == "0o640"
    assert told["addresses"] == []
    fields = {"code": told["code"], "password": PASSWORD, "again": PASSWORD}
    assert new_house.visitor().post("/setup", fields)[0].status == 303
    assert new_house.command("page", "welcome", "--to", str(file)).returncode == 0
    assert json.loads(file.read_text()) == {"addresses": [], "code": None}
    assert told["code"] not in new_house.process.log.read_text()
    assert [one.name for one in tmp_path.iterdir() if "answer" in one.name] == ["answer.json"]


@pytest.mark.parametrize(
    ("listen", "names", "found"),
    [
        ("192.168.1.20:8080", (), ["http://linky.local:8080", "http://192.168.1.20:8080"]),
        ("127.0.0.1:8080", ("linky.example.org",), ["https://linky.example.org"]),
        ("localhost:8080", (), []),
    ],
)
def test_the_page_knows_how_it_is_called(listen, names, found):
    """By name and number in the network of the house; behind a proxy by the proxy's name."""
    assert addresses(WebTable(listen=listen, names=names), lambda _: "linky.local") == found


def test_links_of_an_older_gateway_go_on_working(tmp_path):
    """The file as it was before programs had links."""
    access = PageAccess(tmp_path / "page.json")
    token = access.add_link("hall", 0, Viewer.GUEST)
    text = (tmp_path / "page.json").read_text()
    (tmp_path / "page.json").write_text(text.replace(',"scraper":false', ""))
    assert '"scraper"' not in (tmp_path / "page.json").read_text()
    assert PageAccess(tmp_path / "page.json").role_of(token) is Viewer.GUEST
