"""The hash of service discovery, as XEP-0115 itself works it out."""

from xml.etree import ElementTree as ET

import pytest

from conformance.caps import verification

FEATURES = ("caps", "disco#info", "disco#items", "muc")
SIMPLE = "<identity category='client' name='Exodus 0.9.1' type='pc'/>"
# XEP-0115 §5.3.
COMPLEX = """
<identity xml:lang='en' category='client' name='Psi 0.11' type='pc'/>
<identity xml:lang='el' category='client' name='Ψ 0.11' type='pc'/>
<x xmlns='jabber:x:data' type='result'>
  <field var='FORM_TYPE' type='hidden'><value>urn:xmpp:dataforms:softwareinfo</value></field>
  <field var='ip_version'><value>ipv4</value><value>ipv6</value></field>
  <field var='os'><value>Mac</value></field>
  <field var='os_version'><value>10.5.1</value></field>
  <field var='software'><value>Psi</value></field>
  <field var='software_version'><value>0.11</value></field>
</x>"""


def query(said):
    """The answer with the four features of both examples."""
    features = "".join(f"<feature var='http://jabber.org/protocol/{name}'/>" for name in FEATURES)
    return ET.fromstring(f"<query xmlns='http://jabber.org/protocol/disco#info'>{said}{features}</query>")


@pytest.mark.parametrize(
    ("said", "expected"),
    [(SIMPLE, "QgayPKawpkPSDYmwT/WM94uAlu0="), (COMPLEX, "q07IKJEyjvHSyhy//CH0CxmKi8w=")],
)
def test_the_examples_come_out(said, expected):
    """One of identities and features alone, one with languages and a form (§5.2, §5.3)."""
    assert verification(query(said), "sha-1") == expected


def test_another_algorithm_is_another_hash():
    """Of those that are registered; of one that is not known there is none."""
    hashes = {verification(query(SIMPLE), name) for name in ("sha-1", "SHA-256", "sha-512", "md5")}
    assert (len(hashes), verification(query(SIMPLE), "crc32")) == (4, None)


def test_a_form_without_a_type_is_left_out():
    """As §5.4 has it."""
    form = "<x xmlns='jabber:x:data'><field var='os'><value>Mac</value></field></x>"
    assert verification(query(SIMPLE + form), "sha-1") == verification(query(SIMPLE), "sha-1")
