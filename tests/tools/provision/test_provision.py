"""A fleet against real servers: made once, cut off and resumed, revoked, and no secret where it does not belong."""

import csv
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.commands.fleet_ask import read_register
from gateway.first_boot.settings import parse
from provision import device, fleet
from provision.__main__ import main
from provision.accounts import EjabberdAccounts, InBand, ProsodyAccounts
from provision.errors import ProvisionError
from provision.work import ProvisionedFleet

ROOT = Path(__file__).parents[3]


def ejabberd_url(federation):
    """Of the server of sen2.test."""
    return f"http://{federation.address('sen2.test').rpartition(':')[0]}:5280/api"


def prosodyctl(federation):
    """How its server is called."""
    return f"prosodyctl --config {federation.servers['sen1.test'].place.folder / 'prosody.cfg.lua'}"


def states(out):
    """Device -> state."""
    return {one.device: one.state for one in device.everything(out)}


def made_of(out):
    """The devices whose account exists, as far as the disk says."""
    return [one for one in device.everything(out) if one.state == "made"]


# The command, killed in the middle: the server has made the account, the disk does not know yet.
KILLED = """
import os, signal, sys
from provision import __main__ as command

class Mortal(command.EjabberdAccounts):
    calls = 0

    def make(self, jid, password):
        super().make(jid, password)
        Mortal.calls += 1
        if Mortal.calls == 25:
            os.kill(os.getpid(), signal.SIGKILL)

command.EjabberdAccounts = Mortal
sys.exit(command.main(sys.argv[1:]))
"""


def test_fifty_devices_cut_off_half_way_are_fifty_accounts(federation, fleet_file, tmp_path, capsys):
    """After kill -9 in the middle the same command makes the others; what was made stays as it was, byte for byte."""
    file, out, url = fleet_file("half", 50), tmp_path / "fleet", ejabberd_url(federation)
    arguments = [str(file), "--domain", "sen2.test", "--ejabberd", url, "--out", str(out), "--lang", "en"]
    environment = os.environ | {"PYTHONPATH": f"{ROOT}:{ROOT / 'tools/lib'}"}
    killed = subprocess.run([sys.executable, "-c", KILLED, *arguments], env=environment, timeout=300, check=False)
    assert killed.returncode == -signal.SIGKILL
    first = device.everything(out)
    assert [one.state for one in first] == ["made"] * 24 + ["planned"]
    assert main(arguments) == 0
    assert capsys.readouterr().out.startswith("50 devices: 26 new")
    server, everything = EjabberdAccounts(url), device.everything(out)
    assert everything[:24] == first[:24]
    assert (everything[24].password, everything[24].code) == (first[24].password, first[24].code)
    assert len({one.password for one in everything}) == len({one.code for one in everything}) == 50
    assert all(one.state == "made" and server.opens(one.jid, one.password) for one in everything)
    before = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in out.rglob("*") if path.is_file()}
    assert main(arguments) == 0
    assert {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in before} == before
    assert {oct(path.stat().st_mode & 0o777) for path in before} == {"0o600"}
    assert {oct(path.stat().st_mode & 0o777) for path in (out, out / "half-01", out / "half-01/card")} == {"0o700"}


class CutOff(EjabberdAccounts):
    """The server does it, and then the power goes."""

    def make(self, jid, password):
        super().make(jid, password)
        raise KeyboardInterrupt


def test_an_account_made_by_a_run_that_was_cut_off_is_found_again(federation, fleet_file, tmp_path):
    """It exists, the disk does not know: it is the fleet's because the fleet's password opens it."""
    rows, url = fleet.read(fleet_file("cut", 1), "sen2.test"), ejabberd_url(federation)
    with pytest.raises(KeyboardInterrupt):
        ProvisionedFleet(tmp_path, CutOff(url)).provision(rows, lambda *_: None)
    (planned,) = device.everything(tmp_path)
    assert planned.state == "planned"
    assert ProvisionedFleet(tmp_path, EjabberdAccounts(url)).provision(rows, lambda *_: None)["made"] == 1
    (made,) = device.everything(tmp_path)
    assert (made.state, made.password) == ("made", planned.password)


@pytest.mark.parametrize("kind", ["ejabberd", "prosody"])
def test_somebody_elses_account_is_not_touched(federation, fleet_file, tmp_path, kind):
    """A name that is taken is one sentence, and its own password goes on opening it."""
    domain = "sen2.test" if kind == "ejabberd" else "sen1.test"
    server = (
        EjabberdAccounts(ejabberd_url(federation))
        if kind == "ejabberd"
        else ProsodyAccounts(prosodyctl(federation).split())
    )
    federation.register("theirs-00", domain, "theirs-own-password")
    with pytest.raises(ProvisionError, match="exists on the server already"):
        ProvisionedFleet(tmp_path, server).provision(fleet.read(fleet_file("theirs", 1), domain), lambda *_: None)
    assert server.opens(f"theirs-00@{domain}", "theirs-own-password")


@pytest.mark.parametrize("kind", ["ejabberd", "prosody"])
def test_a_lost_device_is_revoked(federation, fleet_file, tmp_path, capsys, kind):
    """Its account opens no more, nothing secret of it is left, the register says so, and its line is left aside."""
    domain = "sen2.test" if kind == "ejabberd" else "sen1.test"
    way = ["--ejabberd", ejabberd_url(federation)] if kind == "ejabberd" else ["--prosodyctl", prosodyctl(federation)]
    server = EjabberdAccounts(way[1]) if kind == "ejabberd" else ProsodyAccounts(way[1].split())
    file, out = fleet_file("lost", 3), tmp_path / "fleet"
    common = [*way, "--out", str(out), "--lang", "en"]
    assert main([str(file), "--domain", domain, *common]) == 0
    lost = device.load(out, "lost-01")
    assert server.opens(lost.jid, lost.password)
    assert main(["--revoke", "lost-01", *common]) == 0
    assert main(["--revoke", "lost-01", *common]) == 0
    assert not server.opens(lost.jid, lost.password)
    assert main([str(file), "--domain", domain, *common]) == 0
    assert "1 lines of revoked devices" in capsys.readouterr().out
    assert states(out) == {"lost-00": "made", "lost-01": "revoked", "lost-02": "made"}
    with (out / "register.csv").open(encoding="utf-8") as lines:
        assert [line["state"] for line in csv.DictReader(lines)] == ["made", "revoked", "made"]
    kept = b"".join(path.read_bytes() for path in out.rglob("*") if path.is_file())
    for secret in (lost.password, lost.code, f"{lost.code[:4]}-{lost.code[4:8]}-{lost.code[8:]}"):
        assert secret.encode() not in kept


def test_what_was_handed_over_is_the_households_alone(federation, fleet_file, tmp_path, capsys):
    """Its secrets are erased here; it is neither made nor printed again; it can still be revoked."""
    way = ["--ejabberd", ejabberd_url(federation), "--out", str(tmp_path / "fleet"), "--lang", "en"]
    file = str(fleet_file("given", 2))
    assert main([file, "--domain", "sen2.test", *way]) == 0
    assert "Without --ssh-key nobody can log in to these machines" in capsys.readouterr().out
    assert "installer" not in (tmp_path / "fleet/given-00/card/linky.toml").read_text()
    given = device.load(tmp_path / "fleet", "given-00")
    assert "laisser LE FOYER choisir" in (tmp_path / "fleet/given-00/remise-handover.txt").read_text()
    assert "renew = true" in (tmp_path / "fleet/given-00/card/linky.toml").read_text()
    assert main(["--hand-over", "given-00", "--out", str(tmp_path / "fleet")]) == 0
    assert main([file, "--domain", "sen2.test", *way]) == 0
    assert "1 handed over before" in capsys.readouterr().out
    kept = b"".join(path.read_bytes() for path in (tmp_path / "fleet").rglob("*") if path.is_file())
    assert given.password.encode() not in kept
    assert given.code[:4].encode() + b"-" + given.code[4:8].encode() not in kept
    assert EjabberdAccounts(way[1]).opens(given.jid, given.password)
    with pytest.raises(ProvisionError, match="only be closed by the server"):
        ProvisionedFleet(tmp_path / "fleet", InBand()).revoke("given-00")
    assert main(["--revoke", "given-00", *way]) == 0
    assert not EjabberdAccounts(way[1]).opens(given.jid, given.password)


def test_the_cards_name_who_would_like_to_know_and_the_register_is_a_fleet(federation, fleet_file, tmp_path, capsys):
    """``--installer`` on each card; what is no address is refused before anything is made; whom to ask is known."""
    way = ["--ejabberd", ejabberd_url(federation), "--out", str(tmp_path / "fleet"), "--lang", "en"]
    arguments = [str(fleet_file("asked", 2)), "--domain", "sen2.test", *way]
    assert main([*arguments, "--installer", "anne"]) == 1
    assert "--installer 'anne': write an XMPP address" in capsys.readouterr().err
    assert not (tmp_path / "fleet").exists()
    assert main([*arguments, "--installer", "anne@sen2.test"]) == 0
    settings, faults = parse((tmp_path / "fleet/asked-01/card/linky.toml").read_bytes())
    assert (settings.account.installer, faults) == ("anne@sen2.test", [])
    asked = read_register(tmp_path / "fleet/register.csv")
    assert [(one.jid, one.site) for one in asked] == [
        (f"asked-{n:02}@sen2.test/proxy", f"Salle n° {n}") for n in range(2)
    ]


def test_r8_no_secret_is_an_argument_printed_or_in_the_register(federation, fleet_file, tmp_path, capfd):
    """R8: what `ps` would show of every process that is started, both outputs and the register hold none."""
    seen, out = tmp_path / "seen", tmp_path / "fleet"
    watched = tmp_path / "watched"
    watched.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >>{seen}\nenv >>{seen}\nexec {prosodyctl(federation)} "$@"\n')
    watched.chmod(0o755)
    file = fleet_file("canary", 2, "canary-wifi-key")
    arguments = [str(file), "--domain", "sen1.test", "--prosodyctl", str(watched), "--out", str(out)]
    assert main(arguments) == 0
    assert main(["--revoke", "canary-01", *arguments[3:]]) == 0
    secrets = [text for one in made_of(out) for text in (one.password, one.code, one.code[:4] + "-" + one.code[4:8])]
    said = "".join(capfd.readouterr()) + seen.read_text() + (out / "register.csv").read_text()
    assert "shell" in said
    assert not [secret for secret in (*secrets, "canary-wifi-key") if secret in said]
    assert "canary-wifi-key" not in repr(fleet.read(file, "sen1.test"))


def test_accounts_are_made_in_band_where_the_server_lets_anybody(start_federation, fleet_file, tmp_path):
    """Each is made by XMPP itself, found again after a cut, and closed by itself when it is lost."""
    running_federation = start_federation("prosody", "prosody", registration="open")
    server = InBand(running_federation.address("sen1.test"), running_federation.ca)
    rows = fleet.read(fleet_file("band", 2), "sen1.test")
    work = ProvisionedFleet(tmp_path / "fleet", server)
    assert work.provision(rows, lambda *_: None)["made"] == 2
    first = device.load(tmp_path / "fleet", "band-00")
    assert server.opens(first.jid, first.password)
    device.save(tmp_path / "fleet", first.now("planned"))
    assert work.provision(rows, lambda *_: None)["made"] == 1
    assert work.revoke("band-00")
    assert not server.opens(first.jid, first.password)
    second = device.load(tmp_path / "fleet", "band-01")
    device.save(tmp_path / "fleet", second.now("planned", password="not-its-password"))
    with pytest.raises(ProvisionError, match="exists on the server already"):
        work.provision(rows, lambda *_: None)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://xmpp.example.org:5280/api", "passwords would travel in the clear"),
        ("ftp://127.0.0.1/", "is not the interface"),
        ("http://127.0.0.1:1/api", "the server does not answer (.*)it goes on from where it was"),
    ],
)
def test_a_server_that_cannot_be_used_is_one_sentence(fleet_file, tmp_path, url, said):
    """And nothing is sent to it."""
    with pytest.raises(ProvisionError, match=said):
        ProvisionedFleet(tmp_path / "fleet", EjabberdAccounts(url)).provision(
            fleet.read(fleet_file("no", 1), "example.org"), lambda *_: None
        )


def test_an_interface_that_does_not_admit_us_says_what_to_permit(federation):
    """The sentence names the setting of ejabberd."""
    with pytest.raises(ProvisionError, match="api_permissions must allow register"):
        EjabberdAccounts(ejabberd_url(federation))._call("kick_user", "x@sen2.test")


def test_nothing_is_done_before_the_file_is_sound(tmp_path, capsys):
    """A wrong last line: no folder, no account, exit code 1."""
    file = tmp_path / "F.csv"
    file.write_text("device\nm-1\nM 2\n")
    out = tmp_path / "fleet"
    assert main([str(file), "--domain", "example.org", "--prosodyctl", "false", "--out", str(out), "--lang", "fr"]) == 1
    assert "rien n’a été fait" in capsys.readouterr().err
    assert not out.exists()


def test_a_fleet_file_with_keys_is_its_owners(fleet_file, tmp_path, capsys):
    """Keys that others may read are said, with what to do, before anything is done."""
    file = fleet_file("open", 1)
    file.chmod(0o644)
    assert main([str(file), "--domain", "example.org", "--prosodyctl", "false", "--lang", "en"]) == 1
    assert f"chmod 600 {file}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--ejabberd", "https://x.org/api", "--admin", "a@x.org"], "the password of a@x.org is missing"),
        ([], "which server?"),
        (["--prosodyctl", "/no/such/program"], "/no/such/program cannot be started: No such file"),
        (["--prosodyctl", "false"], "the server does not answer (prosodyctl shell)"),
        (["--ejabberd", "https://127.0.0.1:1/api", "--ca-file", "/no/such/file"], "/no/such/file cannot be read"),
    ],
)
def test_what_cannot_be_begun_is_one_sentence(fleet_file, tmp_path, capsys, arguments, said):
    """Options that do not make sense together, and commands that are none."""
    common = ["--domain", "x.org", "--out", str(tmp_path / "fleet"), "--lang", "en"]
    assert main([str(fleet_file("one", 1)), *common, *arguments]) == 1
    assert said in capsys.readouterr().err


def test_an_unknown_device_is_one_sentence(tmp_path, capsys):
    """And no folder is made for it."""
    assert main(["--hand-over", "nobody", "--out", str(tmp_path / "fleet"), "--lang", "en"]) == 1
    assert "nobody is not in" in capsys.readouterr().err
    assert not (tmp_path / "fleet").exists()


def test_one_command_at_a_time(fleet_file, tmp_path):
    """A second one is told to wait."""
    with device.opened(tmp_path), pytest.raises(ProvisionError, match="another command"), device.opened(tmp_path):
        pass


def test_another_account_for_a_known_device_is_refused(fleet_file, tmp_path):
    """The card out there has the old one: a person decides."""
    device.save(
        tmp_path,
        device.ProvisionedDevice(device="m-00", jid="m-00@old.org", state="made", since="", password="x", code="y"),
    )
    with pytest.raises(ProvisionError, match=r"has the account m-00@old\.org already"):
        ProvisionedFleet(tmp_path).provision(fleet.read(fleet_file("m", 1), "new.org"), lambda *_: None)
