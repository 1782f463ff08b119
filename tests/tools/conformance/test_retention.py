"""The point about retention: what is judged, by which consent, and what is no fault."""

from xml.etree import ElementTree as ET

import pytest

from conformance import gateway_retention
from conformance.points import PointOutcome
from gateway.federation.wire.form import Answer
from gateway.federation.wire.stanza import OURS
from tests.tools.conformance.test_nonsense import SERIES, Saying, found_of

SEN1 = "maison@sen1.test/ab12@sen1.test/consumption"
PASSED, FAILED, LEFT = PointOutcome.PASSED, PointOutcome.FAILED, PointOutcome.LEFT


def consent(**said):
    """One of ``my_access``, to everything as it is read."""
    words = {"state": "valid", "series": SEN1, "granularity": "raw", "push": "true", "history": "true"}
    return words | {"retention": "P1Y"} | said


def came(retention, *, tag="message", live="", granularity=""):
    """A stanza with one value."""
    meta = (f' retention="{retention}"' if retention else "") + (f' live="{live}"' if live else "")
    sampled = f' sampling-interval="{granularity}"' if granularity else ""
    return ET.fromstring(
        f'<{tag} xmlns="jabber:client"><quoalise xmlns="urn:quoalise:0"><data><meta{meta}>'
        f'<measurement n="consumption/power/apparent/raw"{sampled}/></meta>'
        '<sensml xmlns="urn:ietf:params:xml:ns:senml">'
        f'<senml bn="{SERIES}" bt="1795998145" u="VA" v="1"/></sensml></data></quoalise></{tag}>'
    )


def judged(consents, *stanzas):
    """What is found of a gateway that sent this."""
    access = ET.Element(f"{{{OURS}}}access")
    for one in consents:
        ET.SubElement(access, f"{{{OURS}}}consent", one)
    peer = Saying({"my_access": Answer((), [access])})
    for stanza in stanzas:
        peer.keep(stanza)
    return found_of("C43", peer, gateway_retention)


@pytest.mark.parametrize(
    ("how", "more"), [("pushed", {}), ("shown live", {"live": "true"}), ("of the past", {"tag": "iq"})]
)
def test_a_retention_longer_than_the_consents_fails_its_point(how, more):
    """In each way in which values come; the same, a shorter one, or none at all is no fault."""
    for said in ("P1Y", "P12M", "P30D", ""):
        assert judged([consent()], came(said, **more)) == (PASSED, how)
    outcome, words = judged([consent()], came("P3Y", **more))
    assert (outcome, words) == (FAILED, f"{SERIES}, {how}, may be kept for P3Y, and the consent says P1Y")


@pytest.mark.parametrize(
    ("consents", "outcome"),
    [
        ([consent(retention="P3Y")], PASSED),
        ([consent(retention="P3Y"), consent()], FAILED),
        ([consent(retention="P3Y"), consent(granularity="P1D")], PASSED),
        ([consent(retention="P3Y"), consent(state="withdrawn")], PASSED),
        ([consent(retention="P3Y"), consent(push="false")], PASSED),
        ([consent(retention="P3Y"), consent(series=f"{SEN1}/energy")], PASSED),
        ([consent(series=f"{SEN1}/energy")], LEFT),
        ([{name: word for name, word in consent().items() if name != "retention"}], LEFT),
        ([], LEFT),
        ([consent(retention="for ever")], FAILED),
        ([consent(granularity="PT5M")], FAILED),
        ([consent(series="nowhere")], FAILED),
    ],
)
def test_the_consents_on_whose_word_it_came_are_what_counts(consents, outcome):
    """Those in force, to that series, that fine, to be pushed; what cannot be read fails the point."""
    assert judged(consents, came("P3Y"))[0] is outcome


def test_of_a_period_the_consent_to_it_counts():
    """A daily value may be kept for as long as the consent to days says, and not longer."""
    assert judged([consent(granularity="P1D")], came("P3Y", granularity="P1D"))[0] is FAILED
    assert judged([consent(granularity="P1D")], came("P1Y", granularity="P1D")) == (PASSED, "pushed")
    assert judged([consent()], came("for ever"))[0] is FAILED
