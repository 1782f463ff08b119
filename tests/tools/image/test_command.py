"""``tools/image`` as a person types it: what cannot be done is said in a sentence."""

import fcntl

import pytest

from image.__main__ import main


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "no such image"),
        (b"", "not an image of tools/image: no partition table"),
        (bytes(510) + b"\x55\xaa", "partition 1 is empty"),
    ],
)
def test_only_an_image_is_booted(tmp_path, capsys, content, said):
    """The sentence names the file and what is wrong with it."""
    file = tmp_path / "card.img"
    if content is not None:
        file.write_bytes(content)
    assert main(["--cache", str(tmp_path / "cache"), "--boot-test", str(file)]) == 1
    assert f"{file}: " in (told := capsys.readouterr().err)
    assert said in told


def test_a_packed_image_that_is_damaged_is_not_booted(tmp_path, capfd):
    """As one whose download was cut off."""
    file = tmp_path / "card.img.xz"
    file.write_bytes(b"\xfd7zXZ\x00 and no more")
    assert main(["--cache", str(tmp_path / "cache"), "--boot-test", str(file)]) == 1
    assert "xz cannot unpack it" in capfd.readouterr().err


def test_without_an_image_there_is_nothing_to_boot(tmp_path, capsys):
    """And what makes one is said."""
    assert main(["--cache", str(tmp_path), "--boot-test"]) == 1
    assert "run tools/image first" in capsys.readouterr().err
    assert main(["--cache", str(tmp_path), "--pi5", "--boot-test"]) == 1
    assert "run tools/image --pi5 first" in capsys.readouterr().err


def test_two_at_once_do_not_share_a_cache(tmp_path, capsys):
    """The second says where the first is at work."""
    with (tmp_path / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert main(["--cache", str(tmp_path), "--boot-test"]) == 1
    assert f"works in {tmp_path}" in capsys.readouterr().err


def test_whoever_is_not_root_makes_no_image(tmp_path, capsys, monkeypatch):
    """Files of many owners are needed; nothing is fetched before that is known."""
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert main(["--cache", str(tmp_path), "--out", str(tmp_path / "out")]) == 1
    assert "be root" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
