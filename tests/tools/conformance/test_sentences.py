"""What cannot be tried is said in one sentence, with an exit code of its own."""

import pytest

from conformance.__main__ import main
from harness.accounts import FAR, HOME, register

PEER = f"{HOME}/proxy"


@pytest.fixture
def password(tmp_path):
    file = tmp_path / "password"
    file.write_text("not the one\n")
    return file


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["maison", "--jid", FAR], "'maison' is not an XMPP address"),
        ([f"{HOME}/", "--jid", FAR], "ends with a slash"),
        ([HOME, "--jid", FAR, "--as", "gateway"], "is asked at its full address, such as maison@sen1.test/proxy"),
        ([PEER, "--jid", "coop"], "'coop' is not an XMPP address"),
        ([PEER, "--jid", FAR, "--series", "consumption"], "is not an address"),
    ],
)
def test_a_wrong_argument_is_named(words, said, password, capsys):
    """Before anything is connected."""
    assert main([*words, "--password-file", str(password)]) == 2
    told = capsys.readouterr()
    assert said in told.err
    assert (told.out, told.err.count("\n")) == ("", 1)


def test_a_password_file_that_is_not_there_is_named(tmp_path, capsys):
    """As every other tool says it."""
    assert main([PEER, "--jid", FAR, "--password-file", str(tmp_path / "none")]) == 78
    assert "the password cannot be read" in capsys.readouterr().err


@pytest.mark.servers
@pytest.mark.parametrize(
    ("jid", "peer", "more", "said"),
    [
        ("tester@sen2.test", PEER, [], "the server refused the password"),
        (FAR, "nobody-at-home@sen1.test/proxy", [], "nobody there says what it is"),
        (FAR, "nobody-at-home@sen1.test", ["--patience", "1"], "did not subscribe"),
    ],
)
def test_whoever_is_not_there_is_named(federation, tmp_path, password, capsys, jid, peer, more, said):
    """A wrong password, a gateway that is away, a recipient that never comes: one sentence, soon."""
    register(federation, tmp_path, [FAR, "tester@sen2.test"])
    if jid != FAR:
        (tmp_path / "password").write_text("not the one\n")
    words = ["--address", federation.address("sen2.test"), "--ca-file", str(federation.ca), *more]
    assert main([peer, "--jid", jid, "--password-file", str(password), *words]) == 69
    told = capsys.readouterr()
    assert said in told.err
    assert "Traceback" not in told.err
    assert told.out == ""
