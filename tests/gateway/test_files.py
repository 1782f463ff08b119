"""Small files of ours: whole or not at all, for the right eyes from their first byte."""

import os
import stat
from pathlib import Path

import pytest

from gateway.files import make_folder, move, owner_of_folder, sync_all, write_whole


def rights(path):
    """The permission bits of a file."""
    return stat.S_IMODE(path.stat().st_mode)


def test_a_file_is_replaced_and_nothing_lies_beside_it(tmp_path):
    """The new bytes stand under the name, and the draft is gone."""
    file = tmp_path / "choices.json"
    write_whole(file, b"before")
    write_whole(file, b"after")
    assert file.read_bytes() == b"after"
    assert list(tmp_path.iterdir()) == [file]


def test_nobody_else_reads_it_at_any_moment(tmp_path, monkeypatch):
    """With any umask the draft is its owner's alone, and only the whole file gets wider rights, if any."""
    seen = []
    real = os.fsync

    def looking(descriptor):
        seen.append(stat.S_IMODE(os.fstat(descriptor).st_mode))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", looking)
    os.umask(0)
    write_whole(tmp_path / "secret", b"x")
    write_whole(tmp_path / "page.json", b"x", 0o640)
    assert rights(tmp_path / "secret") == 0o600
    assert rights(tmp_path / "page.json") == 0o640
    assert seen[0] == 0o600


def test_a_draft_that_a_power_cut_left_gives_its_rights_to_nothing(tmp_path):
    """It is removed first, whoever could read or hold it open."""
    left = tmp_path / "secret.draft"
    left.write_text("half")
    left.chmod(0o666)
    with left.open() as held:
        write_whole(tmp_path / "secret", b"whole")
        assert held.read() == "half"
    assert rights(tmp_path / "secret") == 0o600


def test_a_link_in_the_place_of_the_draft_is_not_followed(tmp_path):
    """What it leads to stays as it is."""
    other = tmp_path / "other"
    other.write_text("untouched")
    (tmp_path / "secret.draft").symlink_to(other)
    write_whole(tmp_path / "secret", b"whole")
    assert other.read_text() == "untouched"
    assert not (tmp_path / "secret").is_symlink()


def test_what_cannot_be_written_changes_nothing(tmp_path):
    """The target is a folder: the error comes out, and the draft with its secret is gone."""
    (tmp_path / "secret").mkdir()
    with pytest.raises(OSError, match="secret"):
        write_whole(tmp_path / "secret", b"whole")
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]


def test_a_moved_file_is_in_its_place(tmp_path):
    """The other one's bytes under the name."""
    write_whole(tmp_path / "new", b"new")
    write_whole(tmp_path / "old", b"old")
    move(tmp_path / "new", tmp_path / "old")
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("old", b"new")]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files to others")
def test_what_root_writes_in_the_services_folder_is_the_services(tmp_path):
    """The file has its folder's owner and group."""
    os.chown(tmp_path, 4321, 4322)
    file = tmp_path / "journal.key"
    write_whole(file, b"key", owner=owner_of_folder(file))
    assert (file.stat().st_uid, file.stat().st_gid, rights(file)) == (4321, 4322, 0o600)


@pytest.fixture
def synced(monkeypatch):
    """The paths that are synced, in order."""
    found, real = [], os.fsync

    def noting(descriptor):
        found.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", noting)
    return found


def test_all_of_a_folder_is_waited_for(tmp_path, synced):
    """Every file and every folder below it, and itself: an export on a stick that is pulled out is whole."""
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "file").write_text("x")
    sync_all(tmp_path / "a")
    assert sorted(synced) == [str(tmp_path / name) for name in ("a", "a/b", "a/b/file")]


def test_the_names_of_new_folders_are_waited_for(tmp_path, synced):
    """A folder that is made with those above it: the name of each is synced where it stands."""
    make_folder(tmp_path / "a" / "b")
    make_folder(tmp_path / "a" / "b")
    assert synced == [str(tmp_path), str(tmp_path / "a")]
    assert rights(tmp_path / "a" / "b") == 0o700
