"""The page *sharing* between two real servers: asked for by a recipient, answered with less at the page, withdrawn."""

import asyncio
import json
import re
import time
from datetime import datetime

from gateway.control.messages import PageCode
from gateway.control.running import ask as ask_daemon
from gateway.federation.connection.session import Session
from gateway.federation.wire.form import parse_result
from harness.accounts import FAR, HOME
from harness.points import GATEWAYS, rows
from meter.process import SimulatedMeter
from servers import free_port, wait_until
from tests.gateway.federation.conftest import QUICK, running
from tests.gateway.web.conftest import PASSWORD, Visitor
from tests.integration.processes import House
from tests.integration.test_asking import FORM, Asker, login

POWER = "consumption/power/apparent"
WAIT_S = 60


class Page:
    """The household's browser, and what its daemon stored and a recipient got."""

    def __init__(self, home, port):
        self.home, self._visitor = home, Visitor(port)
        code = ask_daemon(home.folder / "data" / "control.sock", PageCode())
        answer, text = self._visitor.post("/setup", {"code": code, "password": PASSWORD, "again": PASSWORD})
        assert answer.status == 303, text
        self.get, self.send = self._visitor.get, self._visitor.send

    def minute(self):
        """The beginning of the newest minute that was stored whole."""
        return rows(self.home.folder / GATEWAYS, "SELECT max(time) FROM minute WHERE closed = 1")[0][0] or 0

    def answer_with_less(self, number):
        """Minutes of the power, as they come; what the household was asked for is every value of all."""
        path = f"/sharing/requests/{number}"
        _, text = self.send(f"{path}/what", purpose="1")
        (field,) = re.findall(rf'name="(data\d+)" value="{POWER}"', text)
        ticks = {field: POWER, "granularity": "PT1M", "purpose": "1", "period": "asked", "push": "1"}
        answer, text = self.send(f"{path}/text", **ticks)
        assert answer.status == 200, text
        shown = re.search(r'name="hash" value="([0-9a-f]{64})"', text)[1]
        answer, _ = self.send(f"{path}/yes", **ticks, hash=shown, lang="fr", own_password=PASSWORD)
        assert answer.headers["Location"] == "/sharing?done=given"


def got(process):
    """What a recipient printed."""
    lines = process.log.read_text().splitlines()
    return [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]


async def ask(servers):
    """A stranger asks for every value of all that is consumed; the number of the request."""
    session = Session(login(servers, FAR, "asker"), QUICK)
    async with running(session):
        await session.connected.wait()
        end = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 300 * 86400))
        answer = await Asker(session).do("request_access", **FORM | {"granularity": "raw", "until": end})
    return int(parse_result(answer)["request"])


def test_r20_r21_r22_from_a_question_to_a_withdrawal_at_the_page(federation, tmp_path):
    """R20: nothing before the yes. R21: only what was ticked, at that granularity. R22: withdrawn, nothing more."""
    port = free_port()
    tty, web = tmp_path / "ttyTIC", f'[web]\nlisten = "127.0.0.1:{port}"\n'
    home = House(tmp_path / "house", federation, tty, extra=web)
    with SimulatedMeter(tty, speed=60, seed=1, mode="standard"), home.gateway("DEBUG") as gateway:
        wait_until(lambda: "the page is served" in gateway.log.read_text(), WAIT_S, "the page")
        page = Page(home, port)
        wait_until(lambda: "connected to the federation" in gateway.log.read_text(), WAIT_S, "the federation")
        with home.recipient() as recipient:
            wait_until(lambda: "refuses" in recipient.log.read_text(), WAIT_S, "a refusal")
            number = asyncio.run(ask(federation))
            _, text = page.get("/sharing")
            assert "La Coop" in text
            assert f"/sharing/requests/{number}" in text
            asked_at = page.minute()
            wait_until(lambda: page.minute() > asked_at, WAIT_S, "minutes that nobody may have")
            assert got(recipient) == []
            assert recipient.stop() == 0
        page.answer_with_less(number)
        with home.recipient() as recipient:
            wait_until(lambda: len(got(recipient)) >= 2, WAIT_S, "minutes")
            answer, _ = page.send("/sharing/withdraw", recipient=FAR)
            last = page.minute()
            assert answer.headers["Location"] == "/sharing?done=withdrawn"
            wait_until(lambda: page.minute() > last + 60, WAIT_S, "minutes after the withdrawal")
            wait_until(lambda: "confirmé le" in page.get("/sharing")[1], WAIT_S, "the erasure is confirmed")
            received = got(recipient)
        log = gateway.log.read_text()
    times = [int(datetime.fromisoformat(row["time"]).timestamp()) for row in received]
    found = {(row["name"].removeprefix(f"{HOME}/ab12@sen1.test/"), row["granularity"]) for row in received}
    # Of what was ticked there is a maximum of the day too, which a meter says that came over midnight meanwhile.
    assert found - {(f"{POWER}/max", "P1D")} == {(f"{POWER}/raw", "PT1M")}
    assert {time % 60 for time in times} == {0}
    assert max(times) <= last
    assert "Traceback" not in log
