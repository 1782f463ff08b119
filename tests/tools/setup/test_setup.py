"""``tools/setup`` on a scratch system: what it puts where, what it leaves alone, what it says, what it never says."""

from __future__ import annotations

import os
import pty
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from gateway import __version__
from gateway.config.tables import load
from package import commands
from tests.tools.setup.conftest import OF_USERS, ROOT, SETUP, System
from words.extract import of_shell

CANARY = "canary-7f3a-of-a-password"


def test_a_dry_run_shows_the_differences_and_changes_nothing(system: System) -> None:
    """With --dry-run every new file is shown as a difference, and none is there afterwards."""
    before = system.tree()
    said = system.setup("install", "--unattended", "--dry-run")
    assert system.tree() == before
    assert "+++ /etc/systemd/system/linky-gateway.service" in said
    assert "+++ /etc/linky-gateway/gateway.toml" in said
    assert not (system.folder / "var/log").exists()


def test_a_dry_run_needs_no_python(system: System, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A minimal Debian has none yet; a real run would install it before it makes the broker's list."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for path in (path for place in ("/usr/bin", "/usr/sbin") for path in Path(place).iterdir()):
        if not path.name.startswith("python") and not (programs / path.name).exists():
            (programs / path.name).symlink_to(path)
    monkeypatch.setenv("PATH", str(programs))
    answers = tmp_path / "answers"
    answers.write_text("mqtt = yes\n")
    said = system.setup("install", "--config", answers, "--dry-run")
    assert "would write: /etc/mosquitto/linky.acl" in said, said


def test_what_is_installed_is_a_configuration_the_gateway_takes(system: System, tmp_path: Path) -> None:
    """The answers stand in the commented default; a password is in its own file and nowhere else; again, no change."""
    secret = tmp_path / "password"
    secret.write_text(f"{CANARY}\n")
    answers = tmp_path / "answers"
    answers.write_text(
        f"# mine\nport = usb:0403:6015:TINFO-1\naccount = maison@example.org\npassword_file = {secret}\nmqtt = oui\n"
    )
    said = system.setup("install", "--config", answers, "--dry-run") + system.setup("install", "--config", answers)
    config = load(system.folder / "etc/linky-gateway/gateway.toml")
    assert config.meter[0].source == "usb:0403:6015:TINFO-1"
    assert config.federation is not None
    assert config.federation.jid == "maison@example.org"
    assert config.mqtt is not None
    assert config.mqtt.user == "gateway"
    assert config.web is not None
    assert CANARY not in said
    of_users = {system.folder / name for name in OF_USERS}
    files = [path for path in system.folder.rglob("*") if path.is_file() and path not in of_users]
    holding = [path for path in files if CANARY.encode() in path.read_bytes()]
    assert holding == [system.folder / "etc/linky-gateway/secrets/xmpp-password"]
    rights = {name: mode for name, (mode, _) in system.tree().items() if name.startswith("etc/linky-gateway/")}
    assert set(rights.values()) == {0o600, 0o640}
    log = system.folder / "var/log/linky-gateway-setup.log"
    assert log.stat().st_mode & 0o777 == 0o600
    first = system.tree()
    assert system.setup("install", "--config", answers).count("nothing to do") >= 5
    assert system.tree() == first
    source = system.folder / "opt/linky-gateway/versions" / __version__ / "source"
    assert {"gateway", "tools"} <= {path.name for path in source.iterdir()}
    assert not [path for path in source.iterdir() if path.name.startswith(".")]


def test_a_configuration_that_is_there_is_never_changed(system: System) -> None:
    """A gateway.toml of the household stays byte for byte, and nothing is asked or added."""
    mine = system.write("etc/linky-gateway/gateway.toml", '[[meter]]\nsource = "/dev/mine"\n')
    said = system.setup("install", "--unattended")
    assert mine.read_text() == '[[meter]]\nsource = "/dev/mine"\n'
    assert "stays as it is" in said
    assert not (system.folder / "etc/mosquitto").exists()


@pytest.mark.parametrize("part", [0.1, 0.35, 0.6, 0.9, 0.995])
def test_half_a_download_does_nothing(system: System, tmp_path: Path, part: float) -> None:
    """A script that ends anywhere before its last line changes nothing."""
    cut = tmp_path / "tools" / "setup"
    shutil.copytree(ROOT / "tools/lib/setup", tmp_path / "tools/lib/setup")
    text = SETUP.read_bytes()
    cut.write_bytes(text[: int(len(text) * part)])
    cut.chmod(0o755)
    before = system.tree()
    system.setup("install", "--unattended", setup=cut, code=None)
    assert system.tree() == before


@pytest.mark.parametrize(
    ("model", "line", "absent"),
    [
        ("Raspberry Pi 5 Model B Rev 1.0", "dtparam=uart0=on", "disable-bt"),
        ("Raspberry Pi 4 Model B Rev 1.4", "dtoverlay=disable-bt", "uart0"),
    ],
)
def test_the_header_of_a_pi_is_given_to_the_meter_and_back(system: System, model: str, line: str, absent: str) -> None:
    """Each model gets its own lines between marks and loses its console, with copies beside; uninstalling undoes it."""
    system.raspberry_pi(model)
    before = {name: system.read(f"boot/firmware/{name}") for name in ("config.txt", "cmdline.txt")}
    system.setup("install", "--unattended", code=10)
    config = system.read("boot/firmware/config.txt")
    ours = re.search(r"# linky-gateway: begin[^\n]*\n(.*?)# linky-gateway: end\n", config, re.DOTALL)
    assert ours is not None
    assert line in ours[1]
    assert absent not in config
    assert ours[1].startswith("[all]\n")
    assert config.startswith(before["config.txt"])
    assert system.read("boot/firmware/cmdline.txt") == "console=tty1 root=PARTUUID=1-02 rootwait\n"
    assert system.read("boot/firmware/config.txt.before-linky-gateway") == before["config.txt"]
    assert 'source = "/dev/ttyAMA0"' in system.read("etc/linky-gateway/gateway.toml")
    system.setup("uninstall", code=10)
    assert {name: system.read(f"boot/firmware/{name}") for name in before} == before


@pytest.mark.parametrize(
    ("model", "uart"),
    [
        ("Raspberry Pi Model B Plus Rev 1.2", "pl011"),
        ("Raspberry Pi 2 Model B Rev 1.1", "pl011"),
        ("Raspberry Pi Zero Rev 1.3", "pl011"),
        ("Raspberry Pi Zero W Rev 1.1", "bluetooth"),
        ("Raspberry Pi Zero 2 W Rev 1.0", "bluetooth"),
        ("Raspberry Pi 3 Model A Plus Rev 1.0", "bluetooth"),
        ("Raspberry Pi 400 Rev 1.0", "bluetooth"),
        ("Raspberry Pi Compute Module 4 Rev 1.1", "bluetooth"),
        ("Raspberry Pi 500 Rev 1.0", "rp1"),
        ("Raspberry Pi Compute Module 5 Rev 1.0", "rp1"),
        ("Banana Pi BPI-M2", ""),
    ],
)
def test_each_model_has_the_uart_it_has(model: str, uart: str) -> None:
    """Who holds the UART with parity is known by the model's name; of other makes nothing is believed."""
    script = 'TREE=$1; source "$TREE/tools/lib/setup/machine.sh"; pi_uart "$2"'
    done = subprocess.run(["bash", "-c", script, "-", ROOT, model], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == uart


def test_a_machine_that_is_no_pi_keeps_its_start(system: System) -> None:
    """Where no Raspberry Pi is, nothing is edited below /boot, whatever lies there."""
    system.write("boot/cmdline.txt", "console=serial0,115200\n")
    system.write("boot/config.txt", "x\n")
    system.setup("install", "--unattended")
    assert system.read("boot/cmdline.txt") == "console=serial0,115200\n"
    assert system.read("boot/config.txt") == "x\n"


def test_an_older_version_is_not_installed_over_a_newer_one(system: System) -> None:
    """Where a newer version runs, an older release's installer refuses, in one sentence, and changes nothing."""
    current = system.folder / "opt/linky-gateway/current"
    current.parent.mkdir(parents=True)
    current.symlink_to("versions/99.0")
    before = system.tree()
    assert "is older than 99.0" in system.setup("install", "--unattended", code=5)
    assert system.tree() == before


def test_purging_leaves_the_system_as_it_was(system: System) -> None:
    """After uninstall --purge the files are exactly those from before; without it what is the household's stays."""
    before = system.tree()
    system.setup("install", "--unattended")
    system.setup("uninstall")
    assert (system.folder / "etc/linky-gateway/gateway.toml").exists()
    assert not (system.folder / "etc/systemd/system/linky-gateway.service").exists()
    system.setup("uninstall", "--purge", code=2)
    system.setup("uninstall", "--purge", "--yes")
    assert system.tree() == before
    assert not (system.folder / "var/log/linky-gateway-setup.log").exists()


def test_manual_pages_and_completions_are_those_of_the_version_that_runs(system: System) -> None:
    """Where man and the shells of Debian look for what an administrator installed; gone with the program."""
    # A scratch system runs no Python: what the program's own parser writes there is made here.
    share = system.folder / "opt/linky-gateway/versions" / __version__ / "share"
    before = system.tree()
    programs = ("linky-gateway", "linky-display", "linky-bridge")
    commands.write(share, list(programs))
    system.setup("install", "--unattended")
    for program in programs:
        for place in (
            *(f"man/man1/{program}.1", f"bash-completion/completions/{program}"),
            *(f"zsh/site-functions/_{program}", f"fish/vendor_completions.d/{program}.fish"),
        ):
            link = system.folder / "usr/local/share" / place
            assert str(link.readlink()) == f"/opt/linky-gateway/current/share/{place}"
            assert (share / place).is_file()
    system.setup("uninstall", "--purge", "--yes")
    assert system.tree() == before


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes groups")
def test_purging_takes_away_the_groups_that_were_made_and_no_other(system: System) -> None:
    """Of gpio, i2c and spi what Raspberry Pi OS had stays, with its members; what setup made goes, and its user."""
    system.write("etc/group", "root:x:0:\ndialout:x:20:\ngpio:x:997:pi\n")
    system.write("etc/gshadow", "root:*::\ndialout:*::\ngpio:!::pi\n")
    system.setup("install", "--unattended")
    assert set(groups(system)) == {"root", "dialout", "gpio", "i2c", "spi", "linky-gateway"}
    system.setup("uninstall", "--purge", "--yes")
    assert groups(system) == {"root": "", "dialout": "", "gpio": "pi"}


def groups(system: System) -> dict[str, str]:
    """The members of each group."""
    lines = (line.split(":") for line in system.read("etc/group").splitlines())
    return {name: members for name, _, _, members in lines}


def test_the_drivers_of_adapters_are_loaded_at_each_start(system: System) -> None:
    """An adapter plugged in later finds its driver: the one list of systemd/ is installed, and taken away again."""
    system.setup("install", "--unattended")
    assert system.read("etc/modules-load.d/linky-gateway.conf") == (ROOT / "systemd/modules-load.conf").read_text()
    system.setup("uninstall")
    assert not (system.folder / "etc/modules-load.d/linky-gateway.conf").exists()


@pytest.mark.parametrize(("lang", "sentence"), [("en", "memory limits are not in force"), ("fr", "limites de mémoire")])
def test_a_system_that_limits_no_memory_is_noted_and_is_no_fault(system: System, lang: str, sentence: str) -> None:
    """Raspberry Pi OS switches the memory controller off: check says so and what to add where, with exit code 0."""
    system.raspberry_pi("Raspberry Pi 4 Model B Rev 1.4")
    system.setup("install", "--unattended", code=10)
    offered = "cpuset cpu io {}pids\n"
    system.write("sys/fs/cgroup/cgroup.controllers", offered.format(""))
    said = system.setup("check", "--lang", lang)
    assert sentence in said
    assert "cgroup_enable=memory" in said
    assert "/boot/firmware/cmdline.txt" in said
    system.write("sys/fs/cgroup/cgroup.controllers", offered.format("memory "))
    assert sentence not in system.setup("check", "--lang", lang)


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ("port /dev/x\n", 'line 1: write "key = value"'),
        ("page = yes\npasword_file = x\n", "line 2: pasword_file is no key"),
        ("page = yes\npage = no\n", "line 2: page is there twice"),
        ("mqtt = perhaps\n", "mqtt = perhaps: yes or no"),
        ("account = maison\n", "maison is no account"),
        ("password_file = /nowhere/p\n", "/nowhere/p: cannot be read"),
    ],
)
def test_a_wrong_answer_is_one_sentence_and_nothing_is_configured(
    system: System, tmp_path: Path, lines: str, sentence: str
) -> None:
    """Each fault in the file of answers is named with its line; no configuration is made of it."""
    answers = tmp_path / "answers"
    answers.write_text(lines)
    said = system.setup("install", "--config", answers, code=2)
    assert sentence in said.splitlines()[-1]
    assert not (system.folder / "etc/linky-gateway").exists()


@pytest.mark.parametrize(
    ("release", "sentence"),
    [
        ('ID=fedora\nPRETTY_NAME="Fedora"\nVERSION_ID="43"\n', "Fedora: this is for Raspberry Pi OS and Debian"),
        ('ID=debian\nPRETTY_NAME="Debian 11"\nVERSION_ID="11"\n', "Debian 11 is too old"),
    ],
)
def test_another_system_is_refused(system: System, release: str, sentence: str) -> None:
    """Where it cannot run, code 3 and a sentence; nothing is touched."""
    system.write("etc/os-release", release)
    assert sentence in system.setup("install", "--unattended", code=3)
    assert not (system.folder / "opt").exists()


def test_every_sentence_is_in_both_languages_and_is_used() -> None:
    """Each sentence that is said exists in English and French with the same places, and none is idle."""
    ask = '. "$1"; for key in "${!EN[@]}"; do printf "%s\\0%s\\0%s\\0" "$key" "${EN[$key]}" "${FR[$key]}"; done'
    command = ["bash", "-c", ask, "bash", ROOT / "tools/lib/setup/words.sh"]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\0")[:-1]
    found = {key: (english, french) for key, english, french in zip(*[iter(told)] * 3, strict=True)}
    assert len(found) == len(list(of_shell(ROOT)))
    for key, (english, french) in found.items():
        assert english.count("%s") == french.count("%s"), key
        assert french, key
    files = [SETUP, *(ROOT / "tools/lib/setup").glob("*.sh")]
    code = "".join(file.read_text() for file in files if not file.name.startswith("words."))
    code = re.sub(r"^ *#.*$", "", code, flags=re.MULTILINE)
    steps = {f"step_{name}" for name in re.findall(r"^ *step (\w+)$", code, re.MULTILINE)}
    assert [key for key in found.keys() - steps if not re.search(rf"\b{key}\b", code)] == []
    said = set(re.findall(r"\b(?:say|good|bad) (\w+)", code)) | set(re.findall(r'fail (?:"\$\w+"|\d+) (\w+)', code))
    assert said - found.keys() == set()


def test_a_household_is_asked_ten_questions_at_most(system: System) -> None:
    """On a Pi, saying yes to everything, in French: at most ten numbered questions, the password not shown."""
    system.raspberry_pi("Raspberry Pi 4 Model B Rev 1.4")
    leader, follower = pty.openpty()
    answers = ["/dev/ttyAMA0", "oui", "maison@example.org", CANARY, "oui", "oui", "oui", "oui", "oui"]
    with subprocess.Popen(
        [SETUP, "install", "--lang", "fr", "--root", system.folder], stdin=follower, stdout=follower, stderr=follower
    ) as process:
        os.close(follower)
        os.write(leader, "".join(f"{answer}\n" for answer in answers).encode())
        said = _all_of(leader)
        assert process.wait(120) == 10
    os.close(leader)
    assert max(map(int, re.findall(r"^(\d+)\. ", said, re.MULTILINE))) <= 10
    assert "Par quel port lire le compteur ?" in said
    assert "linky-gateway 0" in said
    config = tomllib.loads(system.read("etc/linky-gateway/gateway.toml"))
    assert config["federation"]["jid"] == "maison@example.org"
    assert system.read("etc/linky-gateway/secrets/xmpp-password") == f"{CANARY}\n"
    assert "listener 8883" in system.read("etc/mosquitto/conf.d/linky.conf")


def test_what_a_household_wrote_into_the_access_list_stays(system: System, tmp_path: Path) -> None:
    """Its lines, below and above the mark, and its users survive an installation and the half that an upgrade does."""
    answers = tmp_path / "answers"
    answers.write_text("mqtt = yes\nboards = yes\n")
    system.setup("install", "--unattended", "--config", answers)
    mine = "user homeassistant\ntopic readwrite homeassistant/#\ntopic read linky/status\ntopic read linky/meter/#\n"
    above = "user zigbee\ntopic readwrite zigbee2mqtt/#\n\n"
    acl, secrets = (system.folder / f"etc/mosquitto/linky.{kind}" for kind in ("acl", "passwords"))
    shipped = acl.read_text()
    acl.write_text(above + shipped + mine)
    secrets.write_text(f"{secrets.read_text()}homeassistant:$7$101$YQ==$Yg==\n")
    known = secrets.read_text()
    for command in ("install", "place", "broker"):
        system.setup(command, "--unattended")
        assert acl.read_text() == shipped + mine + above.rstrip("\n") + "\n", command
        assert secrets.read_text() == known, command
    # The gateway's own password is lost: nobody else's is.
    (system.folder / "etc/linky-gateway/secrets/mqtt-password").unlink()
    system.setup("install", "--unattended")
    assert "homeassistant:$7$101$YQ==$Yg==" in secrets.read_text().splitlines()
    (acl.parent / "linky.displays").write_text("kitchen\n")
    system.setup("uninstall", "--purge", "--yes")
    assert list(acl.parent.rglob("linky*")) == []


def test_enter_alone_is_the_safe_choice(system: System) -> None:
    """Whoever only presses Enter has no account, no open broker, a page behind a code, security updates."""
    leader, follower = pty.openpty()
    with subprocess.Popen(
        [SETUP, "install", "--lang", "en", "--root", system.folder], stdin=follower, stdout=follower, stderr=follower
    ) as process:
        os.close(follower)
        os.write(leader, b"\n" * 8)
        said = _all_of(leader)
        assert process.wait(120) == 0, said
    os.close(leader)
    config = tomllib.loads(system.read("etc/linky-gateway/gateway.toml"))
    assert config.keys() == {"meter", "store", "web"}
    assert not (system.folder / "etc/mosquitto").exists()
    assert (system.folder / "etc/apt/apt.conf.d/52linky-gateway").exists()


def _all_of(leader: int) -> str:
    """What is written to a terminal until nobody holds its other end."""
    parts = []
    while True:
        try:
            part = os.read(leader, 65536)
        except OSError:
            break
        if not part:
            break
        parts.append(part)
    return b"".join(parts).decode().replace("\r\n", "\n")


def test_debian_12_without_a_network_says_which_libraries_it_lacks(system: System, tmp_path: Path) -> None:
    """Its own are too old: one sentence names the folder and how newer ones come into it; nothing is configured."""
    system.write("etc/os-release", 'PRETTY_NAME="Debian 12 (bookworm)"\nID=debian\nVERSION_ID="12"\n')
    system.write("usr/bin/python3", "").chmod(0o755)
    (tmp_path / "stick/wheels").mkdir(parents=True)
    (tmp_path / "stick/wheels/requirements.txt").write_text("")
    said = system.setup("install", "--unattended", "--offline", tmp_path / "stick", "--lang", "en", code=3)
    sentence = said.strip().splitlines()[-1]
    assert sentence.startswith(f"✗ {tmp_path}/stick/wheels: the libraries of Debian 12 (bookworm) are too old")
    assert "pip download" in sentence
    assert not (system.folder / "etc/linky-gateway").exists()
