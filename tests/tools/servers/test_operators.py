"""The files for operators are what the rig runs; here what no start of a server would show."""

import re
from pathlib import Path

FOLDER = Path(__file__).parents[3] / "tools" / "lib" / "servers" / "operators"


def code_of(name):
    """A file without its comments."""
    lines = (FOLDER / name).read_text(encoding="utf-8").splitlines()
    return "\n".join(re.sub(r"(^|\s)(#|--).*", "", line) for line in lines)


def test_the_example_of_a_site_has_every_name_that_the_nodes_file_uses():
    """And none that it does not use."""
    used = set(re.findall(r"^[ -]*[a-z_]+: \[?([A-Z_]{5,})\]?$", code_of("ejabberd.yml"), re.MULTILINE))
    defined = set(re.findall(r"^  ([A-Z_]+):", code_of("site.yml"), re.MULTILINE))
    assert used == defined
    assert len(used) == 9


def test_the_rig_gives_a_node_the_names_that_the_example_has():
    """A name that only the rig had would be missing at an operator's."""
    rig = (FOLDER.parent / "cluster.py").read_text(encoding="utf-8")
    given = set(re.findall(r'^ +"([A-Z_]{5,})": ', rig, re.MULTILINE))
    assert given == set(re.findall(r"^  ([A-Z_]+):", code_of("site.yml"), re.MULTILINE))


def test_prosodys_site_changes_no_table_of_the_file_before_it():
    """Prosody reads ``limits.c2s = …`` and forgets it: a whole table has to be set anew."""
    for name in ("prosody.cfg.lua", "site.cfg.lua"):
        assert not re.search(r"^[a-z_0-9]+\.[a-z_0-9]+ *=", code_of(name), re.MULTILINE)
    assert "limits" not in code_of("site.cfg.lua")
