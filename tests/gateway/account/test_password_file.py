"""The password's files: what is tried, in which order, and that no step leaves half of anything."""

import stat

import pytest

from gateway.account.password_file import LEAST_CHARACTERS, PasswordFile, check, generate, password_file
from gateway.config.tables import load
from gateway.errors import ConfigError

LEAST = '[[meter]]\nsource = "replay:x"\n[store]\ndirectory = "data"\n[federation]\njid = "a@b.test"\n'


def configured(folder, more=""):
    """A configuration read from its file."""
    (folder / "gateway.toml").write_text(LEAST + more)
    return load(folder / "gateway.toml")


def test_the_configured_file_is_the_one(tmp_path, monkeypatch):
    """Whatever systemd hands over besides."""
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    (tmp_path / "xmpp-password").write_text("staple\n")
    (tmp_path / "secret").write_text("correct horse\nbattery")
    assert password_file(configured(tmp_path, 'password_file = "secret"\n')).candidates() == ["correct horse"]


def test_a_credential_cannot_be_written_and_what_replaces_it_is_tried_first(tmp_path, monkeypatch):
    """It lies with the database; the credential stays the last thing to try."""
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    (tmp_path / "xmpp-password").write_text("staple\n")
    (tmp_path / "data").mkdir()
    file = password_file(configured(tmp_path))
    assert file.candidates() == ["staple"]
    file.prepare("a new password")
    assert file.candidates() == ["a new password", "staple"]
    file.keep()
    assert (tmp_path / "data" / "xmpp-password").read_text() == "a new password\n"
    assert file.candidates() == ["a new password", "staple"]


def test_no_password_anywhere_is_a_sentence_that_says_what_to_do(tmp_path):
    """Set one, or make the account."""
    with pytest.raises(ConfigError, match="account register"):
        password_file(configured(tmp_path)).candidates()


def test_a_file_that_a_person_changed_is_read_again_and_one_that_went_is_remembered(tmp_path):
    """A running gateway outlives a slip of the editor."""
    (tmp_path / "p").write_text("first\n")
    file = PasswordFile(tmp_path / "p")
    assert file.candidates() == ["first"]
    (tmp_path / "p").write_text("second\n")
    assert file.candidates() == ["second"]
    (tmp_path / "p").unlink()
    assert file.candidates() == ["second"]


def test_what_replaces_a_file_has_its_rights_and_never_more_than_the_groups(tmp_path):
    """A password that everybody could read was a mistake, and ends here."""
    for before, after in ((0o600, 0o600), (0o640, 0o640), (0o666, 0o660)):
        (tmp_path / "p").write_text("first\n")
        (tmp_path / "p").chmod(before)
        file = PasswordFile(tmp_path / "p")
        file.prepare("a new password")
        file.keep()
        assert stat.S_IMODE((tmp_path / "p").stat().st_mode) == after
    assert [path.name for path in tmp_path.iterdir()] == ["p"]


def test_a_link_stays_a_link(tmp_path):
    """It is the file behind it that is replaced."""
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "p").write_text("first\n")
    (tmp_path / "link").symlink_to(tmp_path / "real" / "p")
    file = PasswordFile(tmp_path / "link")
    file.prepare("a new password")
    file.keep()
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real" / "p").read_text() == "a new password\n"


def test_where_nothing_can_be_written_nothing_changes_and_it_is_said(tmp_path):
    """Before the server hears of anything."""
    file = PasswordFile(tmp_path / "nowhere" / "p")
    with pytest.raises(ConfigError, match="the password stays as it is"):
        file.prepare("a new password")


def test_only_the_new_password_itself_completes_its_change(tmp_path):
    """The old one, taken once more, says that the change has not happened."""
    (tmp_path / "p").write_text("first\n")
    file = PasswordFile(tmp_path / "p")
    file.prepare("a new password")
    file.accepted("first")
    assert file.candidates() == ["a new password", "first"]
    file.accepted("a new password")
    assert file.candidates() == ["a new password"]
    assert file.pending() is None


def test_what_is_generated_will_do_and_is_never_the_same():
    """Thirty-two characters that every server's rules take."""
    made = {generate() for _ in range(100)}
    assert len(made) == 100
    assert all(check(one) == one and len(one) == 32 for one in made)


@pytest.mark.parametrize(
    "text", ["", "short", "x" * (LEAST_CHARACTERS - 1), "with a\ttab in it", " spaces at its ends "]
)
def test_a_poor_choice_is_refused(text):
    """Too short, or such as a line of a file does not keep."""
    with pytest.raises(ConfigError, match="at least 12 characters"):
        check(text)
