"""Templates: what is no HTML is escaped by itself, what is missing is a fault, and no page is written anywhere else."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
from jinja2 import TemplateSyntaxError, UndefinedError
from markupsafe import Markup

from gateway.web import templates
from tests.copies import copied

ROOT = Path(__file__).parents[3]
WEB = ROOT / "gateway" / "web"
TAG = re.compile(r"</?[a-z]+[0-9]?[ >]")


def made(source, **values):
    """What a template of this text makes of the values."""
    return templates._TEMPLATES.from_string(source).render({"lang": "fr", "say": str.upper} | values)


def strings(path):
    """Every string of a file that is no docstring, with its line; a path of microdot's has its places in brackets."""
    tree = ast.parse(path.read_text())
    documents = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        text = node.value if isinstance(node, ast.Constant) and id(node) not in documents else None
        if isinstance(text, str) and not text.startswith("/"):
            yield node.lineno, text


def test_no_page_is_written_in_python():
    """All HTML stands in templates."""
    found = [(path.name, line) for path in WEB.rglob("*.py") for line, text in strings(path) if TAG.search(text)]
    assert found == []


def test_a_page_written_in_python_is_seen(tmp_path):
    """In a piece of a string with values in it too; a docstring and a path are none."""
    file = tmp_path / "page.py"
    file.write_text('"""A <p>."""\nPATH = "/static/<name>"\ntext = f"<p class=good>{PATH}"\n')
    assert [line for line, text in strings(file) if TAG.search(text)] == [3]


@pytest.mark.parametrize("hostile", ["<b>", "&", '"', "'", "<script>alert(1)</script>"])
def test_whatever_is_no_html_is_escaped(hostile):
    """Also what a macro is given, what is said with a stranger's word in it, and what is put together."""
    source = (
        "{% macro card(text) %}<p>{{ text }}</p>{% endmacro %}"
        "{% set joined %}{{ value }}{% endset %}"
        '<a title="{{ value }}">{{ say(value) }}{{ card(value) }}{{ joined }}{{ [value] | join }}</a>'
    )
    text = made(source, value=hostile, say=lambda word: f"so {word}")
    assert text.count(templates._escaped(hostile)) == 5
    assert hostile[0] != "<" or hostile not in text


def test_quotation_marks_are_written_as_they_always_were():
    """As the standard library writes them."""
    assert made("{{ value }}", value="\"'") == "&quot;&#x27;"
    assert made("{{ value }}", value=Markup("<br>")) == "<br>"


def test_a_value_that_is_missing_is_a_fault():
    """A page with a hole in it is not sent."""
    for source in ("{{ nobody }}", "{{ row.nothing }}", "{% if nobody %}{% endif %}"):
        with pytest.raises(UndefinedError):
            made(source, row={})


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("<p>\n  one\n  two\n</p>\n", "<p>one two</p>"),
        ('<input name="a"\n       value="b">\n<br>', '<input name="a" value="b"><br>'),
        ("<p>\n  {{ say('a') }}\n  <b>b</b> c\n</p>", "<p>A<b>b</b> c</p>"),
        ("{{ say('a') }} {# #}\n{{ say('b') }}", "A B"),
        ("{{ {'a':\n 'b'}['a'] }}", "b"),
    ],
)
def test_a_line_break_is_a_blank_between_words_alone(source, text):
    """A template is laid out to be read; the page is as short as it was."""
    assert made(source) == text


def test_a_fault_keeps_its_line():
    """Whoever writes a template finds what is wrong with it."""
    with pytest.raises(TemplateSyntaxError) as caught:
        made("<p>\n  text\n</p>\n{% nothing %}\n")
    assert caught.value.lineno == 4


def test_numbers_and_dates_are_written_in_the_language():
    """By the filters, wherever they stand."""
    source = "{% macro cost(value) %}{{ value | euros }}{% endmacro %}{{ cost(value) }} {{ moment | read | clock }}"
    values = {"value": 1234.5, "moment": "2026-01-14T10:00:00Z"}
    assert made(source, **values) == "1\u202f234,50\u202f€ 14\u00a0janvier\u00a02026, 11\u00a0h"
    assert made(source, lang="en", **values) == "€1,234.50 14\u00a0January\u00a02026, 11:00"


def test_every_template_can_be_read():
    """None has a fault that only a rare state of its page would show."""
    names = templates._TEMPLATES.list_templates(extensions=["html"])
    assert len(names) == len(list(WEB.rglob("*.html")))
    for name in names:
        templates._TEMPLATES.get_template(name)


def test_an_installation_needs_the_compiled_ones_alone(tmp_path):
    """As ``tools/setup`` has them made: by the engine that is there, and it reads nothing else then."""
    copied("gateway", tmp_path)
    command = [sys.executable, "-m", "gateway.web.templates"]
    assert subprocess.run(command, check=False, cwd=tmp_path).returncode == 0
    for template in (tmp_path / "gateway" / "web").rglob("*.html"):
        template.unlink()
    read = "from gateway.web.templates import _TEMPLATES as t; t.get_template('sharing/page.html')"
    assert subprocess.run([sys.executable, "-c", read], check=False, cwd=tmp_path).returncode == 0


def test_the_engine_comes_with_the_first_page():
    """A house whose page nobody opens has no memory for it."""
    code = (
        "import sys, gateway.daemon.app, gateway.web.page, gateway.web.history.stored, gateway.web.sharing.stored;"
        "import gateway.web.repair.stored, gateway.web.settings.stored, gateway.web.series.stored;"
        "import gateway.web.displays.stored;"
        "sys.exit('jinja2' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, cwd=ROOT).returncode == 0
