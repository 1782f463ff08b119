"""Each recipe of CONTRIBUTING.md with something small: the files it names are touched, no others, and it works."""

import json
import os
import sqlite3
from contextlib import closing

import pytest

from harness.accounts import FAR, HOME
from servers import free_port, wait_until
from tests.copies import ROOT, copied
from tests.gateway.web.conftest import PASSWORD, Visitor
from tests.integration.processes import House

FRAME = ROOT / "tests/frames/real/s1-base-linky-linkytic-tests.raw"


def test_a_command(copy):
    """It is listed by its purpose, explains itself with its example, and does its work."""
    copy.make(
        "gateway/commands/greet.py",
        "from gateway.commands.options import command\n\n\n"
        'def declare(commands):\n    command(commands, "greet", _run, "says hello", config=False)\n\n\n'
        'def _run(_):\n    print("hello")\n    return 0\n',
    )
    copy.put("gateway/commands/main.py", '    "greet",\n', before=")\n\n_OUTPUT")
    copy.put(
        "gateway/commands/overview.py", '            "greet": Phrase("says hello"),\n', before='            "fleet": '
    )
    copy.put("gateway/commands/examples.py", '    "greet": ("linky-gateway greet",),\n', before='    "run": (')
    copy.put(
        "gateway/commands/README.md", "| `linky-gateway greet` | says hello |\n", before="| `linky-gateway metrics "
    )
    assert copy.run("-m", "gateway", "greet") == "hello\n"
    assert "  linky-gateway greet\n" in copy.run("-m", "gateway", "greet", "--help")
    assert "says hello" in copy.run("-m", "gateway", code=2)
    copy.followed("A command", WORD="greet")


def test_a_source(copy, tmp_path):
    """A meter whose bytes come from there is read by the daemon."""
    copy.make(
        "gateway/sources/hexadecimal.py",
        "class HexadecimalSource:\n    speeds = ()\n    finite = True\n\n"
        "    def __init__(self, path):\n        self._path, self._left = path, b''\n\n"
        "    async def open(self):\n        self._left = bytes.fromhex(self._path.read_text())\n\n"
        "    async def read(self):\n        left, self._left = self._left, b''\n        return left\n\n"
        "    def set_speed(self, speed):\n        pass\n\n    def close(self):\n        pass\n",
    )
    copy.put(
        "gateway/sources/source.py",
        '    if text.startswith("hex:"):\n        from gateway.sources.hexadecimal import HexadecimalSource\n\n'
        '        return HexadecimalSource(folder / text.removeprefix("hex:"))\n',
        before='    if text.startswith("socket://"):',
    )
    copy.put("gateway/sources/README.md", "| `hex:FILE` | digits | `hexadecimal.py` |\n", before="| `board:ID`")
    (tmp_path / "frames.hex").write_text((FRAME.read_bytes() * 4).hex())
    config = tmp_path / "gateway.toml"
    config.write_text('[[meter]]\nsource = "hex:frames.hex"\n[store]\ndirectory = "data"\n')
    with copy.running(tmp_path / "log", "-m", "gateway", "run", "--config", config):
        wait_until(lambda: _rows(tmp_path / "data/linky-gateway.sqlite", "reading"), 30, "a reading")
    assert "consumption/energy" in copy.run("-m", "gateway", "export", "--format", "csv", "--config", config)
    copy.followed("A source", KIND="hexadecimal")


def _rows(path, table):
    if not path.exists():
        return 0
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
            return db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
    except sqlite3.OperationalError:
        return 0


@pytest.mark.slow
def test_a_bridge(copy, federation, tmp_path):
    """What a household sends over real servers arrives in the other system: here, lines of a file."""
    copy.make(
        "gateway/bridges/lines.py",
        "import json\n\n\nclass LinesSink:\n    most = 100\n\n"
        "    def __init__(self, settings):\n        self._file = settings.file\n\n"
        "    def missing(self, values):\n        return values\n\n"
        "    def send(self, values):\n        with open(self._file, 'a') as file:\n"
        "            file.writelines(json.dumps([one.path, one.time, one.value]) + '\\n' for one in values)\n",
    )
    copy.put(
        "gateway/bridges/config.py",
        "class Lines(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):\n    file: str\n\n\n",
        before="class BridgeConfig(",
    )
    copy.put("gateway/bridges/config.py", "    lines: Lines | None = None\n", before="    folder: str = ")
    copy.put("gateway/bridges/program.py", '    "lines": "lines of a file",\n', before='    "zabbix": "')
    copy.put(
        "gateway/bridges/program.py",
        '    if config.lines and kind == "lines":\n        from gateway.bridges.lines import LinesSink\n\n'
        "        return InThread(LinesSink(config.lines))\n",
        before='    if config.bmhs and kind == "bmhs":',
    )
    copy.put("systemd/bridge.toml", '[lines]\nfile = "lines.txt"\n\n', before="# linky-bridge zabbix\n")
    wire = tmp_path / "wire"
    os.mkfifo(wire)
    house = House(tmp_path / "house", federation, f"replay:{wire}", extra="[clock]\ntrusted = true\n")
    done = house.command(
        *("consent", "grant", FAR, "--series", "consumption", "--granularity", "raw", "--accept"),
        *("--begins", "2000-01-01"),
    )
    assert done.returncode == 0, done.stderr
    arrived, config = tmp_path / "lines.txt", tmp_path / "bridge.toml"
    config.write_text(
        f'directory = "queue"\n[federation]\njid = "{FAR}"\npassword_file = "house/password"\n'
        f'address = "{federation.address(FAR.partition("@")[2])}"\nca_file = "{federation.ca}"\n'
        f'[[household]]\nname = "mairie"\ngateway = "{HOME}/proxy"\nidentifier = "{HOME}/ab12@sen1.test"\n'
        f'[lines]\nfile = "{arrived}"\n'
    )
    bridge = ("-m", "gateway.bridges.program", "lines", "--config", config)
    with house.gateway():
        house.await_link("xmpp", "ok")
        with copy.running(tmp_path / "log", *bridge):
            house.await_link(f"recipient {FAR}", "ok")
            # The daemon waits for this end of the pipe.
            wire.write_bytes(FRAME.read_bytes() * 12)
            wait_until(lambda: arrived.exists() and arrived.read_text(), 60, "a value")
    path, _, value = json.loads(arrived.read_text().splitlines()[0])
    assert path.startswith("consumption/")
    assert value is not None
    copy.followed("A bridge", KIND="lines")


def test_a_page(copy, tmp_path):
    """Who is signed in finds it behind the menu’s last entry, with the words of the visitor's language."""
    copy.make("gateway/web/greeting/__init__.py", '"""A page that greets."""\n')
    copy.make(
        "gateway/web/greeting/words.py",
        'WORDS = {"fr": {"greeting": "Bonjour", "for_greeting": "Il salue", "whom": "la maison {name}"},'
        ' "en": {"greeting": "Hello", "for_greeting": "It greets", "whom": "house {name}"}}\n',
    )
    copy.make(
        "gateway/web/greeting/page.html",
        '{% extends "base.html" %}\n{% set title = "greeting" %}\n'
        '{% block main %}<p id="whom">{{ say("whom", name=name) }}</p>{% endblock %}\n',
    )
    copy.make(
        "gateway/web/greeting/routes.py",
        "from dataclasses import replace\n\nfrom gateway.web.greeting.words import WORDS\n"
        "from gateway.web.http.answers import html\nfrom gateway.web.part import PageGroup\n\n\n"
        "def greeting(name):\n    async def show(_, view):\n"
        '        return html(replace(view, path="/greeting").page("greeting/page.html", name=name()))\n\n'
        '    return PageGroup(menu=(("/greeting", "greeting"),), pages={"/greeting": show}, forms={},'
        " words=lambda: WORDS)\n",
    )
    copy.make(
        "gateway/web/greeting/stored.py",
        "def name_of(config):\n    return config.meter[0].name\n",
    )
    copy.put(
        "gateway/daemon/build.py",
        "    from gateway.web.greeting.routes import greeting\n    from gateway.web.greeting.stored import name_of\n",
        before="    from gateway.web.history import",
    )  # fmt: skip
    copy.put("gateway/daemon/build.py", "        greeting(partial(name_of, config)),\n", before="        https(")
    copy.put("gateway/web/README.md", "| `/greeting` | the household | a greeting |\n", before="| `/repair` |")
    port = free_port()
    config = tmp_path / "gateway.toml"
    config.write_text(
        f'[[meter]]\nname = "house"\nsource = "/dev/ttyNONE"\n[store]\ndirectory = "data"\n'
        f'[web]\nlisten = "127.0.0.1:{port}"\n'
    )
    log = tmp_path / "log"
    with copy.running(log, "-m", "gateway", "run", "--config", config):
        wait_until(lambda: b"the page is served" in log.read_bytes(), 30, "the page")
        code = copy.run("-m", "gateway", "page", "code", "--lang", "en", "--config", config)
        visitor = Visitor(port)
        fields = {"code": _code(code), "password": PASSWORD, "again": PASSWORD}
        assert visitor.post("/setup", fields)[0].status == 303
        for language, words in (("fr", "la maison house"), ("en", "house house")):
            answer, text = visitor.get("/greeting", Accept_Language=language)
            assert answer.status == 200, text
            assert f'<p id="whom">{words}</p>' in text
        more = visitor.get("/more")[1]
        assert more.count("/greeting") == 1, more
        assert "Il salue" in more
    copy.followed("A page", NAME="greeting")


def _code(said):
    return next(word for line in said.splitlines() for word in line.split() if word.count("-") == 2 and word.isupper())


_SHOWS = """
from gateway.display import pages
from gateway.display.config import OledTable
from gateway.display.panels import DisplayPanel, look_of, open_oled
from tests.gateway.display.test_panels import I2c
from tests.gateway.display.views import view

bus, oled = I2c(), OledTable(chip="ssd1309")
picture = pages.draw(look_of("ssd1309", "fr"), view(), "now")
assert DisplayPanel("oled", lambda: open_oled(oled, bus)).show(picture)
assert bus.picture().tobytes() == picture.tobytes()
"""


def test_a_display(copy, tmp_path):
    """A panel of another chip is taken by the configuration, and a page is drawn to its wires."""
    pytest.importorskip("luma.oled")
    copy.put("gateway/display/config.py", '"ssd1309", ', before='"sh1106"]')
    copy.put("gateway/display/panels.py", '    "ssd1309": (128, 64),\n', before='    "st7789": (240, 240),\n')
    copy.put("systemd/display.toml", '# "ssd1309" as well (2.42 inch).\n', before='#chip = "ssd1306"\n')
    (tmp_path / "display.toml").write_text('[oled]\nchip = "ssd1309"\n')
    read = f"from pathlib import Path; from gateway.display.config import load; load(Path('{tmp_path}/display.toml'))"
    copy.run("-c", read)
    copy.run("-W", "ignore", "-c", _SHOWS)
    copy.followed("A display")


def test_a_language(copy):
    """Its folder is made with every sentence; one that is translated is said, the others are said in English."""
    for part in ("tools", "micropython"):
        copied(part, copy.folder)
    tool = f"import sys; sys.path.insert(0, '{copy.folder}/tools/lib'); from words.__main__ import main; "
    copy.run("-c", f"{tool}main(['--add', 'eo'])")
    catalogue = copy.folder / "gateway/words/eo/LC_MESSAGES/gateway.po"
    text, asked = catalogue.read_text(encoding="utf-8"), 'msgid "each link, and since when"\nmsgstr ""'
    assert text.count(asked) == 1
    catalogue.write_text(text.replace(asked, asked.replace('""', '"ĉiu ligo, kaj ekde kiam"')), encoding="utf-8")
    copy.run("-c", f"{tool}main([])")
    said = copy.run("-m", "gateway", code=2, LC_ALL="eo.UTF-8")
    assert "ĉiu ligo, kaj ekde kiam" in said
    assert "the values of the moment" in said
