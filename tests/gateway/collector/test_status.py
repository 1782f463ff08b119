"""``linky-collect status`` for whoever watches: how things stand, its exit code, and why."""

import asyncio
import json
import time
from contextlib import redirect_stdout
from io import StringIO

import pytest

from gateway.collector.cli import main
from gateway.collector.metrics import Tables
from harness.accounts import FAR
from servers import free_port

HOMES = (
    "INSERT INTO gateway (account, jid, heard_at)"
    " SELECT %s, 'maison' || n || '@sen1.test', now() - interval '10 minutes' FROM generate_series(1, 20) n"
)
SUBSCRIPTIONS = (
    "INSERT INTO subscription (gateway, identifier, since, standing)"
    " SELECT id, jid || '/ab12@sen1.test', now() - interval '30 days', 'subscribed' FROM gateway"
)
SOME = "WHERE id IN (SELECT id FROM gateway ORDER BY id LIMIT %s)"


@pytest.fixture
def giving(store):
    """Twenty homes that were heard of ten minutes ago; no process runs."""
    store.ask(HOMES, FAR)
    store.ask(SUBSCRIPTIONS)
    return store


def status(store, code):
    """What it says for programs."""
    out = StringIO()
    with redirect_stdout(out):
        assert main(["status", "--json", "--config", str(store.config)]) == code
    return json.loads(out.getvalue())


def figures(store):
    """What the tables say for Prometheus: name, or name and label -> figure."""

    async def work():
        tables = Tables(store.conninfo, FAR)
        try:
            return await tables.samples()
        finally:
            await tables.close()

    return {(name, *labels.values()) if labels else name: value for name, labels, value in asyncio.run(work())}


def sentences(found):
    """Why somebody should look."""
    return [one["sentence"] for one in found["look"]]


def test_where_nobody_is_subscribed_to_there_is_nothing_to_look_at(store):
    """A collector that was made just now."""
    found = status(store, 0)
    assert sentences(found) == []
    assert found["heard"] == [
        {"homes": 0, "within_5_min": 0, "within_1_h": 0, "within_1_d": 0, "silent_2_d": 0} | {
            "median_ago_s": None, "last_ago_s": None,
        }
    ]  # fmt: skip


def test_how_lately_homes_were_heard_of(giving):
    """As of the test's own times; the text has the same."""
    giving.ask(f"UPDATE gateway SET heard_at = now() - interval '2 hours' {SOME}", 5)
    (heard,) = status(giving, 2)["heard"]
    assert {name: heard[name] for name in ("homes", "within_5_min", "within_1_h", "within_1_d")} == {
        "homes": 20, "within_5_min": 0, "within_1_h": 15, "within_1_d": 20,
    }  # fmt: skip
    assert abs(heard["median_ago_s"] - 600) < 60
    assert abs(heard["last_ago_s"] - 600) < 60


def test_no_process_is_the_worst(giving):
    """Exit code 2, and what to type."""
    assert sentences(status(giving, 2)) == ["no process receives: systemctl status linky-collect"]


@pytest.mark.parametrize(
    ("change", "values", "sentence"),
    [
        (f"UPDATE gateway SET heard_at = now() - interval '3 days' {SOME}", [2], "2 of 20 homes have been silent"),
        (
            "INSERT INTO gap (gateway, identifier, first, last, replaces, noted_at)"
            f" SELECT id, jid || '/ab12@sen1.test', 0, 9, false, now() - interval '2 days' FROM gateway {SOME}",
            [3],
            "3 gaps of homes that are heard of",
        ),
        (
            f"INSERT INTO refused (gateway, reason, count) SELECT id, 'x', 7 FROM gateway {SOME}",
            [1],
            "7 messages since",
        ),
    ],
)
def test_what_somebody_should_look_at_is_a_sentence(giving, change, values, sentence):
    """Of homes, gaps and messages; a little of it is nothing."""
    giving.ask(change, *values)
    assert any(one.startswith(sentence) for one in sentences(status(giving, 2)))


def test_one_silent_home_of_twenty_wakes_nobody(giving):
    """Nor does the gap of a home that is away, nor one of this morning."""
    giving.ask(f"UPDATE gateway SET heard_at = now() - interval '3 days' {SOME}", 1)
    giving.ask(
        "INSERT INTO gap (gateway, identifier, first, last, replaces, noted_at)"
        f" SELECT id, jid || '/ab12@sen1.test', 0, 9, false, now() - interval '2 days' FROM gateway {SOME}", 1,
    )  # fmt: skip
    giving.ask(
        "INSERT INTO gap (gateway, identifier, first, last, replaces)"
        " SELECT id, jid || '/ab12@sen1.test', 0, 9, false FROM gateway"
    )
    found = status(giving, 2)
    assert sentences(found) == ["no process receives: systemctl status linky-collect"]
    (gaps,) = found["gaps"]
    assert (gaps["count"], gaps["stay"]) == (21, 0)
    assert abs(gaps["oldest_s"] - 2 * 86_400) < 60


@pytest.mark.parametrize(
    "over",
    [
        f"UPDATE subscription SET standing = 'refused' WHERE gateway IN (SELECT id FROM gateway {SOME})",
        f"UPDATE gateway SET limited = true {SOME}",
        f"UPDATE subscription SET wanted = false WHERE gateway IN (SELECT id FROM gateway {SOME})",
    ],
    ids=["its consent has run out", "its use is limited", "it was taken out"],
)
def test_a_home_that_gives_nothing_any_more_is_silent_for_nobody(giving, over):
    """Twelve of twenty, for three days: `since` stands. Of the others one that is silent is one, in both."""
    giving.ask(f"UPDATE gateway SET heard_at = now() - interval '3 days' {SOME}", 12)
    assert (figures(giving)["gateways_giving"], figures(giving)["gateways_silent", "2d"]) == (20, 12)
    giving.ask(over, 11)
    found, told = status(giving, 2), figures(giving)
    assert (found["heard"][0]["homes"], found["heard"][0]["silent_2_d"]) == (9, 1)
    assert (told["gateways"], told["gateways_giving"], told["gateways_silent", "2d"]) == (20, 9, 1)
    giving.ask(over, 12)
    assert sentences(status(giving, 2)) == ["no process receives: systemctl status linky-collect"]
    assert (figures(giving)["gateways_giving"], figures(giving)["gateways_silent", "2d"]) == (8, 0)


@pytest.mark.parametrize(
    "over",
    [
        f"UPDATE gap SET refused_at = now() WHERE gateway IN (SELECT id FROM gateway {SOME})",
        f"UPDATE subscription SET standing = 'refused' WHERE gateway IN (SELECT id FROM gateway {SOME})",
        f"UPDATE gateway SET limited = true {SOME}",
    ],
    ids=["a consent without the history", "its consent has run out", "its use is limited"],
)
def test_a_gap_that_nobody_will_fill_wakes_nobody(giving, over):
    """The home is heard of, by another subscription perhaps; the gap is still counted, as open."""
    giving.ask(
        "INSERT INTO gap (gateway, identifier, first, last, replaces, noted_at)"
        f" SELECT id, jid || '/ab12@sen1.test', 0, 9, false, now() - interval '2 days' FROM gateway {SOME}", 2,
    )  # fmt: skip
    assert abs(figures(giving)["gaps_oldest_seconds"] - 2 * 86_400) < 60
    giving.ask(over, 1)
    assert status(giving, 2)["gaps"][0]["stay"] == 1
    giving.ask(over, 2)
    (gaps,), told = status(giving, 2)["gaps"], figures(giving)
    assert (gaps["count"], gaps["stay"], told["gaps_open"], told["gaps_oldest_seconds"]) == (2, 0, 2, 0)
    assert gaps["refused"] == told["gaps_refused"] == (2 if "refused_at" in over else 0)


def test_up_to_when_is_published_is_told(store):
    """Nought where there are no segments, which is no alarm."""
    assert figures(store)["published_until_timestamp_seconds"] == 0
    store.ask("INSERT INTO segment_release VALUES (true, to_timestamp(1764500400))")
    assert figures(store)["published_until_timestamp_seconds"] == 1_764_500_400
    assert figures(store)["segments_waiting"] == 0
    store.ask("INSERT INTO half_hour_changed SELECT now(), now() FROM generate_series(1, 3)")
    assert figures(store)["segments_waiting"] == 3


def test_files_that_fall_behind_are_said(store):
    """The night that was missed, half a day later, and a timer that was never enabled; not where there are no files."""
    assert (status(store, 0)["files"], figures(store)["files_timestamp_seconds"]) == ([], 0)
    store.config.write_text(store.config.read_text() + '[parquet]\nfolder = "/srv/linky-parquet"\n')
    assert sentences(status(store, 1)) == [
        "[parquet] is set, and no night writes: systemctl enable --now linky-collect-parquet.timer, or take it out"
    ]
    store.ask("INSERT INTO file_night (marked_until, ran_at) VALUES (current_date - 2, now() - interval '35 hours')")
    store.ask(
        "INSERT INTO day_mark (day, part) VALUES (current_date - 1, 0), (current_date - 1, 0), (current_date - 1, 1)"
    )
    try:
        (night,) = status(store, 0)["files"]
        assert (night["to_write"], figures(store)["files_to_write"]) == (2, 2)
        store.ask("UPDATE file_night SET ran_at = ran_at - interval '2 hours'")
        assert sentences(status(store, 1)) == [
            "days were written as files 37 hours ago for the last time: journalctl -u linky-collect-parquet"
        ]
        assert abs(time.time() - figures(store)["files_timestamp_seconds"] - 37 * 3600) < 60
    finally:
        store.ask("TRUNCATE file_night, day_mark")


def test_a_process_that_does_not_answer_is_said(giving):
    """The one that the configuration names."""
    port = free_port()
    giving.config.write_text(giving.config.read_text() + f'[metrics]\nlisten = "0.0.0.0:{port}"\n')
    found = status(giving, 2)
    assert sentences(found)[0] == f"the process: nobody answers at 127.0.0.1:{port}"
