"""What a program answers to Prometheus, judged by Prometheus's own ``promtool`` and read by its own parser."""

import http.client
import os
import shutil
import subprocess

import pytest
from prometheus_client.parser import text_string_to_metric_families as parse


def promtool(*words, given=""):
    """Run it; what it said. What it finds fault with fails the test."""
    if not shutil.which("promtool"):
        (pytest.fail if os.environ.get("CI") else pytest.skip)("not installed: promtool")
    done = subprocess.run(
        ["promtool", *map(str, words)], input=given, check=False, capture_output=True, text=True, timeout=600
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    return said


def asked(port, path, method="GET"):
    """Status, headers and text of one answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read().decode()
    finally:
        connection.close()


def ready(port):
    """Status and sentence; None where nobody answers."""
    try:
        status, _, text = asked(port, "/ready")
    except OSError:
        return None
    return status, text.rstrip("\n")


def figures(port):
    """Name and labels, as a set, -> value; what ``promtool check metrics`` finds fault with fails the test."""
    status, headers, text = asked(port, "/metrics")
    assert (status, headers["Content-Type"]) == (200, "text/plain; version=0.0.4; charset=utf-8"), text
    assert promtool("check", "metrics", given=text) == ""
    found = {}
    for family in parse(text):
        for sample in family.samples:
            key = (sample.name, *sorted(sample.labels.values()))
            assert key not in found
            found[key] = sample.value
    return found
