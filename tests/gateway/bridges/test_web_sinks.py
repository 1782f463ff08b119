"""BMHS and Warp 10: small receivers that read requests as those servers' own code does.

Neither server is here: BMHS is a Grails 2 application, Warp 10 is not in Debian. What the receivers ask for is what the
public sources of BMHS (``DeviceApiService``, ``PushCommand``, ``FetchCommand``) and Warp 10's documents say.
"""

import json
import re
import threading
from contextlib import contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

import pytest

from gateway.bridges.bmhs import BmhsSink
from gateway.bridges.config import BmhsTable, BridgedHouseholdTable, Warp10Table
from gateway.bridges.core import Value
from gateway.bridges.warp10 import Warp10Sink
from gateway.errors import BridgeError
from servers import free_port
from servers.ports import HOST

START = 1_561_629_600  # of the example in BMHS's documents
HOUSEHOLD = BridgedHouseholdTable(name="ab-12", gateway="gw@x.test/proxy", identifier="gw@x.test/a@x.test")
INDEX, POWER = "consumption/energy/active/index", "consumption/power/apparent/raw"


def value(path, at, said, unit="", granularity="raw"):
    """One value of the household."""
    return Value(HOUSEHOLD, path, path, granularity, at, said, unit, f"gw@x.test/a@x.test/{path}")


class Bmhs2019:
    """What the server does with a request: authenticate, find or make the device, keep every number it is sent."""

    token = "token-of-the-account"

    def __init__(self):
        self.stored, self.units, self.pages, self.lost_answers = [], {}, 0, 0

    def answer(self, path, headers, body):
        asked = json.loads(body)
        assert headers["Content-Type"] == "application/json"
        if headers["Authorization"] != self.token or asked["application"] != "linky":
            return 500, "Authentication failed"
        return {"/api/device/push": self._push, "/api/device/fetch": self._fetch}[path](asked)

    def _push(self, asked):
        assert set(asked) <= {"application", "name", "metaname", "unite", "datas"}
        assert asked["datas"], "datas are required !"
        self.units[asked["metaname"]] = asked.get("unite")
        for row in asked["datas"]:
            assert set(row) == {"value", "timestamp"}
            if re.fullmatch(r"-?[0-9.]+", str(row["value"])):
                self.stored.append((asked["name"], asked["metaname"], int(row["timestamp"]), float(row["value"])))
        if self.lost_answers:
            self.lost_answers -= 1
            return None
        return 200, ""

    def _fetch(self, asked):
        mine = [row for row in self.stored if row[0] == asked["name"]]
        if not mine:
            return 500, f"Device {asked['name']} not found !"
        # "2019-06-27T10:00:00Z" in the server's own time zone, whatever the Z says.
        texts = [asked[key].replace("Z", "+02:00") for key in ("start", "end")]
        limits = [1000 * int(datetime.fromisoformat(text).timestamp()) for text in texts]
        rows = sorted(row for row in mine if row[1] == asked["metaname"] and limits[0] <= row[2] <= limits[1])
        page = rows[asked["offset"] : asked["offset"] + 7]
        self.pages += 1
        datas = [{"value": said, "timestamp": at} for _, _, at, said in page]
        return 200, json.dumps({"count": len(rows), "size": len(page), "offset": asked["offset"], "datas": datas})


class Warp:
    """Reads lines as Warp 10's update does: all of them, or none; the same series and tick is the same point."""

    line = re.compile(r"(\d+)/[\d.]*:?[\d.]*/\d* ([^ {]+)\{([^}]*)\} (\S+|'[^']*')")

    def __init__(self):
        self.points = {}

    def answer(self, path, headers, body):
        assert path == "/api/v0/update"
        if headers["X-Warp10-Token"] != "write":
            return 403, "Invalid token"
        found = [self.line.fullmatch(line) for line in body.decode().splitlines()]
        assert all(found), body
        for ticks, name, labels, said in (match.groups() for match in found):
            pairs = tuple(sorted(tuple(map(unquote, pair.split("=", 1))) for pair in labels.split(",")))
            self.points[name, pairs, int(ticks)] = unquote(said[1:-1]) if said[0] == "'" else float(said)
        return 200, ""


@contextmanager
def served(application):
    """The application at a port of its own; its URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            answer = application.answer(self.path, self.headers, body)
            if answer is None:
                # It is kept, and the answer is lost on the way.
                self.close_connection = True
                return
            status, text = answer
            self.send_response(status)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer((HOST, free_port()), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://{HOST}:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_bmhs_has_indexes_and_states_once_even_when_an_answer_was_lost():
    """By the names of its own agent, in milliseconds; what it kept without answering is found there, page by page."""
    bmhs = Bmhs2019()
    sent = [value(INDEX, START + 60 * n, 1000 + n, "Wh") for n in range(20)]
    sent += [value(POWER, START + 60 * n, 230.5, "VA") for n in range(20)]
    left_out = value("consumption/energy/active/daily", START, 12, "Wh", "P1D")
    with served(bmhs) as url:
        sink = BmhsSink(BmhsTable(url=f"{url}/", application="linky"), bmhs.token)
        assert sink.missing(sent) == sent
        bmhs.lost_answers = 1
        with pytest.raises(BridgeError, match="cannot be reached"):
            sink.send([*sent, left_out])
        assert sink.missing([*sent, left_out]) == sent[20:]
        sink.send(sink.missing(sent))
        assert sink.missing(sent) == []
        corrected = value(INDEX, START, 999, "Wh")
        assert sink.missing([corrected, sent[1]]) == [corrected]
    assert bmhs.stored == [
        ("ab-12", name, 1000 * (START + 60 * n), said)
        for name, numbers in (("east", range(1000, 1020)), ("papp", [230.5] * 20))
        for n, said in enumerate(map(float, numbers))
    ]
    assert bmhs.units == {"east": "Wh", "papp": "VA"}
    assert bmhs.pages >= 6


def test_bmhs_is_told_a_text_and_its_refusal_is_a_sentence_without_the_token():
    """A tariff's name is a state without a unit."""
    bmhs = Bmhs2019()
    with served(bmhs) as url:
        text = value("contract/tariff", START, "HC")
        BmhsSink(BmhsTable(url=url, application="linky"), bmhs.token).send([text])
        assert bmhs.units == {"ptec": None}
        with pytest.raises(BridgeError, match="answers 500 Authentication failed") as refused:
            BmhsSink(BmhsTable(url=url, application="linky"), "secret").send([text])
    assert "secret" not in str(refused.value)


def test_warp10_has_each_point_once_under_the_names_of_2019():
    """The load curve is ``pride.enedis.cdc`` with the label PRM; a batch that is sent twice changes nothing."""
    warp = Warp()
    curve = "consumption/power/active/raw"
    sent = [value(curve, START + 1800 * n, 720, "W", "PT30M") for n in range(3)]
    sent += [value("contract/tariff", START + 0.5, "H. CREUSE 'été'", "")]
    with served(warp) as url:
        sink = Warp10Sink(Warp10Table(url=url), "write")
        assert sink.missing(sent) == sent
        for _ in range(2):
            sink.send(sent)
        with pytest.raises(BridgeError, match="answers 403 Invalid token; check the token"):
            Warp10Sink(Warp10Table(url=url), "read").send(sent)
    labels = tuple(sorted([("PRM", "ab-12"), ("granularity", "PT30M"), ("unit", "W"), ("sensor", "a")]))
    assert "@" not in repr(warp.points)
    assert [(key, said) for key, said in warp.points.items() if key[0] == "pride.enedis.cdc"] == [
        (("pride.enedis.cdc", labels, (START + 1800 * n) * 10**6), 720.0) for n in range(3)
    ]
    (text,) = [(key[2], said) for key, said in warp.points.items() if key[0] == "linky.contract.tariff"]
    assert text == (START * 10**6 + 500_000, "H. CREUSE 'été'")
    assert Warp10Sink(Warp10Table(url=url, units="ms"), "").line(sent[0]).startswith(f"{START * 1000}// ")


def test_a_token_is_not_taken_to_another_address():
    """A redirect is an error like every other."""

    class Moved:
        def answer(self, path, headers, body):
            return 302, "elsewhere"

    with served(Moved()) as url, pytest.raises(BridgeError, match="answers 302"):
        Warp10Sink(Warp10Table(url=url), "write").send([value(INDEX, START, 1)])
