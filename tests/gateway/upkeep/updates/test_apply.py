"""Root judges all again from its own copies: what the gateway's user laid there counts for nothing by itself."""

import os
from subprocess import CompletedProcess

import pytest

from gateway.errors import ReleaseError
from gateway.journal import ed25519
from gateway.upkeep.releases.keys import render_public
from gateway.upkeep.updates import apply, machine
from tests.gateway.upkeep.updates.conftest import DEB, KEY, RUNNING

NAME = DEB.format("0.3.0").rpartition("/")[2]


@pytest.fixture
def root(tmp_path, monkeypatch, hosted):
    """Root's folders, and that of the gateway's user with 0.3.0 fetched."""
    fetched, home, etc = (tmp_path / name for name in ("fetched", "home", "etc"))
    for path in (fetched, etc):
        path.mkdir()
    (etc / "release.pub").write_text(render_public(ed25519.public_of(KEY)))
    monkeypatch.setattr(machine, "HOME", home)
    for name, value in (("ETC", etc), ("FETCHED", fetched), ("INCOMING", home / "incoming"), ("__version__", RUNNING)):
        monkeypatch.setattr(apply, name, value)
    monkeypatch.setattr(apply, "clock_is_known", lambda: True)

    def lay(version="0.3.0", **more):
        hosted.publish(version, **more)
        for path in ("latest.json", "latest.json.sig", DEB.format(version)):
            (fetched / path.rpartition("/")[2]).write_bytes((hosted.folder / path).read_bytes())
        return fetched

    return lay


def take():
    """The list and the file, as ``apply`` takes them."""
    latest = apply.believed("0.3.0")
    return apply._take(DEB.format("0.3.0"), latest)


def test_what_is_signed_is_copied_where_nobody_else_writes(root):
    """List, number and file; what the user changes afterwards changes nothing."""
    fetched = root()
    file = take()
    (fetched / NAME).write_bytes(b"another")
    assert file.read_bytes() == b"a package"
    assert file.parent == machine.HOME / "incoming"


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"signer": b"\x05" * 32}, "not signed by a key"),
        ({"days": -1}, "nobody vouches"),
        ({"version": "0.3.1"}, "is not the version of the signed list"),
        ({"version": "0.1.0"}, "older than 0.2.0"),
    ],
)
def test_root_refuses_what_it_does_not_believe_itself(root, more, sentence):
    """Another's key, an expired list, another version than was asked for, an older one."""
    root(**more)
    with pytest.raises(ReleaseError, match=sentence):
        take()


def test_root_remembers_what_it_has_seen(root):
    """An old list with its good signature is not taken, whatever the gateway has seen."""
    root(serial=9)
    take()
    root(serial=8)
    with pytest.raises(ReleaseError, match="number 8, and number 9 was seen"):
        take()


def _changed(file):
    file.write_bytes(b"a Package")


def _longer(file):
    file.write_bytes(b"a package and more")


def _link(file):
    target = file.with_name("elsewhere")
    target.write_bytes(file.read_bytes())
    file.unlink()
    file.symlink_to(target)


def _pipe(file):
    file.unlink()
    os.mkfifo(file)


def _folder(file):
    file.unlink()
    file.mkdir()


@pytest.mark.parametrize("injury", [_changed, _longer, _link, _pipe, _folder])
@pytest.mark.parametrize("name", [NAME, "latest.json", "latest.json.sig"])
def test_root_is_not_led_astray_by_what_lies_in_that_folder(root, injury, name):
    """Changed, longer, a link, a pipe that nobody writes to, a folder: a sentence, at once."""
    injury(root() / name)
    with pytest.raises(ReleaseError):
        take()


def test_one_installs_at_a_time(root, monkeypatch):
    """The second is refused while the first holds the lock, which its end lets go, however it ends."""
    root()
    monkeypatch.setattr(os, "geteuid", lambda: 0)

    def installs(*_):
        assert machine.goes_on(machine.HOME)
        with pytest.raises(ReleaseError, match="under way"):
            apply.apply("0.3.0")
        return "kept"

    monkeypatch.setattr(apply, "_apply", installs)
    assert apply.apply("0.3.0") == "kept"
    assert not machine.goes_on(machine.HOME)


def _is_back(links):
    """What the former version says of itself."""
    return {"running": True, "links": [{"link": "store", "state": "ok"}, *links]}


@pytest.mark.parametrize(
    ("lacking", "reports", "how"),
    [
        # It comes back a little after the meter does.
        ("xmpp", [[], [{"link": "xmpp", "state": "ok"}]], "back"),
        ("xmpp", [[]], "undecided"),
        ("gateway", [[]], "back"),
        ("readings", [[]], "back"),
        ("", [[]], "back"),
    ],
)
def test_a_version_by_setup_is_to_blame_for_what_the_former_one_has(root, monkeypatch, lacking, reports, how):
    """As a package's is: it is waited for, with the same patience; what is to blame is not taken again."""
    root()
    machine.HOME.mkdir()
    (note := machine.HOME / "lacking").write_text(f"{lacking}\n")
    asked = []

    def run(*words):
        asked.append(words)
        return CompletedProcess(words, 6, "", "")

    said = iter(reports)
    monkeypatch.setattr(apply, "_LACKING", note)
    monkeypatch.setattr(apply, "LOOK_S", 0.0)
    monkeypatch.setattr(apply, "PATIENCE_S", 0.0 if how == "undecided" else 30.0)
    monkeypatch.setattr(machine, "run", run)
    monkeypatch.setattr(machine, "report", lambda _: _is_back(next(said)))
    assert apply._setup("0.3.0", "upgrade", "a.tar.gz") == how
    assert machine.refused(machine.HOME) == ({"0.3.0"} if how == "back" else set())
    assert machine.outcome(machine.HOME)["missing"] == [link for link in (lacking,) if link]
    assert asked == [(apply.SETUP, "upgrade", "a.tar.gz", "--unattended", "--lang", "en", "--patience", asked[0][-1])]
