"""Whether a new version may stay: what tools/setup waits for, and what it says that the version lacks.

The functions of ``tools/lib/setup`` and the judge are the real ones; ``systemctl`` stands for systemd's and
``report`` for the version that runs: functions of bash that answer as the test says. A pause makes bash's clock go on.
"""

import subprocess

import pytest

from tests.tools.setup.conftest import ROOT

_BASH = r"""
set -Eeuo pipefail
cd "$1"
TREE=$2 ROOT='' DRY_RUN=0 PATIENCE_S=$3 VERSION=1
source "$TREE/tools/lib/setup/files.sh"
source "$TREE/tools/lib/setup/program.sh"
source "$TREE/tools/lib/setup/upgrade.sh"
source "$TREE/tools/lib/setup/units.sh"
is_live() { :; }
log() { :; }
run() { "$@"; }
sleep() { SECONDS=$((SECONDS + $1)); }
SECONDS=0
"""
_GREEN = '{"running": true, "links": [{"link": "store", "state": "ok"}, {"link": "meter house", "state": "ok"}]}'
_IS_HEALTHY = (
    _BASH
    + r"""
systemctl() {
  case "$*" in
    "is-active linky-gateway-migrate.service") ((SECONDS >= MIGRATES_S)) || echo activating ;;
    *InvocationID*) echo a1 ;;
    "--quiet is-active linky-gateway.service") ((SECONDS >= MIGRATES_S)) ;;
  esac
}
report() { printf '%s' "$SAID"; }
nothing_is_missing() { [[ ! $LOST ]]; }
if is_healthy "meter house"; then echo "well after $SECONDS"; else echo "$LACKING after $SECONDS"; fi
"""
)


def judged(tmp_path, said=_GREEN, migrates_s=0, lost=""):
    """What comes of a version that reports this, after so many seconds of its database."""
    environment = {"PATH": "/usr/bin:/bin", "MIGRATES_S": str(migrates_s), "SAID": said, "LOST": lost}
    words = ["bash", "-c", _IS_HEALTHY, "-", str(tmp_path), str(ROOT), "10"]
    return subprocess.run(words, env=environment, capture_output=True, text=True, check=True).stdout.strip()


def test_while_the_database_is_brought_up_to_date_the_patience_has_not_begun(tmp_path):
    """A minute of it with a patience of ten seconds; after six hours it has."""
    assert judged(tmp_path).startswith("well")
    assert judged(tmp_path, migrates_s=60).startswith("well")


@pytest.mark.parametrize(
    ("said", "lost", "lacks"),
    [
        ("", "", "gateway"),
        (_GREEN.replace('house", "state": "ok"', 'house", "state": "fault"'), "", "meter house"),
        (_GREEN, "yes", "readings"),
    ],
)
def test_what_a_version_lacks_is_named(tmp_path, said, lost, lacks):
    """Links, or that it does not say, or readings."""
    assert judged(tmp_path, said, lost=lost).startswith(lacks)


def test_a_gateway_that_waits_to_be_tried_again_is_stopped_as_well(tmp_path):
    """It is not active then, and neither while its database is brought up to date."""
    script = 'systemctl() { [[ $1 != stop ]] || echo "$2"; [[ $1 == stop ]]; }\nrunning_units() { :; }\nstop_all\n'
    words = ["bash", "-c", _BASH + script, "-", str(tmp_path), str(ROOT), "10"]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["linky-gateway.service", "linky-gateway-migrate.service"]
