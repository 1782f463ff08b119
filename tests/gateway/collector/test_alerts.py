"""The alert rules that ship: promtool's own judgement, cases that come and that must not, and a section for each."""

import re

import pytest
import yaml

from gateway.bridges import metrics as of_bridges
from gateway.collector import metrics as of_collector
from gateway.commands import fleet_watch as of_fleets
from harness import ROOT
from tests.promtool import promtool

FOLDER = ROOT / "gateway" / "collector"
RULES, CASES = FOLDER / "prometheus" / "linky.rules.yml", ROOT / "tests" / "gateway" / "collector" / "alerts.yml"
FAMILIES = {**of_collector.FAMILIES, **of_bridges.FAMILIES, **of_fleets.FAMILIES}


def alerts():
    """Every rule."""
    return [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]


def test_the_rules_are_rules():
    """By Prometheus's own tool."""
    assert f"{len(alerts())} rules found" in promtool("check", "rules", RULES)


def test_each_alert_comes_when_it_has_to_and_not_otherwise(tmp_path):
    """Weeks of figures in a second; no alert is without a case in which it comes."""
    # Labels are what a case is about; the words beside them are judged by "check rules".
    rules, cases = yaml.safe_load(RULES.read_text()), yaml.safe_load(CASES.read_text())
    for group in rules["groups"]:
        for rule in group["rules"]:
            del rule["annotations"]
    (tmp_path / "rules.yml").write_text(yaml.safe_dump(rules))
    files = []
    # Every rule is looked at as often as a case has figures: days of them have few.
    for interval in dict.fromkeys(case["interval"] for case in cases["tests"]):
        these = [case for case in cases["tests"] if case["interval"] == interval]
        files.append(tmp_path / f"{interval}.yml")
        told = {"rule_files": ["rules.yml"], "evaluation_interval": interval, "tests": these}
        files[-1].write_text(yaml.safe_dump(told))
    assert promtool("test", "rules", *files).count("SUCCESS") == len(files)
    comes = {one["alertname"] for case in cases["tests"] for one in case["alert_rule_test"] if one["exp_alerts"]}
    assert comes == {rule["alert"] for rule in alerts()}


def test_every_figure_of_a_rule_is_told_by_a_program():
    """A name that was changed would be an alert that never comes."""
    used = {name for rule in alerts() for name in re.findall(r"\blinky_\w+", rule["expr"])}
    assert used <= set(FAMILIES)
    assert len(used) > 15


@pytest.mark.parametrize("name", ["README.md", "LISEZMOI.md"])
def test_each_alert_has_its_section(name):
    """In both languages; no section is of an alert that there is not, and each annotation leads to its own."""
    sections = re.findall(r"^### (\w+)$", (FOLDER / "watching" / name).read_text(), re.MULTILINE)
    assert sections == [rule["alert"] for rule in alerts()]
    for rule in alerts():
        assert rule["annotations"]["runbook"] == f"gateway/collector/watching/README.md#{rule['alert'].lower()}"
        assert rule["labels"]["severity"] in {"critical", "warning", "info"}


@pytest.mark.parametrize("name", ["README.md", "LISEZMOI.md"])
def test_each_section_says_what_it_means_what_to_look_at_and_what_to_do(name):
    """Three words in bold, in this order."""
    text = (FOLDER / "watching" / name).read_text()
    words = ("Means", "Look", "Do") if name == "README.md" else ("Sens", "Regarder", "Faire")
    for section in re.split(r"^### ", text, flags=re.MULTILINE)[1:]:
        bold = [word.rstrip(" \u00a0\u202f:") for word in re.findall(r"\*\*([^*]+)\*\*", section)]
        assert tuple(bold) == words, section
