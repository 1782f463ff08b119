"""The page *sharing* of a running daemon: asked, read, answered, withdrawn, checked; no answer gives nothing."""

import html
import json
import re
import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from gateway.consent.orders import ListConsents, Notices, PendingAccess, RefusedDomains
from gateway.control.running import ask
from gateway.senml.naming import NameForm
from gateway.store.notices import ErasureAsked
from gateway.store.points import Confirm, Granularity
from gateway.store.queue import LastComparison
from gateway.store.recorder import Recorder
from gateway.store.terms import LANGS, Channel, Terms
from gateway.web.menu import arranged
from gateway.web.sharing.in_words import InWords
from gateway.web.sharing.routes import UNDO_S
from gateway.web.sharing.words import SHARING_WORDS
from gateway.web.view import PageView
from harness.points import GATEWAYS, opened
from servers import wait_until
from tests.gateway.store.conftest import frame, hand_over
from tests.gateway.web.conftest import PASSWORD, House
from tests.gateway.web.shared import COOP, DAY_S, LONG, TOWN, make, overfull

TICKS = {"granularity": "PT30M", "purpose": "1", "period": "asked", "history": "1"}
# The first of a month is « 1er ».
DATE = r"\d+(?:er)? \S+ \d+"

# Two of its letters are Cyrillic.
LOOK_ALIKE = "c\u043e\u043ep@sen9.test"


@pytest.fixture(scope="module")
def sharing_house(tmp_path_factory):
    """A house with an hour of readings; its owner signed in, requests made by ``asks`` before the daemon began."""
    folder = tmp_path_factory.mktemp("sharing") / "house"
    folder.mkdir()

    def fill(shared):
        shared.readings()
        shared.handed()
        names = [f"{name}@sen2.test" for name in ("one", "two", "three", "four", "five", "six")]
        numbers = [shared.ask(name, terms=Terms(purpose=f"usage {name}", controller=LONG)) for name in names]
        other = shared.ask("elsewhere@sen2.test", sensor="nobodys-meter")
        consents = [shared.grant("past@sen2.test", path) for path in ("consumption/power", "consumption")]
        marked = shared.ask(LOOK_ALIKE, terms=Terms(purpose="science", controller="Enedis"))
        return numbers, other, marked, [consent.id for consent in consents]

    ((requests, other, marked, consents),) = make(folder / "data", fill)
    with House(folder, "/nowhere/tty") as house:
        house.requests, house.other, house.given = iter(requests), other, consents
        house.marked = marked
        house.signed_in = house.owner()
        yield house


def told(house, order):
    """What the daemon answers to an order."""
    return ask(house.folder / "data" / "control.sock", order)


def standing(house, jid):
    """The consents of a recipient that allow something."""
    rows = told(house, ListConsents())
    return [row for row in rows if row["recipient"] == jid and row["state"] in {"valid", "limited"}]


def offered(text):
    """Field -> path of the data that a form offers."""
    return dict(re.findall(r'name="(data\d+)" value="([^"]+)"', text))


def hidden(text):
    """The fields that a confirmation carries on."""
    (yes,) = re.findall(r'<form method="post" action="/sharing/requests/\d+/yes">(.*?)</form>', text)
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', yes)
    return {name: html.unescape(value) for name, value in found if name != "form_token"}


def test_r21_nothing_is_ticked_beforehand_and_each_thing_is_a_tick_of_its_own(sharing_house):
    """R21: data, granularity, purpose, period and way are separate; whatever is left out, nothing is given."""
    house, owner, number = sharing_house, sharing_house.signed_in, next(sharing_house.requests)
    path = f"/sharing/requests/{number}"
    _, text = owner.get(path)
    assert "checked" not in text
    _, text = owner.send(f"{path}/what", purpose="1")
    assert "checked" not in text
    data = offered(text)
    assert {"consumption/energy/active", "consumption/power/apparent"} <= set(data.values())
    whole = TICKS | {next(iter(data)): next(iter(data.values()))}
    assert "checked" not in owner.send(f"{path}/until", **{name: whole[name] for name in whole if name in data} | {
        "purpose": "1", "granularity": "PT30M"})[1]  # fmt: skip
    for missing in ("granularity", "purpose", "period", "history", next(iter(data))):
        answer, text = owner.send(f"{path}/text", **{name: whole[name] for name in whole if name != missing})
        assert answer.status == 400, missing
        assert text.count('class="bad"') == 1
        # What the household ticked itself stays, or goes along with the step at which something is missing.
        (form,) = re.findall(r'<form class="wide".*?</form>', text)
        kept = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', form))
        kept |= dict(re.findall(r'name="([^"]+)" value="([^"]*)" checked', form))
        assert {name: kept.get(name) for name in whole} == whole | {missing: None}, missing
        assert "autofocus" in form
        answer, _ = owner.send(f"{path}/yes", **{name: whole[name] for name in whole if name != missing})
        assert answer.status == 400, missing
    assert standing(house, "one@sen2.test") == []
    assert [row["id"] for row in told(house, PendingAccess())].count(number) == 1


def test_a_request_is_gone_through_step_by_step_and_back_again(sharing_house):
    """Each step asks its own, carries on what the others asked, and says which of the three it is."""
    owner, path = sharing_house.signed_in, f"/sharing/requests/{sharing_house.marked}"
    for step, number, asked, action in (
        ("who", 1, {"purpose"}, "what"),
        ("what", 2, {"granularity"}, "until"),
        ("until", 3, {"period", "until", "push", "history", "pseudonym", "coarse"}, "text"),
    ):
        field, value = next(iter(offered(owner.send(f"{path}/what", purpose="1")[1]).items()))
        answer, text = owner.send(f"{path}/{step}", **TICKS | {field: value})
        (form,) = re.findall(r'<form class="wide".*?</form>', text)
        seen = {name for kind, name in re.findall(r'type="(\w+)" name="([^"]+)"', form) if kind != "hidden"}
        assert (answer.status, seen - {field} >= asked, f'action="{path}/{action}"' in form) == (200, True, True), step
        assert re.search(r'aria-current="step"> ?<span>(\d)', text)[1] == str(number)
        carried = set(re.findall(r'type="hidden" name="([^"]+)"', form)) - {"form_token"}
        assert carried == {*TICKS, field} - seen, step
    assert (f'formaction="{path}/what"' in text, f'formaction="{path}/who"' in text) == (True, False)


def test_r21_no_wildcard_and_nothing_wider_than_was_asked_for_is_given(sharing_house):
    """R21: a path that is not one of those offered, a finer granularity, a later end: each refused with a sentence."""
    house, owner, number = sharing_house, sharing_house.signed_in, next(sharing_house.requests)
    path = f"/sharing/requests/{number}"
    field, value = next(iter(offered(owner.send(f"{path}/what", purpose="1")[1]).items()))
    late, past = ((datetime.now(UTC) + timedelta(days=days)).date().isoformat() for days in (302, -1))
    for wrong in (
        {field: "*"}, {field: ""}, {field: "production"}, {field: "consumption"}, {"granularity": "raw"},
        {"granularity": "PT1S"}, {"period": "for ever"}, {"period": "less", "until": late},
        {"period": "less", "until": past}, {"period": "less", "until": "demain"}, {"period": "less"},
        {"coarse": "1", "granularity": "PT1M"}, {"coarse": "1", "granularity": "PT15M"},
    ):  # fmt: skip
        answer, text = owner.send(f"{path}/text", **TICKS | {field: value} | wrong)
        assert (answer.status, text.count('role="alert"')) == (400, 1), wrong
    assert standing(house, "two@sen2.test") == []


def test_a_request_is_answered_with_less_and_the_proof_is_whole(sharing_house):
    """Text shown and kept; channel, version and language in the consent and in the signed journal (GDPR 7)."""
    house, owner, number = sharing_house, sharing_house.signed_in, next(sharing_house.requests)
    path, until = f"/sharing/requests/{number}", (datetime.now(UTC) + timedelta(days=30)).date().isoformat()
    _, text = owner.send(f"{path}/what", purpose="1")
    data = {name: path for name, path in offered(text).items() if path.endswith("apparent")}
    ticks = TICKS | data | {"period": "less", "until": until, "pseudonym": "1"}
    answer, text = owner.send(f"{path}/text", **ticks)
    assert answer.status == 200
    assert "usage three" in text
    assert "linky-gateway" not in html.unescape(text)
    assert standing(house, "three@sen2.test") == [], "a text that is read gives nothing"
    kept = hidden(text)
    answer, again = owner.send(f"{path}/yes", **kept | {"hash": "0" * 64})
    assert (answer.status, "Le texte a changé" in again) == (409, True)
    for password in ("", "nobody's word"):
        answer, again = owner.send(f"{path}/yes", **kept | {"own_password": password})
        assert (answer.status, "Mot de passe incorrect" in again, password not in again or not password) == (
            403, True, True)  # fmt: skip
        assert hidden(again) == kept
    assert standing(house, "three@sen2.test") == [], "without the password of the page nothing is given"
    answer, _ = owner.send(f"{path}/yes", **kept | {"own_password": PASSWORD})
    assert (answer.status, answer.headers["Location"]) == (303, "/sharing?done=given")
    (consent,) = standing(house, "three@sen2.test")
    assert (consent["series"], consent["granularity"]) == ("consumption/power/apparent", "PT30M")
    assert (consent["push"], consent["history"], consent["pseudonym"]) == (False, True, True)
    assert datetime.fromisoformat(consent["until"]) - datetime.now(UTC) < timedelta(days=32)
    assert (consent["channel"], consent["given_by"]) == ("web", "owner")
    assert consent["text"] == {"version": "5", "lang": "fr", "sha256": kept["hash"]}
    assert "« Partage »" in html.unescape(owner.get(f"/sharing/texts/{kept['hash']}")[1])
    (entry,) = [
        row
        for line in house.command("journal", "show", "--json").stdout.splitlines()
        if (row := json.loads(line))["kind"] == "consent-granted" and row["recipient"] == "three@sen2.test"
    ]
    assert (entry["channel"], entry["text"]) == ("web", kept["hash"])
    assert owner.send(f"{path}/yes", **kept)[0].status == 409, "answered once"
    assert f"consent {consent['known_as']}" not in owner.get("/sharing")[1]


def test_a_refusal_is_told_and_gives_nothing(sharing_house):
    """One press, no reason asked for; what is asked again about it is said not to wait."""
    house, owner, number = sharing_house, sharing_house.signed_in, next(sharing_house.requests)
    assert owner.send(f"/sharing/requests/{number}/no")[0].status == 303
    assert standing(house, "four@sen2.test") == []
    assert [row["recipient"] for row in told(house, Notices())].count("four@sen2.test") == 1
    assert owner.get(f"/sharing/requests/{number}")[0].status == 404
    assert owner.send(f"/sharing/requests/{number}/no")[0].status == 409


def test_a_request_for_a_meter_of_another_name_asks_which_one_is_meant(sharing_house):
    """None is taken for it unsaid."""
    house, owner = sharing_house, sharing_house.signed_in
    path = f"/sharing/requests/{house.other}"
    _, text = owner.send(f"{path}/what", purpose="1")
    assert "nobodys-meter" in text
    ticks = TICKS | {field: value for field, value in offered(text).items() if value.endswith("apparent")}
    answer, text = owner.send(f"{path}/text", **ticks)
    assert (answer.status, SHARING_WORDS["fr"]["wrong_meter"] in html.unescape(text)) == (400, True)
    assert owner.send(f"{path}/text", **ticks, meter="house")[0].status == 200


def test_one_press_refuses_all_of_a_domain_and_another_hears_it_again(tmp_path):
    """Who asks once comes first; a crowd has one button; nothing that is shared changes; both languages say it."""
    folder = tmp_path / "house"
    folder.mkdir()

    def fill(shared):
        shared.readings()
        shared.grant("consented@sub.evil.test")
        crowd = [shared.ask(f"u{number}@s{number}.evil.test") for number in range(7)]
        return crowd, shared.ask("honest@coop.test")

    (((first, *_), honest),) = make(folder / "data", fill)
    with House(folder, "/nowhere/tty") as house:
        owner = house.owner()
        _, text = owner.get("/sharing")
        assert "7 demandes de evil.test" in text
        assert text.index(f"/sharing/requests/{honest}") < text.index(f"/sharing/requests/{first}")
        assert "pendant 90 jours" in owner.get(f"/sharing/requests/{honest}")[1]
        answer, _ = owner.send("/sharing/domains/no", domain="evil.test")
        assert answer.headers["Location"] == "/sharing?done=domain_refused"
        assert [row["id"] for row in told(house, PendingAccess())] == [honest]
        assert [row["domain"] for row in told(house, RefusedDomains())] == ["evil.test"]
        assert [row["state"] for row in told(house, ListConsents())] == ["valid"]
        assert told(house, Notices()) == []
        _, text = owner.get("/sharing?done=domain_refused&lang=en")
        assert "Refused domains (1)" in text
        assert "evil.test: its requests are refused without being shown to you, until" in text
        assert owner.send("/sharing/domains/yes", domain="evil.test")[0].headers["Location"].endswith("domain_heard")
        assert owner.send("/sharing/domains/yes", domain="evil.test")[0].headers["Location"].endswith("nothing")
        assert told(house, RefusedDomains()) == []
        for wrong in ("", "x" * 999, "<b> </b>", "é\x00"):
            answer, text = owner.send("/sharing/domains/no", domain=wrong)
            assert answer.status == 409, wrong
            assert "<b>" not in text
        assert owner.send("/sharing/domains/no", domain="<i>.test")[0].status == 303
        assert "&lt;i&gt;.test" in owner.get("/sharing")[1]
        assert owner.post("/sharing/domains/no", {"domain": "coop.test"})[0].status == 403
        assert "Traceback" not in house.process.log.read_text()


def test_r22_one_press_withdraws_one_consent_or_all_of_a_recipient(sharing_house):
    """R22: no question is asked; a consent beside it stays, and says so; twice is no error."""
    house, owner = sharing_house, sharing_house.signed_in
    narrow, wide = house.given
    answer, _ = owner.send("/sharing/withdraw", consent=narrow)
    assert (answer.status, answer.headers["Location"]) == (303, "/sharing?done=withdrawn")
    assert [row["id"] for row in standing(house, "past@sen2.test")] == [wide]
    for change, state, done in (("limit", "limited", "limited"), ("resume", "valid", "resumed")):
        answer, _ = owner.send(f"/sharing/{change}", recipient="past@sen2.test")
        assert answer.headers["Location"] == f"/sharing?done={done}"
        assert [row["state"] for row in standing(house, "past@sen2.test")] == [state]
    assert owner.send("/sharing/withdraw", recipient="past@sen2.test")[0].status == 303
    assert standing(house, "past@sen2.test") == []
    assert owner.send("/sharing/withdraw", recipient="past@sen2.test")[0].headers["Location"].endswith("nothing")
    with closing(opened(house.folder / GATEWAYS)) as db:
        ways = db.execute("SELECT DISTINCT channel, given_by FROM consent_change WHERE kind <> 'replaced'").fetchall()
    assert ways == [("web", "owner")]


def test_an_erasure_may_be_thought_better_of_for_ten_seconds(tmp_path):
    """Nothing more is given at once; one press spares the recipient the erasure, and later on there is none."""
    folder = tmp_path / "house"
    folder.mkdir()

    def fill(shared):
        shared.readings()
        return [shared.grant(f"{name}@sen2.test").id for name in ("first", "second", "third")]

    make(folder / "data", fill)
    with House(folder, "/nowhere/tty") as house:
        owner = house.owner()
        assert owner.send("/sharing/withdraw", recipient="first@sen2.test")[0].status == 303
        # At once: a machine that has much to do has ten seconds for this one press.
        assert owner.send("/sharing/spare", recipient="first@sen2.test")[0].headers["Location"].endswith("done=spared")
        assert standing(house, "first@sen2.test") == [], "it stays withdrawn"
        assert [row["erasure"] for row in told(house, Notices())] == [False]
        assert "accord retiré, effacement non demandé" in html.unescape(owner.get("/sharing")[1])
        began = time.time()
        assert owner.send("/sharing/withdraw", recipient="second@sen2.test")[0].status == 303
        ended = time.time()
        assert standing(house, "second@sen2.test") == []
        _, row = told(house, Notices())
        assert (row["kind"], row["sent"], row["erasure"]) == ("consent-withdrawn", 0, True)
        held = row["held"] and datetime.fromisoformat(row["held"]).timestamp()
        assert held is None or int(began) + UNDO_S <= held <= ended + UNDO_S
        wait_until(lambda: not any(row["held"] for row in told(house, Notices())), 60, "ten seconds")
        assert time.time() >= int(began) + UNDO_S
        assert 'action="/sharing/spare"' not in owner.get("/sharing")[1]
        answer, _ = owner.send("/sharing/spare", recipient="second@sen2.test")
        assert answer.headers["Location"].endswith("done=too_late")
        assert [row["erasure"] for row in told(house, Notices())] == [False, True]
        # Who needs more time chooses so beforehand.
        answer, _ = owner.send("/sharing/withdraw", recipient="third@sen2.test", erasure="spared")
        assert answer.headers["Location"].endswith("done=withdrawn_spared")
        (last,) = [row for row in told(house, Notices()) if row["recipient"] == "third@sen2.test"]
        assert (last["erasure"], last["held"], standing(house, "third@sen2.test")) == (False, None, [])


def test_the_page_says_who_is_asked_to_erase_and_in_how_long(tmp_path):
    """Each withdrawal that is held has its seconds and its button; what is spared has none any more."""
    folder = tmp_path / "house"
    folder.mkdir()

    def fill(shared):
        shared.readings()
        for name in ("first", "second"):
            shared.grant(f"{name}@sen2.test")
            held = ErasureAsked(after_s=3_600)
            shared.store.consents.revoke(f"{name}@sen2.test", "", shared.now, "owner", Channel.WEB, held)

    make(folder / "data", fill)
    with House(folder, "/nowhere/tty") as house:
        owner = house.owner()
        text = html.unescape(owner.get("/sharing?done=withdrawn")[1])
        seconds = re.findall(r"Dans (\d+) secondes, il sera demandé à La Coop d’effacer", text)
        assert [0 < int(one) <= 3_600 for one in seconds] == [True, True]
        assert text.count('action="/sharing/spare"') == 2
        assert owner.send("/sharing/spare", recipient="first@sen2.test")[0].headers["Location"].endswith("done=spared")
        assert [(row["erasure"], bool(row["held"])) for row in told(house, Notices())] == [(False, False), (True, True)]
        assert owner.get("/sharing")[1].count('action="/sharing/spare"') == 1


def test_what_is_no_recipient_and_no_page_gets_a_sentence(sharing_house):
    """Never a traceback: an address that is none, a pseudonym that is none, numbers beyond everything."""
    owner = sharing_house.signed_in
    for path, fields, status in (
        ("/sharing/withdraw", {"recipient": "*"}, 409),
        ("/sharing/withdraw", {}, 409),
        ("/sharing/withdraw", {"consent": "9" * 30}, 303),
        ("/sharing/limit", {"recipient": "nobody"}, 409),
        ("/sharing/renew", {"recipient": "past@sen2.test"}, 409),
        ("/sharing/requests/999999/text", TICKS, 409),
    ):
        answer, text = owner.send(path, **fields)
        assert answer.status == status, path
        assert status == 303 or text.count('class="bad"') == 1
    for path in ("/sharing/requests/999999", "/sharing/requests/9" + "9" * 40, f"/sharing/texts/{'0' * 64}"):
        assert owner.get(path)[0].status == 404, path
    for before in ("x", "-1", "9" * 40, "0", "86400", "253370764799"):
        assert owner.get(f"/sharing?before={before}&done=x")[0].status == 200, before
    assert "Traceback" not in sharing_house.process.log.read_text()


def test_nobody_but_the_household_comes_there(sharing_house):
    """Not without a session, not with a display's link, and no form without the session's token."""
    house = sharing_house
    assert house.visitor().get("/sharing")[0].headers["Location"] == "/login?to=/sharing"
    assert house.visitor().post("/sharing/withdraw", {"consent": "1"})[0].status == 403
    assert house.signed_in.post("/sharing/withdraw", {"consent": "1"})[0].status == 403


def test_the_log_says_who_got_how_much_of_which_time(sharing_house):
    """Per day and recipient, the latest first; earlier days by the link."""
    owner = sharing_house.signed_in
    _, text = owner.get("/sharing")
    log = text[text.index('id="log"') :]
    assert log.count(COOP) == 3
    assert "40 (une série" in log
    assert log.replace("\xa0", " ").count("confirmées par ses accusés de réception : 30") == 1
    earlier = re.search(r'href="(/sharing\?before=\d+)#log"', text)[1]
    assert "Rien n’a été remis" in owner.get(earlier)[1]


def test_each_recipient_has_a_sentence_and_what_went_there(tmp_path):
    """What it receives until when, suspended or only on demand; how much was sent, waits, is confirmed."""
    folder, minute = tmp_path / "house", Granularity.MINUTE
    folder.mkdir()

    def fill(shared):
        shared.readings()
        shared.grant(COOP, "consumption/power", minute)
        shared.store.subscriptions.add(COOP, "house", "consumption", NameForm.SEN1.value, Confirm.RECEIPT, shared.now)
        shared.handed(COOP)
        shared.grant(TOWN, "consumption/energy", Granularity.DAY, terms=Terms(push=False, controller="La Ville"))
        shared.grant("etude@sen9.test", "consumption/power", terms=Terms(controller="Étude"))
        shared.store.consents.limit("etude@sen9.test", shared.now)
        paused = Terms(push=False, controller="Archives")
        shared.grant("archives@sen9.test", "consumption/energy", Granularity.DAY, terms=paused)
        shared.store.consents.limit("archives@sen9.test", shared.now)
        for name, push in (("Demain", True), ("Plus tard", False)):
            terms, begins = Terms(push=push, controller=name), shared.now + 40 * DAY_S
            shared.grant(f"{push}@sen9.test", "consumption/power", terms=terms, begins=begins)
        # It answers for nothing that it is handed.
        (series, *_) = shared.store.meters.series("house")
        points = shared.store.readings.page("house", series.path, Granularity.RAW, 0, 2**40, 12)
        shared.store.transfers.note(TOWN, points, shared.now)
        # What is read from now on waits for who has subscribed.
        recorder = Recorder("house", {})
        for at in range(shared.now // 60 * 60, shared.now // 60 * 60 + 181, 30):
            recorder.add(frame(at, power=500 + at % 50, index=at - 1_700_000_000))
        shared.store.batches.write([recorder.take()], shared.now)
        rows = hand_over(shared.store, COOP, shared.now, last=3)
        shared.store.outbox.confirm(COOP, 0, rows[0].seq, shared.now)
        shared.store.accounts.compared(COOP, LastComparison(shared.now, "differs", 40, 2, 1, 1))
        return next(one for one in shared.store.accounts.all() if one.recipient == COOP)

    (account,) = make(folder / "data", fill)
    assert (account.sent, account.confirmed, account.balanced) == (3, 1, True)
    with House(folder, "/nowhere/tty") as house:
        text = html.unescape(house.owner().get("/sharing")[1]).replace("\xa0", " ").replace("\u202f", " ")
    cards = {
        re.search(r"<h3>(.*?)</h3>", card)[1]: card for card in text.split('<article class="agreement party">')[1:]
    }
    names = ("La Coop", "La Ville", "Étude", "Archives", "Demain", "Plus tard")
    coop, town, study, archives, tomorrow, later = (cards[f"{name} (nom non vérifié)"] for name in names)
    said = re.search(rf'<p class="sentence">La Coop reçoit une valeur par minute, jusqu’au {DATE}\.<small>(.*?)<', coop)
    assert said[1] == "Toute la puissance soutirée"
    numbers = re.findall(r"<dt>(\S+|En attente)</dt><dd>(\d+)", coop)
    assert numbers == [("Envoyé", "123"), ("En attente", str(account.waiting)), ("Confirmé", "1")]
    assert "<small>dont 120 à sa demande ou en direct</small>" in coop
    assert "<small>2 pas encore confirmées</small>" in coop
    assert re.search(
        rf"<dt>Comparaison</dt><dd>le {DATE} : 3 valeurs manquaient ou étaient différentes chez lui ; elles ont été"
        r" renvoyées ; il a une valeur qui n’est pas dans cette maison</dd>",
        coop,
    )
    assert "<dt>Comparaison</dt><dd>pas encore</dd>" in town
    assert "La Ville peut demander un total par jour, jusqu’au" in town
    assert "Étude ne reçoit rien en ce moment ; vous aviez promis une valeur par demi-heure" in study
    assert (
        "Archives ne peut rien demander en ce moment ; vous lui aviez permis de demander un total par jour" in archives
    )
    assert re.search(rf"Demain recevra une valeur par demi-heure, du {DATE} au \d", tomorrow)
    assert re.search(rf"Plus tard pourra demander une valeur par demi-heure, du {DATE} au \d", later)
    # What nobody confirms is not said to be none.
    flow = re.search(r'<dl class="flow">(.*?)</dl>', town, re.DOTALL)[1]
    assert "<dt>Envoyé</dt><dd>12" in flow
    assert "<dt>Confirmé</dt><dd><small>aucune confirmation reçue</small></dd>" in flow
    assert [card.count('action="/sharing/withdraw"') for card in (coop, town, study)] == [3, 3, 3]


def test_forty_consents_are_shown_and_a_changed_entry_of_the_journal_is_named(tmp_path):
    """Long names are escaped, each has its button; at a press the journal is found whole, or which entry is not."""
    folder = tmp_path / "house"
    folder.mkdir()
    make(folder / "data", overfull)
    with House(folder, "/nowhere/tty") as house:
        owner = house.owner()
        _, text = owner.get("/sharing")
        assert text.count('name="consent"') == 40
        assert "<script>" not in text
        assert "&lt;b&gt;Étudier" in text
        assert len(text) < 250_000
        assert "Pas encore vérifié" in text
        assert owner.send("/sharing/journal")[0].headers["Location"] == "/sharing#journal"
        _, text = owner.get("/sharing")
        found = re.search(r"Vérifié le .*?\s: (\d+) entrées, toutes intactes", text)
        assert int(found[1]) >= 40
        with closing(sqlite3.connect(folder / "data" / "linky-gateway.sqlite")) as db:
            db.execute("UPDATE journal SET event = replace(event, 'consumption', 'production') WHERE seq = 2")
            db.commit()
        owner.send("/sharing/journal")
        _, text = owner.get("/sharing")
        assert "l&#x27;entrée 2 a été modifiée" in text
        assert "Traceback" not in house.process.log.read_text()


def test_the_way_to_ones_own_data_is_there(sharing_house):
    """Nobody has to be asked for an archive that the page itself makes."""
    text = html.unescape(sharing_house.signed_in.get("/sharing")[1])
    assert 'href="/settings/data"' in text
    assert sharing_house.signed_in.get("/settings/data")[0].status == 200


def test_both_languages_say_the_same_things():
    """Every key in both, with the same places."""
    french, english = (SHARING_WORDS[lang] for lang in LANGS)
    assert french.keys() == english.keys()
    assert [k for k in french if {*re.findall(r"{\w+}", french[k])} != {*re.findall(r"{\w+}", english[k])}] == []


@pytest.mark.parametrize("place", ["/sharing", "/sharing/requests/{marked}"])
def test_an_address_that_mixes_alphabets_is_marked_before_a_yes(sharing_house, place):
    """Beside the address, in a sentence; the name that the asker gives itself is said not to be verified."""
    owner = sharing_house.signed_in
    for lang, mark, name in (
        ("fr", "mêle des alphabets (cyrillique, latin)", "Enedis (nom non vérifié)"),
        ("en", "mixes alphabets (Cyrillic, Latin)", "Enedis (name not verified)"),
    ):
        _, text = owner.get(f"{place.format(marked=sharing_house.marked)}?lang={lang}")
        assert text.count(mark) == 1
        assert name in text


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (None, "not yet"),
        (("same", 9, 0, 0, 0), "the same on both sides"),
        (("same", 0, 0, 0, 0), "nothing to compare yet"),
        (("differs", 9, 1, 0, 0, 1), "one value was missing or different there; it was sent again"),
        (("differs", 9, 1, 1, 0, 2), "2 values were missing or different there again; they were sent again"),
        (("differs", 9, 0, 0, 1200), "1,200 values are there, but not in this house"),
        (("unanswered", 0, 0, 0, 0), "impossible, its program does not answer"),
        (("veiled", 0, 0, 0, 0), "impossible with a pseudonym or rounded values"),
        (("broken", 5, 1, 0, 0, 1), "it could not be completed; one value was missing or different there;"),
    ],
)
def test_the_last_comparison_is_said_as_what_it_is(found, said):
    """What nobody knows is never said to be the same."""
    last = found and LastComparison(1_781_604_000, *found)
    view = PageView("en", "/sharing", None, {}, SHARING_WORDS["en"], arranged([]), requests=lambda: 0)
    text = InWords(view).compared(last).replace("\xa0", " ")
    assert said in text
    assert text.startswith("on 16 June 2026: ") or found is None
    assert ("the same" in text) == (said == "the same on both sides")
