"""Each check of ``tools/conformance`` is seen to fail: peers that lie about one point each, and about nothing else."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from conformance.__main__ import GATEWAY_PARTS, RECIPIENT_PARTS
from harness.accounts import HOME, consume, register
from harness.process import PATH
from meter.process import SimulatedMeter
from tests.integration.processes import PASSWORD, House, Process
from tests.tools.conformance.rig import ATTENDED, Conformance

pytestmark = [pytest.mark.servers, pytest.mark.slow]
# Point -> what is told of it; of three liars, as some faults hide others.
GATEWAY = {
    "C1": "service-unavailable",
    "C2": "the hash AAAA does not fit",
    "C3": "listed: health",
    "C4": "unsubscribe, 'complete', with types",
    "C5": "are said to be fr",
    "C6": "a command in an iq of type get: no answer came",
    "C7": "there is no such series",
    "C8": "the field identifier is not named",
    "C9": "the same request got the numbers",
    "C10": "the notice: it has no words for a person",
    "C11": "is not there",
    "C12": "a sample does not say that it is invented",
    "C13": "not-authorized",
    "C15": "first 'soon'",
    "C17": "a message with the id",
    "C19": "asks for none",
    "C20": "result 'Success'; expected not-authorized",
    "C21": "does not wait any more",
    "C25": "item-not-found",
    "C26": "the lease was over, live values still came",
    "C27": "it asks for a receipt",
    "C28": "and not the same",
    "C30": "the notice came again with the id",
    "C34": "not for you",
    "C35": "expected not-authorized",
    "C36": "expected item-not-found (cancel)",
    "C38": "a record with bu",
    "C40": "they differ",
    "C43": "shown live, may be kept for P9Y, and the consent says P1Y",
    "C48": "of who does not say that it answers",
    "C49": "questions after a difference",
    "C50": "came again, and does not say that it replaces",
    "C51": "a notice came: data-erased",
}
RECIPIENT = {
    "C10": "the notice of an answer was not confirmed",
    "C14": "shown no presence",
    "C15": "it did not ask the history",
    "C16": "was not confirmed",
    "C18": "a receipt went to",
    "C19": "was not confirmed twice",
    "C24": "it said 4 of",
    "C27": "a live value was confirmed",
    "C30": "a notice of a kind that there is not was confirmed",
    "C32": "it did not ask for that time",
    "C37": "refused for now it asked again after",
    "C44": "the hash of",
    "C46": "an answer without a command",
    "C47": "expected bad-request",
}
BY_PAGES = {
    "C28": "asks the history without pages",
    "C29": "it did not ask for those behind 4",
    "C45": "of 100001 records it said 100001, with the hash",
}


def liar(folder, name, *words):
    """A process of ours that lies."""
    process = Process(folder, name, *words, module="tests.tools.conformance.wrong")
    process.environment["PYTHONPATH"] = PATH
    return process


def lying_gateway(federation, folder, running):
    """A house whose gateway lies, with somebody there who refuses and withdraws."""
    jid = "liar0@sen2.test"
    register(federation, folder, [jid], PASSWORD)
    running.enter_context(SimulatedMeter(folder / "ttyTIC", seed=24, mode="standard"))
    house = House(folder, federation, folder / "ttyTIC")
    # Besides those of our other tests, whose stanzas keep to the schema.
    house.config.write_text(house.config.read_text().replace(HOME, "liar@sen1.test"))
    register(federation, folder, ["liar@sen1.test"], PASSWORD)
    house.grant("consumption", jid=jid, retention="P1Y")
    words = [",".join(GATEWAY), "run", "--config", house.config]
    running.enter_context(liar(folder, "gateway", *words))
    house.await_link("xmpp", "ok", 60)
    series = ["--series", "liar:sen1.test/ab12:sen1.test/consumption"]
    run = Conformance(folder, federation, "liar@sen1.test/proxy", jid, *series, *ATTENDED, "--as", "gateway")
    return run, house


def lying_recipient(federation, folder, running, number, faults, *said):
    """``linky-gateway consume`` that lies; somebody else is there, to ask it as well."""
    home, jid = f"liar{number}@sen1.test", f"liar{number}@sen2.test"
    other = f"nobody{number}@sen1.test"
    register(federation, folder, [home, jid, other], PASSWORD)
    words = consume(federation, folder, "conformance", jid=jid, home=home)
    running.enter_context(liar(folder, "recipient", ",".join(faults), *words))
    return Conformance(folder, federation, jid, home, "--as", "recipient", "--other", other, *said), None


@pytest.fixture(scope="module")
def outcomes(federation, tmp_path_factory):
    """What came of each liar."""
    with ExitStack() as running, ThreadPoolExecutor() as threads:
        folders = [tmp_path_factory.mktemp("liar") for _ in range(3)]
        tried = [
            lying_gateway(federation, folders[0], running),
            lying_recipient(federation, folders[1], running, 1, RECIPIENT, "--patience", 18),
            lying_recipient(federation, folders[2], running, 2, BY_PAGES, "--patience", 20, "--many"),
        ]
        runs = [threads.submit(run.ended, house) for run, house in tried]
        return [run.result() for run in runs]


@pytest.mark.parametrize(("liar", "told"), [(0, GATEWAY), (1, RECIPIENT), (2, BY_PAGES)])
def test_each_lie_is_found(outcomes, liar, told):
    """Each point that is broken fails with what came instead, and no other does."""
    outcome = outcomes[liar]
    print(outcome.text, outcome.said)
    failed = {row.split("|")[1].strip(): row.split("|")[5].strip() for row in outcome.failed}
    assert {number: failed.get(number) for number in told if told[number] not in failed.get(number, "")} == {}
    assert set(failed) == set(told)
    assert outcome.code == 1


def test_every_check_has_a_liar():
    """A check that is never seen to fail may be one that cannot."""
    assert {check.number for part in GATEWAY_PARTS for check in part.CHECKS.all} == set(GATEWAY)
    assert {check.number for part in RECIPIENT_PARTS for check in part.CHECKS.all} == set(RECIPIENT) | set(BY_PAGES)
