"""The store is made of parts that hold their tables over one connection, and of nothing else."""

import ast
from functools import cached_property
from pathlib import Path

import pytest

from gateway.store.store import Archive, Store

FOLDER = Path(__file__).parents[3] / "gateway" / "store"
CLASSES = {
    node.name: node
    for path in sorted(FOLDER.glob("*.py"))
    for node in ast.parse(path.read_text()).body
    if isinstance(node, ast.ClassDef)
}
MOST_METHODS = 12


def test_no_part_inherits_from_another():
    """What a part needs of others it is given when it is built; the two wholes alone share what both hold."""
    others = set(CLASSES) - {"_Parts"}
    inherits = {name: {ast.unparse(base) for base in node.bases} & others for name, node in CLASSES.items()}
    assert {name: bases for name, bases in inherits.items() if bases} == {}


def test_a_part_has_a_dozen_methods_at_most():
    """A person can keep in mind what can be asked of it."""
    public = {
        name: sum(isinstance(one, ast.FunctionDef) and not one.name.startswith("_") for one in node.body)
        for name, node in CLASSES.items()
    }
    assert {name: count for name, count in public.items() if count > MOST_METHODS} == {}


@pytest.mark.parametrize("whole", [Store, Archive])
def test_the_whole_only_holds_its_parts(whole, directory):
    """Nothing is asked of it but to be closed, and a moment of it to be kept still."""
    rare = {name for one in whole.__mro__ for name, value in vars(one).items() if isinstance(value, cached_property)}
    asked = {name for one in whole.__mro__[:-1] for name in vars(one) if not name.startswith("_")}
    assert asked - rare <= {"close", "snapshot"}
    opened = whole(directory)
    for name in rare:
        getattr(opened, name)
    assert {type(part).__module__.rpartition(".")[0] for part in vars(opened).values()} == {"gateway.store"}
    opened.close()
