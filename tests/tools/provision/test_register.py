"""What a stranger's name of an account does in an installer's register, and in the line that he is told to type."""

import csv
import json
import shlex

from gateway.commands.fleet_ask import read_register
from provision import device
from provision.collector import CooperativeRegister
from provision.device import ProvisionedDevice
from provision.work import ProvisionedFleet

FORMULA, COMMAND = "=hyperlink(a1)@a.test", "$(reboot)@a.test"


def made(out, jid):
    """A device whose household has joined by that account."""
    one = ProvisionedDevice(
        device="one", jid=jid, site="+Mairie", state="made", since="2027-01-01", account=False,
        invitation="0123456789abcdef",
        joined="2027-01-02",
    )  # fmt: skip
    device.save(out, one)


def test_a_spreadsheet_reckons_nothing_in_the_register(tmp_path):
    """The names are text there, and our own readers take them for what they are."""
    made(tmp_path, FORMULA)
    assert ProvisionedFleet(tmp_path).hand_over("one")
    with (tmp_path / "register.csv").open(newline="") as lines:
        (row,) = csv.DictReader(lines)
    assert (row["jid"], row["site"], row["joined"]) == (f"'{FORMULA}", "'+Mairie", "2027-01-02")
    read = read_register(tmp_path / "register.csv")
    assert [(one.jid, one.site) for one in read] == [(f"{FORMULA}/proxy", "+Mairie")]


def test_the_line_that_takes_a_stranger_out_is_quoted(tmp_path):
    """Pasted into a shell it names the account, and does nothing else."""
    made(tmp_path, COMMAND)
    answer = tmp_path / "linky-collect"
    answer.write_text(f"#!/bin/sh\ncat <<'END'\n{json.dumps({'revoked': 0, 'used': [{'gateway': COMMAND}]})}\nEND\n")
    answer.chmod(0o755)
    what, values = ProvisionedFleet(tmp_path, register=CooperativeRegister([str(answer)])).revoke("one")
    assert (what, values["gateway"]) == ("invitation_used", COMMAND)
    assert values["command"] == f"linky-collect gateways remove '{COMMAND}'"
    assert shlex.split(values["command"])[-1] == COMMAND
