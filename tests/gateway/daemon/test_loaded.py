"""What a daemon loads: the libraries of the parts that it has, and no other; counted in modules, not in bytes."""

import sys

import pytest

from harness.kinds import KINDS, LoadedGateway, broker_table, page_table
from servers import free_port

# Part -> the packages of others, from the package index, that it brings; the first is that of every daemon.
LIBRARIES = {
    "": {"msgspec", "serial"},
    "page": {"microdot"},
    "opened": {"jinja2", "markupsafe"},
    "broker": {"aiomqtt", "paho"},
    "federation": {"slixmpp", "aiodns", "pycares", "_cares", "_cffi_backend"},
}
# Of this checkout, of whatever installed the packages, and of how this Python was built.
OURS = {"gateway", "harness", "__main__", "sitecustomize", "_distutils_hack", "_virtualenv"}
# Python's own that only a part brings: slixmpp for XML, paho and slixmpp for the forms of mail and urllib.
HEAVY = {"xml", "email", "http", "urllib.request", "unittest", "multiprocessing", "pydoc", "xmlrpc", "doctest"}
BRINGS_HEAVY = {"broker": {"email", "http", "urllib.request"}, "federation": {"xml", "email"}}
# What nothing of ours may bring: packers of other formats, words that are near, how this Python was built.
UNASKED = {"shutil", "bz2", "lzma", "gzip", "calendar", "difflib", "statistics"}
BRING_UNASKED = {"opened", "broker", "federation"}
# Some versions of slixmpp have it, and nobody else: it brings zip files and temporary folders.
OF_FEDERATION = {"importlib.resources"}

# Modules of ours that each has at most, with 1 % of room: beyond that something is loaded that nobody has use for.
MOST = {"meter": 231, "page": 265, "opened": 410, "broker": 241, "federation": 309, "everything": 473}
# What only another configuration has (a counter, a board, a way, a source of others, an objective, a larger meter), and
# what a household seldom does.
APART = (
    *("gateway.pulses", "gateway.sources.board", "gateway.sources.replay", "gateway.sources.tcp"),
    *("gateway.notices.delivery", "gateway.notices.ways", "gateway.addresses.notice", "gateway.tic.industrial"),
    *("gateway.federation.recipient", "gateway.household.share", "gateway.links.supplies", "gateway.store.received"),
    *("gateway.federation.provider.public_words", "gateway.federation.provider.measured_words"),
    *("gateway.store.providers", "gateway.store.dump", "gateway.notices.deciding.objective_news"),
    *("gateway.privacy.act", "gateway.privacy.machine", "gateway.control.manual_reading", "gateway.control.spool"),
)
# The same, until somebody looks at the page that shows it.
ASKED = (
    *("gateway.store.imports", "gateway.store.erasure", "gateway.store.corrections", "gateway.store.neighbours"),
    *("gateway.store.curves", "gateway.consent.act", "gateway.balance.projection"),
)
OF_ASKED = ("gateway.pulses",)


@pytest.mark.parametrize("kind", KINDS)
def test_a_daemon_loads_what_its_parts_need(tmp_path, kind):
    """No XMPP without a federation, no page of ours and no template before one is asked for, and no ``cryptography``.

    Broker and server are away: their libraries are loaded before anybody knows.
    """
    has, port, away = KINDS[kind], free_port(), free_port()
    (tmp_path / "mqtt").write_text("secret\n")
    (tmp_path / "password").write_text("secret\n")
    for secret in ("mqtt", "password"):
        (tmp_path / secret).chmod(0o600)
    tables = {
        "page": page_table(port),
        "broker": broker_table(away),
        "federation": '[federation]\njid = "maison@sen1.test"\npassword_file = "password"\n'
        f'address = "127.0.0.1:{away}"\n',
    }
    config = tmp_path / "gateway.toml"
    meter = f'[[meter]]\nsource = "{tmp_path}/nowhere"\n[store]\ndirectory = "data"\ncommit_interval_s = 1\n'
    config.write_text(meter + "".join(tables[part] for part in has if part in tables))
    with LoadedGateway(config, tmp_path / "data") as gateway:
        gateway.await_ready()
        if "opened" in has:
            gateway.open_pages(port)
        loaded = gateway.modules()
    tops = {name.partition(".")[0] for name in loaded}
    foreign = {name for name in tops - sys.stdlib_module_names - OURS if not name.startswith("_sysconfig")}
    assert {name for name in foreign if not name.startswith("__editable__")} == set().union(
        LIBRARIES[""], *(LIBRARIES[part] for part in has)
    )
    assert any(name.startswith("gateway.web.history") for name in loaded) == ("opened" in has)
    assert loaded & HEAVY == set().union(*(BRINGS_HEAVY.get(part, ()) for part in has))
    assert "federation" in has or not loaded & OF_FEDERATION
    assert BRING_UNASKED & {*has} or not loaded & UNASKED
    assert not any(name.startswith("_sysconfigdata") for name in loaded)
    ours = {name for name in loaded if name.startswith("gateway")}
    apart = (*APART, *(() if {"opened", "federation"} & {*has} else ASKED))
    allowed = OF_ASKED if "opened" in has else ()
    assert not {name for name in ours if _is_below(name, apart) and not _is_below(name, allowed)}
    assert len(ours) <= MOST[kind], sorted(ours)


def _is_below(name, roots):
    return any(name == root or name.startswith(f"{root}.") for root in roots)
