"""A version appears in a folder: it is seen, agreed to, fetched, handed to root, and how it ended is told once."""

import asyncio

import pytest
from msgspec.structs import replace

from gateway.errors import GatewayError, ReleaseError
from gateway.upkeep.updates import watch as module
from tests.gateway.upkeep.updates.conftest import DEB, RUNNING, Gateway, ended

pytestmark = pytest.mark.usefixtures("roots")


def test_a_version_is_seen_agreed_to_fetched_and_handed_over(hosted, gateway):
    """By the household's word alone; whose it was stands in the journal."""
    hosted.publish("0.3.0", security=True)

    async def story():
        await gateway.watch.check()
        assert gateway.watch.newer.version == "0.3.0"
        assert gateway.told == []
        await gateway.watch.agree("now", "command", "anne")
        await gateway.until(lambda: gateway.told)

    gateway.do(story())
    assert gateway.told == ["0.3.0"]
    assert (gateway.state / "updates/linky-gateway_0.3.0_all.deb").read_bytes() == b"a package"
    assert gateway.journal == [("update-agreed", {"version": "0.3.0", "how": "command", "when": "now"}, {"by": "anne"})]
    assert gateway.watch.state.wish.sent is not None


def test_nothing_is_installed_unless_the_household_says_so(hosted, gateway):
    """It lives on with a new version in sight, and tells nobody to install it."""
    hosted.publish("0.3.0")
    rounds = []
    gateway.watch.lookers.append(lambda: rounds.append(1))
    gateway.do(gateway.watch.check())
    gateway.do(gateway.until(lambda: rounds))
    assert gateway.told == gateway.journal == []


def test_what_is_known_outlives_a_start(hosted, gateway):
    """The list, the number of the last one, the word that was given."""
    hosted.publish("0.3.0")

    async def story():
        await gateway.watch.check()
        await gateway.watch.agree("tonight", "page")
        gateway.watch = gateway.started()
        await gateway.watch.resume()
        assert gateway.watch.newer.version == "0.3.0"
        assert gateway.watch.state.wish.when == "tonight"
        asked = len(hosted.asked)
        await gateway.watch.check()
        # By its tag: the signature is not fetched again.
        assert hosted.asked[asked:] == ["/co-op/latest.json"]

    gateway.do(story())


def test_tonight_waits_for_the_night(hosted, gateway):
    """And goes on by itself then."""
    hosted.publish("0.3.0")
    rounds = []
    gateway.watch.lookers.append(lambda: rounds.append(1))

    async def story():
        await gateway.watch.check()
        await gateway.watch.agree("tonight", "page")
        await gateway.until(lambda: rounds)
        assert gateway.told == []
        gateway.night = True
        await gateway.until(lambda: gateway.told)

    gateway.do(story())


def test_at_night_by_itself_where_the_settings_say_so(hosted, tmp_path):
    """The settings are the household's word, and stand in the journal as that; a newer list takes their place."""
    gateway = Gateway(tmp_path, hosted.url, install="night")
    hosted.publish("0.3.0")
    gateway.do(gateway.watch.check())
    hosted.publish("0.4.0")
    gateway.do(gateway.watch.check())
    assert [facts for _, facts, _ in gateway.journal] == [
        {"version": version, "how": "beforehand", "when": "tonight"} for version in ("0.3.0", "0.4.0")
    ]


def _older(hosted):
    hosted.publish("0.3.0", serial=10)
    return lambda: hosted.publish("0.3.1", serial=9)


def _expired(hosted):
    return lambda: hosted.publish("0.3.0", days=-1)


def _other_key(hosted):
    return lambda: hosted.publish("0.3.0", signer=b"\x05" * 32)


def _cut(hosted):
    def cut():
        hosted.publish("0.3.0")
        file = hosted.folder / "latest.json"
        file.write_bytes(file.read_bytes()[:60])

    return cut


def _older_than_what_runs(hosted):
    return lambda: hosted.publish("0.1.9")


@pytest.mark.parametrize(
    ("case", "sentence"),
    [
        (_older, "number 9, and number 10 was seen"),
        (_expired, "nobody vouches for it any more"),
        (_other_key, "not signed by a key"),
        (_cut, "ends in its middle"),
        (_older_than_what_runs, "which is older than 0.2.0"),
    ],
)
def test_a_list_that_is_not_believed_changes_nothing_and_is_said(hosted, gateway, case, sentence):
    """Replayed, expired, of another key, cut, older: what was known stays, and why is in both languages."""
    then = case(hosted)
    if (hosted.folder / "latest.json").exists():
        gateway.do(gateway.watch.check())
    before = gateway.watch.latest
    then()
    with pytest.raises(ReleaseError, match=sentence):
        gateway.do(gateway.watch.check())
    assert gateway.watch.latest == before
    assert sentence in str(gateway.watch.fault)
    assert gateway.watch.fault.in_language("fr") != str(gateway.watch.fault)


def test_files_that_are_not_what_the_list_says_are_not_handed_over(hosted, gateway):
    """It comes to nothing, and that is said and noted."""
    hosted.publish("0.3.0")
    (hosted.folder / DEB.format("0.3.0")).write_bytes(b"another!!")

    async def story():
        await gateway.watch.check()
        await gateway.watch.agree("now", "command")
        await gateway.until(lambda: gateway.watch.state.wish is None)

    gateway.do(story())
    assert gateway.told == []
    assert "is not the file that the signed list names" in gateway.ended[-1]["why"]["en"]
    assert gateway.journal[-1][:2] == ("update-ended", {"version": "0.3.0", "result": "stayed"})
    assert not list((gateway.state / "updates").glob("*.part"))


def test_a_helper_that_refuses_is_a_sentence(hosted, gateway):
    """As it is where the gateway was not installed the usual way."""
    hosted.publish("0.3.0")
    gateway.refuses = GatewayError("there is no helper")

    async def story():
        await gateway.watch.check()
        await gateway.watch.agree("now", "command")
        await gateway.until(lambda: gateway.watch.state.wish is None)

    gateway.do(story())
    assert "there is no helper" in gateway.ended[-1]["why"]["en"]


def test_how_it_ended_is_told_once_over_starts(hosted, gateway, roots):
    """By the start that came of it, whichever version that is; in the journal too, with who had asked."""
    hosted.publish("0.3.0")

    async def story():
        await gateway.watch.check()
        assert await gateway.watch.ask("0.3.0", "installer@example.org") == "asked"
        await gateway.watch.agree("now", "page")
        await gateway.until(lambda: gateway.told)
        ended(roots, "0.3.0", "back", ["meter house"])
        gateway.watch = gateway.started()
        await gateway.watch.resume()
        await gateway.until(lambda: gateway.ended)
        gateway.watch = gateway.started()
        await gateway.watch.resume()
        rounds = []
        gateway.watch.lookers.append(lambda: rounds.append(1))
        await gateway.until(lambda: rounds)

    gateway.do(story())
    assert [how["result"] for how in gateway.ended] == ["back"]
    assert gateway.journal[-1] == (
        "update-ended", {"version": "0.3.0", "result": "back"}, {"asker": "installer@example.org"},
    )  # fmt: skip
    # It is not offered again; the next one is.
    assert gateway.watch.newer is None
    with pytest.raises(ReleaseError, match="did not keep what worked"):
        gateway.do(gateway.watch.agree("now", "command"))
    hosted.publish("0.3.1")
    gateway.do(gateway.watch.check())
    assert gateway.watch.newer.version == "0.3.1"


def test_an_installer_asks_and_the_household_answers(hosted, gateway):
    """Asked once, answered yes or no; what nobody has signed is unknown; nothing is begun by asking."""
    installer = "installer@example.org"
    hosted.publish("0.3.0")

    async def story():
        assert gateway.watch.standing_of("0.3.0", installer) == "none"
        assert await gateway.watch.ask("0.3.0", installer) == "asked"
        assert await gateway.watch.ask("0.3.0", installer) == "asked"
        assert await gateway.watch.ask("9.9", installer) == "unknown"
        assert await gateway.watch.ask("0.2.0", installer) == "current"
        assert await gateway.watch.refuse("anne")
        assert gateway.watch.standing_of("0.3.0", installer) == "refused"
        assert await gateway.watch.ask("0.3.0", installer) == "refused"
        await gateway.watch.agree("now", "command", "anne")
        assert gateway.watch.standing_of("0.3.0", installer) == "agreed"

    gateway.do(story())
    assert gateway.journal == [
        ("update-refused", {"version": "0.3.0"}, {"asker": installer, "by": "anne"}),
        ("update-agreed", {"version": "0.3.0", "how": "command", "when": "now"}, {"asker": installer, "by": "anne"}),
    ]
    assert gateway.told == []


def test_agreed_beforehand_an_installer_need_not_wait(hosted, tmp_path):
    """The settings' yes, with who asked, in the journal."""
    gateway = Gateway(tmp_path, hosted.url, installer="agreed")
    hosted.publish("0.3.0")
    assert gateway.do(gateway.watch.ask("0.3.0", "installer@example.org")) == "agreed"
    assert gateway.journal == [
        (
            "update-agreed",
            {"version": "0.3.0", "how": "beforehand", "when": "now"},
            {"asker": "installer@example.org"},
        )
    ]


@pytest.mark.parametrize(
    ("check", "url", "sentence"), [(False, None, "has switched that off"), (True, "", "has not said where")]
)
def test_nobody_looks_where_that_is_off(hosted, tmp_path, check, url, sentence):
    """By the key, or without an address; the server hears nothing."""
    gateway = Gateway(tmp_path, hosted.url if url is None else url, check=check)
    gateway.watch._next = 0.0
    rounds = []
    gateway.watch.lookers.append(lambda: rounds.append(1))
    gateway.do(gateway.until(lambda: rounds))
    with pytest.raises(ReleaseError, match=sentence):
        gateway.do(gateway.watch.check())
    assert hosted.asked == []


def test_it_looks_once_a_day_and_after_an_hour_where_that_failed(hosted, gateway):
    """By itself, at a time of its own; not before anybody knows the time."""
    gateway.watch._next = 0.0
    clock, gateway.now = gateway.now, None

    async def story():
        rounds = []
        gateway.watch.lookers.append(lambda: rounds.append(1))
        await gateway.until(lambda: len(rounds) > 5)
        assert hosted.asked == []
        gateway.now = clock
        await gateway.until(lambda: gateway.watch.fault)
        assert hosted.asked == ["/co-op/latest.json"]
        in_s = gateway.watch._next - asyncio.get_running_loop().time()
        assert 0.7 * module.TRY_AGAIN_S < in_s < 1.3 * module.TRY_AGAIN_S
        hosted.publish("0.3.0")
        gateway.watch._next = 0.0
        await gateway.until(lambda: gateway.watch.newer)
        in_s = gateway.watch._next - asyncio.get_running_loop().time()
        assert 0.8 * module.CHECK_EVERY_S < in_s < 1.2 * module.CHECK_EVERY_S

    gateway.do(story())


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"ended": 1}', "[" * 100_000, "\x00"])
def test_what_root_left_half_written_is_nothing(gateway, roots, text):
    """An outcome that cannot be read is none; a state that cannot be read is as at first."""
    (roots / "outcome.json").write_text(text)
    (gateway.state / "updates").mkdir()
    (gateway.state / "updates/state.json").write_text(text)
    rounds = []
    gateway.watch.lookers.append(lambda: rounds.append(1))
    gateway.do(gateway.watch.resume())
    gateway.do(gateway.until(lambda: rounds))
    assert gateway.ended == []


def test_an_update_of_which_nothing_is_seen_is_forgotten(hosted, gateway, roots, monkeypatch):
    """The power went before root began: it may be agreed to again; one that goes on is waited for."""
    hosted.publish("0.3.0")
    monkeypatch.setattr(module, "BEGINS_S", 0.0)

    async def story():
        await gateway.watch.check()
        (roots / "underway.json").write_text("{}")
        await gateway.watch.agree("now", "command")
        rounds = []
        gateway.watch.lookers.append(lambda: rounds.append(1))
        await gateway.until(lambda: gateway.told and len(rounds) > 3)
        assert gateway.watch.state.wish.sent is not None
        with pytest.raises(ReleaseError, match="is under way"):
            await gateway.watch.agree("now", "command")
        (roots / "underway.json").unlink()
        await gateway.until(lambda: gateway.watch.state.wish is None)
        await gateway.watch.agree("now", "command")

    gateway.do(story())
    assert gateway.told == ["0.3.0"]


def test_what_root_could_not_write_down_is_told_by_the_version_that_runs(hosted, gateway, monkeypatch):
    """The power went when it had been judged: nobody is told that it came to nothing."""
    hosted.publish("0.3.0")

    async def story():
        await gateway.watch.check()
        await gateway.watch.agree("now", "command")
        await gateway.until(lambda: gateway.told)
        monkeypatch.setattr(module, "BEGINS_S", 0.0)
        gateway.running = "0.3.0"
        gateway.watch = gateway.started()
        await gateway.watch.resume()
        await gateway.until(lambda: gateway.ended)

    gateway.do(story())
    assert [(how["to"], how["result"], how["why"]) for how in gateway.ended] == [("0.3.0", "kept", {})]
    assert gateway.journal[-1] == ("update-ended", {"version": "0.3.0", "result": "kept"}, {})


def test_who_went_back_is_not_brought_there_again_by_what_was_said_beforehand(hosted, tmp_path, monkeypatch):
    """Nor who has said no; until somebody says yes to that version."""
    gateway = Gateway(tmp_path, hosted.url, install="night", installer="agreed")
    monkeypatch.setattr(module, "former", lambda *_: "0.1.9")
    hosted.publish("0.3.0")

    async def story():
        gateway.running = "0.3.0"
        gateway.watch = gateway.started()
        await gateway.watch.go_back("command")
        gateway.running = RUNNING
        gateway.watch = gateway.started()
        await gateway.watch.resume()
        gateway.watch._keep(replace(gateway.watch.state, wish=None))
        await gateway.watch.check()
        assert gateway.watch.state.wish is None
        assert await gateway.watch.ask("0.3.0", "installer@example.org") == "asked"
        await gateway.watch.agree("tonight", "page")
        assert await gateway.watch.refuse("anne")
        await gateway.watch.check()
        assert gateway.watch.state.wish is None

    gateway.do(story())


def test_a_yes_is_to_the_version_that_was_shown(hosted, gateway):
    """Another one that has come since is not installed in its place; one that nobody vouches for any more neither."""
    hosted.publish("0.3.0", days=1)

    async def story():
        await gateway.watch.check()
        with pytest.raises(ReleaseError, match="is not the newest"):
            await gateway.watch.agree("now", "page", version="0.2.9")
        gateway.now += 2 * 86_400
        assert gateway.watch.newer is None

    gateway.do(story())


def test_what_cannot_be_fetched_at_night_is_tried_again_then_said(hosted, gateway, monkeypatch):
    """The box starts again at three; the household does not believe that it was installed."""
    monkeypatch.setattr(module, "_FETCH_AGAIN_S", 0.0)
    hosted.publish("0.3.0")
    gateway.night, tries = True, []

    def gone(request):
        tries.append(1)
        request.send_error(503)

    async def story():
        await gateway.watch.check()
        hosted.injuries[DEB.format("0.3.0")] = gone
        await gateway.watch.agree("tonight", "page")
        await gateway.until(lambda: gateway.ended)

    gateway.do(story())
    assert len(tries) == 4
    assert gateway.ended[-1]["result"] == "stayed"
    assert "answered 503" in gateway.ended[-1]["why"]["en"]
    assert gateway.watch.state.wish is None


def test_a_former_version_that_did_not_stay_is_not_gone_back_to_again(gateway, roots, monkeypatch):
    """It is offered until it was tried and did not keep what worked; who asks all the same is told there is none."""
    monkeypatch.setattr(module, "former", lambda *_: "0.1.9")
    assert gateway.watch.former == "0.1.9"
    (roots / "refused").write_text("0.1.9\n")

    async def story():
        await gateway.watch.resume()
        assert gateway.watch.former == ""
        with pytest.raises(ReleaseError, match="no former version"):
            await gateway.watch.go_back("page")

    gateway.do(story())
    assert gateway.told == []
