"""An invitation's own link: what may stand in it, whoever has signed it."""

from datetime import date

import msgspec
import pytest
from msgspec.structs import replace

from gateway.errors import InvitationError
from gateway.federation.wire.invitation import Invitation, read, signing_key, write

PAGE = "http://linky.local/"
ASKED = Invitation(
    id="0123456789abcdef",
    secret="A" * 22,
    expires=1_900_000_000,
    addresses=("coop@sen2.test", "archive@sen2.test"),
    series=("consumption/energy",),
    granularity="PT30M",
    until=date(2027, 6, 30),
    history="",
    controller="La Coop",
    contact="dpo@sen2.test",
    privacy="https://sen2.test/privacy",
    role="controller",
    purpose="to share the sun of a roof",
    retention="P1Y",
    token="abcdefghij",
)


@pytest.fixture
def key(tmp_path):
    """A stranger's."""
    return signing_key(tmp_path / "key.pem")


def test_an_account_is_made_at_the_addresses_own_server_and_nowhere_else(key):
    """Whoever makes a house's account could write to it in the name of that address: no link may say who that is."""
    assert read(write(ASKED, key, PAGE)[0]).invitation.server == "sen2.test"
    assert read(write(replace(ASKED, token=""), key, PAGE)[0]).invitation.server == ""
    words = msgspec.to_builtins(ASKED)
    at = Invitation.__struct_fields__.index("retention") + 1
    for server in ("evil.test", "sen2.test"):
        link = write([*words[:at], server, *words[at:]], key, PAGE)[0]
        with pytest.raises(InvitationError, match=r"altered or is not whole"):
            read(link)


@pytest.mark.parametrize(
    ("addresses", "words"),
    [
        (("coop@sen2.test", "coop@evil.test"), "of several domains"),
        (("Coop@sen2.test",), "'Coop@sen2.test' is not written in its own form, coop@sen2.test"),
        (("coop@sen2.test/phone",), "is not written in its own form, coop@sen2.test"),
        (("coop@SEN2.test",), "is not written in its own form"),
    ],
)
def test_an_address_is_written_as_its_answers_come_from_it(key, addresses, words):
    """The collector is known by the sender of its answers, and consents are kept in that form."""
    with pytest.raises(InvitationError, match=words):
        read(write(replace(ASKED, addresses=addresses), key, PAGE)[0])
