"""What the rig's tap has written down is held to the schema."""

import pytest

from tests.tap import check
from tests.wire_schema import can_validate

GOOD = "<joined xmlns='urn:linky-gateway:pairing:1' state='claimed'/>"
BAD = "<joined xmlns='urn:linky-gateway:pairing:1' state='lost'/>"


def message(origin, held):
    """As mod_tap.lua writes one."""
    return f"<message from='{origin}' to='maison@sen1.test/proxy'>{held}</message>\x1e"


@pytest.mark.skipif(not can_validate(), reason="lxml is not installed")
def test_what_a_program_sends_in_another_form_is_found(tmp_path):
    """Of a program; what a test makes up to see it refused may have any form."""
    file = tmp_path / "stanzas"
    check(file)
    file.write_text(message("coop@sen2.test/one", GOOD) + message("coop@sen2.test/odd", BAD))
    check(file)
    file.write_text(message("coop@sen2.test/one", GOOD) + message("coop@sen2.test/one", BAD))
    with pytest.raises(AssertionError, match="lost"):
        check(file)
