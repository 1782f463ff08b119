"""The encrypted backup that 0.1.0 made, on a new machine with today's program."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.upgrade.conftest import FIXTURE, House, unpacked

if TYPE_CHECKING:
    from pathlib import Path


def test_a_backup_of_0_1_0_is_restored_whole(tmp_path: Path, empty: House, passphrase: Path) -> None:
    """Every row, the keys, the configuration; its consents wait for the household's word, as after any restoration."""
    former = House(unpacked("house.tar.xz", tmp_path / "house"))
    restored = empty
    options = ("--passphrase-file", passphrase)
    assert "0.1.0" in restored.gateway("restore", FIXTURE / "house.backup", "--list", *options)
    restored.gateway("restore", FIXTURE / "house.backup", *options)
    restored.gateway("migrate")
    columns = former.columns()
    # The restoration itself is written down, and consents are held.
    for changed in ("journal", "journal_text", "consent_held", "about"):
        del columns[changed]
    assert restored.rows(columns) == former.rows(columns)
    for name in ("data/journal.key", "data/pseudonym.key", "gateway.toml", "password"):
        assert (restored.folder / name).read_bytes() == (former.folder / name).read_bytes(), name
    restored.gateway("check")
    restored.gateway("journal", "verify")
