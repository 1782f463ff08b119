"""What a provider may send, built by hand: a pack of one record, a notice."""

from xml.etree import ElementTree as ET

from gateway.federation.wire.notice import NOTICE
from gateway.federation.wire.stanza import OURS, QUOALISE
from tests.gateway.federation.conftest import START


def pack(name, value=1, time=START, retention="P1Y", rectifies=False, unit="Wh", label="v"):
    """A <quoalise> of one record."""
    meta = ET.Element(f"{{{QUOALISE}}}meta", {"retention": retention})
    if rectifies:
        meta.set("rectifies", "true")
    quoalise = ET.Element(f"{{{QUOALISE}}}quoalise")
    data = ET.SubElement(quoalise, f"{{{QUOALISE}}}data")
    data.append(meta)
    ns = "urn:ietf:params:xml:ns:senml"
    record = {"bver": "26", "n": name, "u": unit, label: str(value), "t": str(time)}
    ET.SubElement(ET.SubElement(data, f"{{{ns}}}sensml"), f"{{{ns}}}senml", record)
    return quoalise


def notice(kind, number="1", text="Bonjour", **attributes):
    """A <notice>."""
    element = ET.Element(NOTICE, {"id": number, "kind": kind} | attributes)
    ET.SubElement(element, f"{{{OURS}}}text", {"{http://www.w3.org/XML/1998/namespace}lang": "fr"}).text = text
    return element
