"""What the running collector tells Prometheus: counts that are those of the tables, readiness, and nobody's name."""

import json

import pytest

from gateway.collector.metrics import FAMILIES
from gateway.errors import Exit
from harness.accounts import FAR, HOME
from servers import free_port, wait_until
from tests.gateway.collector.test_collecting import SINCE, WAIT_S, Home, far_account, kept, stored
from tests.integration.processes import PASSWORD
from tests.promtool import asked, figures, ready

pytestmark = pytest.mark.slow

PREFIX = "linky_collect"


def watched(store, port):
    """The lines that have the collector watched."""
    store.config.write_text(store.config.read_text() + f'[metrics]\nlisten = "127.0.0.1:{port}"\n')


def of(found, name, *labels):
    """One figure."""
    return found[f"{PREFIX}_{name}", *sorted(labels)]


def test_figures_are_those_of_the_tables_and_name_nobody(start_federation, store_at, postgres, tmp_path):
    """Counted beside the test's own SQL; the database dies and is back; the account's server does."""
    federation = start_federation("prosody", "prosody")
    home, port = Home(tmp_path / "home", federation, HOME), free_port()
    store = store_at(far_account(federation))
    watched(store, port)
    with home.meter, home.gateway(), store.collector("one") as one:
        store.command("gateways", "add", f"{home.jid}/proxy", "--identifier", home.identifier(), *SINCE)
        wait_until(lambda: len(kept(store, home)) > 60, WAIT_S, "readings", every=0.3)
        assert ready(port) == (200, "ready")
        home.meter.command("unplug")
        home.await_silence(3)
        home.await_delivered(WAIT_S)
        wait_until(lambda: kept(store, home) == stored(home), WAIT_S, "each reading", every=0.3)
        # What the tables say is of ten seconds ago at most.
        wait_until(lambda: settled(figures(port)), WAIT_S, "subscribed, and no gap", every=1)
        found, rows = figures(port), len(kept(store, home))
        told = {name.removesuffix("_bucket").removesuffix("_sum").removesuffix("_count") for name, *_ in found}
        assert told == set(FAMILIES)
        # The same value may come twice, pushed and by the history: never fewer than there are.
        assert of(found, "records_received_total") >= of(found, "records_kept_total") >= rows
        assert of(found, "messages_received_total", "pack") >= of(found, "receipts_total") > 0
        assert of(found, "commit_seconds_count") >= 1
        assert (of(found, "gateways"), of(found, "gateways_giving"), of(found, "gateways_owned")) == (1, 1, 1)
        assert [of(found, "gateways_silent", label) for label in ("2h", "2d", "14d")] == [0, 0, 0]
        assert (of(found, "queue_records"), of(found, "queue_oldest_seconds")) == (0, 0)
        newest = max(time for _, time, _ in kept(store, home))
        assert abs(of(found, "newest_value_timestamp_seconds") - newest) <= 60
        nobody_is_named(port, store, home)
        (told,) = json.loads(store.command("status", "--json"))["process"]
        assert (told["ready"], told["waiting"], told["kept_per_s"], told["sessions"]) == ("ready", 0, 0, 1)
        store.ask("UPDATE gateway SET heard_at = now() - interval '3 days'")
        store.ask("UPDATE subscription SET since = now() - interval '20 days'")
        wait_until(lambda: of(figures(port), "gateways_silent", "2d") == 1, WAIT_S, "it is silent", every=1)
        the_database_dies(port, postgres)
        the_server_dies(port, federation)
        assert one.stop(60) == 0
    assert "Traceback" not in one.log.read_text()


def settled(found):
    """Whether the one subscription stands, and the past has come."""
    return (of(found, "subscriptions", "subscribed"), of(found, "gaps_open")) == (1, 0)


def nobody_is_named(port, store, home):
    """No address, no pseudonym, no identifier, in any line."""
    _, _, text = asked(port, "/metrics")
    for secret in (
        home.jid,
        HOME.partition("@")[0],
        FAR,
        "sen1.test",
        "ab12",
        store.one("SELECT pseudonym FROM meter"),
    ):
        assert secret not in text


def the_database_dies(port, postgres):
    """It is said, and what only it knows is left out; then all is there again."""
    postgres.kill()
    wait_until(lambda: ready(port)[0] == 503, WAIT_S, "not ready", every=1)
    assert "PostgreSQL" in ready(port)[1]
    found = figures(port)
    assert (of(found, "database_up"), of(found, "connected")) == (0, 1)
    assert (f"{PREFIX}_gateways",) not in found
    postgres.start()
    wait_until(lambda: ready(port) == (200, "ready"), WAIT_S, "ready again", every=1)
    assert of(figures(port), "database_up") == 1


def the_server_dies(port, federation):
    """A session more is one that was lost."""
    before = of(figures(port), "sessions_total")
    federation.restart("sen2.test")
    wait_until(lambda: of(figures(port), "sessions_total") == before + 1, WAIT_S, "another session", every=0.3)
    wait_until(lambda: ready(port) == (200, "ready"), WAIT_S, "ready again", every=0.3)


def test_nothing_listens_unless_it_is_said(federation, store_at):
    """Another process of one machine takes a port of its own by its command line; a wrong one is a sentence."""
    federation.register(*FAR.split("@"), PASSWORD)
    store, port = store_at(far_account(federation)), free_port()
    with store.collector("one") as one:
        wait_until(store.shares, WAIT_S, "it runs", every=0.3)
        assert ready(port) is None
        assert one.stop(60) == 0
    said = store.command("run", "--metrics", "nowhere", code=Exit.CONFIGURATION)
    assert "'nowhere' is no address and port such as 127.0.0.1:9788" in said
    two = store.collector("two")
    two._command += ["--metrics", f"127.0.0.1:{port}"]
    with two:
        wait_until(lambda: ready(port) == (200, "ready"), WAIT_S, "ready", every=0.3)
        taken = store.command("run", "--metrics", f"127.0.0.1:{port}", code=Exit.CONFIGURATION)
        assert "cannot be had" in taken
        assert two.stop(60) == 0
