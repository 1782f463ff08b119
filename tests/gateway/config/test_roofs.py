"""Roofs of a configuration: the co-operative's file, a member's two lines, a sentence for what is wrong in either."""

import re
from fractions import Fraction
from pathlib import Path

import pytest

from gateway.config.roof import RoofTable
from gateway.config.roofs import MOST_ROOFS
from gateway.config.staged import check_staged
from gateway.config.tables import load
from gateway.errors import ConfigError
from tests.markdown import read

ROOT = Path(__file__).parents[3]
HOUSE = '[[meter]]\nsource = "/dev/ttyTIC"\n[federation]\njid = "maison@e.org"\n'
SOURCE = '[[received]]\nname = "{}"\nprovider = "toit@e.org/proxy"\nidentifier = "toit@e.org/{}@e.org/production"\n'
FILE = 'name = "Toit"\nshares = 400\n' + SOURCE.format("est", "pv1") + SOURCE.format("ouest", "pv2")
MEMBER = HOUSE + '[[roof]]\nfile = "toit.toml"\nheld = 3\n'
INLINE = HOUSE + SOURCE.format("est", "pv1") + '[[roof]]\nname = "Toit"\nshares = 400\nheld = 3\nreceived = ["est"]\n'
BUDGET = (
    "[[budget]]\nyear = 2026\nplanned = 1200\n"
    'spent = [{ date = 2026-03-14, what = "Nettoyage", euros = 280.1 },'
    ' { date = 2026-06-02, what = "x", euros = 0.2 }]\n'
)


def loaded(folder, text, file=None):
    """The configuration of that text, beside that file of a co-operative."""
    (folder / "gateway.toml").write_text(text, encoding="utf-8")
    if file is not None:
        (folder / "toit.toml").write_text(file, encoding="utf-8")
    return load(folder / "gateway.toml")


def test_a_member_names_the_file_and_its_shares(tmp_path):
    """Two lines: the roof is whole, and each of its inverters is received with the household's part."""
    config = loaded(tmp_path, MEMBER, FILE + BUDGET)
    (roof,) = config.roof
    assert (roof.name, roof.shares, roof.received, roof.part) == ("Toit", 400, ("est", "ouest"), Fraction(3, 400))
    assert [(one.name, one.share.part) for one in config.received] == [
        ("est", Fraction(3, 400)),
        ("ouest", Fraction(3, 400)),
    ]
    (budget,) = roof.budget
    assert budget.total == Fraction("280.3")


def test_a_roof_may_be_written_in_the_configuration(tmp_path):
    """Of sources that stand there, whose share it says; one that has the same part may say so as well."""
    for share in ("", 'share = { held = 0.75, unit = "percent" }\n'):
        config = loaded(tmp_path, INLINE.replace("[[roof]]", f"{share}[[roof]]"))
        assert config.received[0].share.part == config.roof[0].part == Fraction(3, 400)


def test_the_file_of_the_document_and_the_shipped_file_say_every_key():
    """What a co-operative copies, and what a household reads, leaves out no key."""
    block = next(one.text for one in read("gateway/web/roof/README.md")[0] if "[[budget]]" in one.text)
    shipped = (ROOT / "systemd/gateway.toml").read_text(encoding="utf-8")
    for key in RoofTable.__struct_encode_fields__:
        assert re.search(rf"\b{key} = ", shipped), key
        assert key in {"held", "file"} or re.search(rf"^{key} = |^\[\[{key}\]\]", block, re.MULTILINE), key


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (None, "toit.toml: cannot be read: No such file"),
        ("x = [", "toit.toml"),
        ("name = 'x'\n" * 40_000, "bytes are too many for a roof"),
        (FILE.replace("shares = 400\n", ""), "`shares` is missing"),
        (FILE.replace("400", "0"), "shares: 0 will not do"),
        (
            FILE.replace("400", "2"),
            "gateway.toml, line 7: [[roof]] 1, held: these are more shares than the roof has (2)",
        ),
        (FILE.replace('"ouest"', '"est"'), "[[received]] 2, name: 'est' is used by another [[received]]"),
        (FILE + 'share = { held = 1, unit = "percent" }\n', "[[received]] 2, share: the roof says which part is yours"),
        (FILE + BUDGET + BUDGET, "[[budget]] 2, year: the budget of 2026 stands there twice"),
        (FILE + BUDGET.replace("2026-06", "2025-06"), "does not lie in 2026"),
        (FILE + BUDGET.replace("280.1", "-1"), "euros"),
        (FILE + BUDGET.replace("280.1", "nan"), "euros"),
        (FILE + BUDGET.replace("1200", "inf"), "planned"),
        (FILE.replace("shares", "area_m2 = nan\nshares"), "area_m2: nan will not do"),
        (FILE.replace("shares", "colour = 1\nshares"), "unknown key"),
        (FILE.replace('"Toit"', '""'), "of 1 to 120 characters"),
        ('name = "Toit"\nshares = 400\nreceived = []\n', "received"),
        (FILE.replace('"est"', '"house"'), "toit.toml, line 4: [[received]] 1, name: 'house' is used"),
        (FILE.replace("toit@e.org/proxy", "maison@e.org/proxy"), "toit.toml, line 5: [[received]] 1, provider: "),
        (FILE.replace("toit@e.org/pv1@e.org/production", "x"), "toit.toml, line 6: [[received]] 1, identifier: "),
        (FILE.replace("pv2", "pv1"), "toit.toml, line 10: [[received]] 2, identifier: "),
    ],
)
def test_what_is_wrong_with_a_file_is_one_sentence(tmp_path, file, said):
    """Which file, which line, what to do; no traceback."""
    with pytest.raises(ConfigError) as told:
        loaded(tmp_path, MEMBER, file)
    assert said in str(told.value)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (MEMBER + 'name = "x"\n', "[[roof]] 1, name: the file of the roof says it; leave it out here"),
        (MEMBER.replace("held = 3\n", ""), "`held` is missing"),
        (MEMBER.replace("= 3", "= nan"), "[[roof]] 1, held"),
        (MEMBER.replace("= 3", "= inf"), "[[roof]] 1, held"),
        (MEMBER.replace("= 3", "= -1"), "[[roof]] 1, held"),
        (MEMBER.replace("= 3", "= 0"), "[[roof]] 1, held: write how many shares you hold"),
        (INLINE.replace("= 3", "= 0.0"), "[[roof]] 1, held: write how many shares you hold"),
        (MEMBER.replace('[federation]\njid = "maison@e.org"\n', ""), "gateway.toml, line 3: roof: "),
        (MEMBER.replace("toit.toml", ""), "[[roof]] 1, file"),
        (MEMBER.replace("toit.toml", "."), "is no file"),
        (MEMBER.replace("toit.toml", "\\u0000"), "is no file"),
        (MEMBER.replace("[federation]\njid", "[household]\naddress"), "federation"),
        (MEMBER + MEMBER.partition("[[roof]]")[1] + MEMBER.partition("[[roof]]")[2], "'est' is used by another"),
        (INLINE.replace('received = ["est"]\n', ""), "`received` is missing"),
        (INLINE.replace('["est"]', '["sud"]'), "there is no [[received]] of that name"),
        (INLINE.replace('["est"]', '["est", "est"]'), "this source is part of a roof already"),
        (INLINE.replace("[[roof]]", 'share = { held = 5, unit = "percent" }\n[[roof]]'), "another part than the roof"),
        (HOUSE + '[[roof]]\nheld = 1\nfile = "toit.toml"\n' * (MOST_ROOFS + 1), f"more than {MOST_ROOFS} roofs"),
    ],
)
def test_what_is_wrong_with_a_table_is_one_sentence(tmp_path, text, said):
    """The same in gateway.toml."""
    with pytest.raises(ConfigError) as told:
        loaded(tmp_path, text, FILE)
    assert said in str(told.value)
    assert "\n" not in str(told.value)


def test_two_files_of_one_name_are_told_by_the_second(tmp_path):
    """It is a co-operative's file that has the name, and no table of gateway.toml."""
    (tmp_path / "autre.toml").write_text('name = "Toit"\nshares = 9\n' + SOURCE.format("sud", "pv3"), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"autre\.toml, line 1: name: two roofs have this name"):
        loaded(tmp_path, MEMBER + '[[roof]]\nfile = "autre.toml"\nheld = 1\n', FILE)


@pytest.mark.parametrize("name", ["toit.toml", "toit"])
def test_a_configuration_that_is_brought_finds_the_roof_that_lies_there(tmp_path, name):
    """What an installer brings names a file that is at its place already; where it is not, one sentence says which."""
    member = MEMBER.replace("/dev/ttyTIC", "replay:frames")
    member = member.replace("toit.toml", name)
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "gateway.toml").write_text(member, encoding="utf-8")
    (tmp_path / "frames").write_text("")
    with pytest.raises(ConfigError, match=rf"{name}: cannot be read"):
        check_staged(tmp_path / "new" / "gateway.toml", tmp_path / "gateway.toml", {})
    (tmp_path / name).write_text(FILE, encoding="utf-8")
    check_staged(tmp_path / "new" / "gateway.toml", tmp_path / "gateway.toml", {})
