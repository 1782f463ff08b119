"""A stranger's stanzas do not take a bridge off the federation."""

import asyncio
import re

from gateway.federation.connection.session import Session
from tests.gateway.federation.conftest import QUICK, account
from tests.gateway.federation.hostile import pester


def test_a_bridge_stays_where_it_is(scene, house, federation):
    """4 kB nested 600 deep, thrice: the same session goes on, under a resource that nobody guesses."""
    scene.configure('[warp10]\nurl = "http://127.0.0.1:9"\ntoken_file = "token"\n')
    program = scene.program("warp10")
    pest = Session(account(federation, "pestbridge", federation.domains[0], resource="x"), QUICK)
    origin = asyncio.run(pester(scene.gate(house), lambda: program, pest, program.log.read_text))
    assert re.fullmatch(rf"{re.escape(scene.bridge)}/bridge-[0-9a-f]{{8}}", origin)
