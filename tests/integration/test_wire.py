"""The wire document, held to its word: each example is sent as it stands there, and answered as it stands there."""

import asyncio
import time
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

import pytest

from gateway.consent.text import day
from gateway.store.recorder import Recorder
from harness.accounts import HOME
from harness.house import in_this_process
from meter.process import SimulatedMeter
from tests.gateway.federation.conftest import PRM
from tests.gateway.federation.conftest import House as Filled
from tests.gateway.store.conftest import frame
from tests.integration.processes import House
from tests.integration.wire_document import PLACES, Comparer, Conversation, Post, account, names, parsed, steps
from tests.wire_schema import can_validate, faults

PARTS = ("gateway", "errors", "collector", "recipient")
# What the document's history is of: an hour of a Sunday, and the minute after it.
FIRST = int(datetime(2026, 3, 1, 0, tzinfo=UTC).timestamp())
# A consent's last day, within three years of whenever this is run; in summer, as the document's.
DAY = f"{time.gmtime().tm_year + 1}-05-31"
END = datetime.fromisoformat(f"{DAY}T22:00Z").timestamp()
PUT = PLACES | {"2027-05-31": DAY, "1811800800": f"{END:.0f}"}
# The day on which the document was written.
WRITTEN = "2026-11-30"


class Home:
    """The gateway's folder, an hour of the document's history, and the household's hand."""

    def __init__(self, folder, servers, meter):
        extra = "raw_hours = 876600\nminute_days = 36525\n"
        self.house = House(folder, servers, folder / "ttyTIC")
        text = self.house.config.read_text()
        text = text.replace('sensor = "ab12"', f'sensor = "ab12"\nprm = "{PRM}"')
        self.house.config.write_text(text.replace("commit_interval_s", f"{extra}commit_interval_s"))
        self._meter = meter
        (folder / "data").mkdir()
        filled = Filled(folder / "data")
        filled.store.meters.add("house", "ab12")
        _fill(filled.store)
        filled.store.close()

    def do(self, words):
        """What the document says is done: of the meter, or a command of the household."""
        first, _, rest = words.partition(" ")
        if first == "meter":
            self._meter.command(rest)
            return
        code, _, said = in_this_process(*words.split(), "--config", self.house.config)
        assert code == 0, said


def _fill(store):
    """An hour and a minute, a value of power and one of the index each half minute."""
    recorder = Recorder("house", {})
    for half in range(122):
        recorder.add(frame(FIRST + 30 * half, power=450 + half % 4 * 10, index=12_345_600 + 4 * half))
    store.batches.write([recorder.take()], FIRST + 122 * 30)


def test_the_comparison_finds_what_is_not_as_printed():
    """Another value, one more or less, another order; what varies by its form, what recurs by what it was before."""
    printed = "<message id='notice-5d1f0c3e-1'><a x='1'>t…</a><outbox epoch='5d1f0c3e'/></message>"
    came = "<message id='notice-00000000-1'><a x='1'>text</a><outbox epoch='00000000'/></message>"
    assert differs(printed, came) is None
    for right, wrong in (
        ("x='1'", "x='2'"),
        ("x='1'", "x='1' y=''"),
        ("text", "word"),
        ("<a x='1'>text</a>", ""),
        ("epoch='00000000'", "epoch='00000001'"),
        ("notice-00000000-1", "notice-00000000-2"),
        ("epoch='00000000'", "epoch='0'"),
        ("<outbox", "<b/><outbox"),
    ):
        assert differs(printed, came.replace(right, wrong)), wrong


def test_json_is_compared_as_json():
    """Whatever its spaces and the order of its names; what is left out may be anything, what is there may not."""
    printed = """<x><json xmlns='urn:xmpp:json:0'>{"a": ["…", {"b": 1}, "…"], "c": {"d": "…"}}</json></x>"""
    came = """<x><json xmlns='urn:xmpp:json:0'>{"c":{"d":[2]},"a":["x",{"b":1},3,4]}</json></x>"""
    assert differs(printed, came) is None
    for right, wrong in (
        ('"b":1', '"b":2'),
        ('"b":1', '"e":1'),
        (',{"b":1},3,4', ""),
        ('"d":[2]', ""),
        ('{"b":1}', "[1]"),
    ):
        assert differs(printed, came.replace(right, wrong)), wrong
    assert differs("<x><a>…</a></x>", "<x><a><b/></a></x>") is None
    assert differs("<x><a/></x>", "<x><a><b/></a></x>")


def differs(printed, came):
    return Comparer({}).differs(parsed(printed), parsed(came))


@pytest.mark.skipif(not can_validate(), reason="lxml is not installed")
def test_the_schema_has_the_form_of_every_example():
    """And of nothing else: an attribute, a value, an element that is not there is found."""
    printed = [parsed(step.text) for part in PARTS for step in steps(part) if step.kind != "done"]
    assert [fault for stanza in printed for fault in faults(stanza)] == []
    held = "\n".join(ET.tostring(stanza, "unicode") for stanza in printed)
    for right, wrong in (
        ('kind="data-erased"', 'kind="data-lost"'),
        ('granularity="raw"', 'granularity="PT5M"'),
        ('profile="dcat"', 'profile="voaf"'),
        ('state="claimed"', 'state="claimed" why="used"'),
        ('invented="true"', 'invented="false"'),
        (' bver="26"', ' bver="42"'),
        (' v="450"', ""),
        (' epoch="5d1f0c3e"', ""),
    ):
        assert right in held
        changed = [parsed(ET.tostring(s, "unicode").replace(right, wrong)) for s in printed]
        assert [fault for stanza in changed for fault in faults(stanza)], wrong


def test_every_example_is_sent_or_compared():
    """None stands outside the conversations: nobody would notice that it is wrong."""
    held = [step.name for part in PARTS for step in steps(part) if step.kind != "done"]
    assert sorted(held) == sorted(names())
    assert len(held) == len(set(held))


@pytest.mark.slow
def test_the_examples_are_sent_and_answered_as_printed(federation, tap, tmp_path):
    """Every stanza of the document, from the first question to the withdrawal, with a daemon between two servers."""
    addresses = ("coop@coop.example/archive", "stranger@coop.example/desk", "installer@coop.example/van")
    posts = {address: Post(account(federation, address)) for address in addresses}
    with SimulatedMeter(tmp_path / "ttyTIC", seed=1, mode="standard", load=450, prm=PRM) as meter:
        meter.command("unplug")
        home = Home(tmp_path, federation, meter)
        with home.house.gateway() as gateway:
            home.house.await_link("xmpp", "ok")
            # Of a meter that speaks, what was read goes up to now.
            put = PUT | {WRITTEN: day(int(time.time()))}
            asyncio.run(Conversation(("gateway", "errors"), posts, home.do, put).hold())
            assert gateway.stop() == 0
    # What its server has written down is held to the schema when this module ends.
    assert {stanza.get("from") for stanza in tap.stanzas()} >= {f"{HOME}/proxy"}
