"""What the operator's documents and the commented configuration say is so."""

import re
import tomllib
from dataclasses import replace

import msgspec

from gateway.bridges.config import load
from gateway.bridges.program import PASSWORD_CREDENTIAL, TOKEN_CREDENTIAL
from tests.gateway.bridges.test_web_sinks import START, served, value
from tests.markdown import ROOT, read
from tests.units.files import unit

SHIPPED = ROOT / "systemd" / "bridge.toml"


def test_the_example_of_a_new_bridge_runs():
    """As it stands in the document: at most 60 lines; a line of InfluxDB's protocol for each number, spaces escaped."""

    class Influx:
        def __init__(self):
            self.bodies = []

        def answer(self, path, headers, body):
            assert headers["Authorization"] == "Token t"
            assert path == "/api/v2/write?org=ORG&bucket=BUCKET&precision=ns"
            self.bodies.append(body.decode())
            return 204, ""

    (block,) = (block for block in read("gateway/bridges/README.md")[0] if "class InfluxSink" in block.text)
    assert len(block.text.splitlines()) <= 60
    names = {}
    exec(block.text, names)
    influx = Influx()
    table = next(block.text for block in read("gateway/bridges/README.md")[0] if '"InfluxSink"' in block.text)
    query = tomllib.loads(table)["own"]["given"]["url"].partition("/api/")[2]
    with served(influx) as url:
        sink = names["InfluxSink"](f"{url}/api/{query}", "t")
        sent = [value("consumption/power/apparent/raw", START, 230), value("contract/tariff", START, "HC")]
        hall = msgspec.structs.replace(sent[0].household, name="Salle polyvalente")
        sink.send(sink.missing([*sent, *(replace(one, household=hall) for one in sent)]))
        sink.send([sent[1]])  # words alone: nothing is sent
    lines = [
        f"consumption.power.apparent.raw,household={name},granularity=raw value=230 {START * 10**9}"
        for name in ("ab-12", r"Salle\ polyvalente")
    ]
    assert influx.bodies == ["\n".join(lines)]


def test_the_commented_configuration_is_accepted_and_says_the_defaults(tmp_path):
    """As it is, and with every comment that is a key taken in."""
    as_it_is = load(SHIPPED)
    text = re.sub(r"(?m)^#([a-z_]+ = )", r"\1", SHIPPED.read_text())
    file = tmp_path / "bridge.toml"
    file.write_text(text)
    everything = load(file)
    assert everything.keep_days == as_it_is.keep_days
    # One that is written is an example: without it there is another at each start.
    assert (as_it_is.federation.resource, everything.federation.resource) == (None, "bridge")
    for table in ("bridge", "group", "language", "history", "trends", "server"):
        assert getattr(everything.zabbix, table) == getattr(as_it_is.zabbix, table)
    assert everything.warp10.units == as_it_is.warp10.units
    assert everything.household[0].facts.ecs == "Gaz"


def test_the_unit_hands_over_the_secrets_that_the_documents_name():
    """``/etc/linky-gateway/secrets/bridge-zabbix-…``, under the names by which the program asks for them."""
    loaded = [line.split(":") for line in unit("linky-bridge@.service")["Service"]["LoadCredential"]]
    secrets = "/etc/linky-gateway/secrets/bridge-%i"
    assert loaded == [
        ["bridge.toml", "/etc/linky-gateway/bridge-%i.toml"],
        [PASSWORD_CREDENTIAL, f"{secrets}-password"],
        [TOKEN_CREDENTIAL, f"{secrets}-token"],
    ]
