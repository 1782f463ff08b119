"""The order of the files of tests: what waits for servers, meters and boards at one end, what computes at the other.

Workers that run side by side take them from both (``side_by_side``): who waits leaves its core to who computes. In the
middle they are short, so that none is left running alone.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

TESTS: Final = Path(__file__).parent
# A minute and more each, much of it waited: first.
LONGEST: Final = (
    *("tools/conformance/test_ours.py", "tools/conformance/test_wrong.py"),
    *("tools/fuzz/test_fuzz_daemon.py", "faults/test_chain.py", "micropython/relay/test_board.py"),
    *("micropython/relay/test_faults.py", "tools/demo/test_demo.py", "integration/test_federation.py"),
    *("gateway/commands/test_cli.py", "integration/test_household.py", "gateway/web/test_walk.py"),
    *("gateway/web/test_app_in_browser.py", "gateway/web/test_restore.py", "tools/website/test_site.py"),
    *("gateway/collector/test_joining_page.py", "gateway/collector/test_joining.py"),
    *("gateway/federation/test_account.py", "gateway/web/test_crowd.py", "gateway/collector/test_collecting.py"),
    *("integration/test_notices.py", "integration/test_watts.py", "upgrade/test_delivery.py"),
    *("gateway/doctor/test_catalogue.py", "tools/test_bootstrap.py", "units/test_boot.py"),
    *("gateway/doctor/test_faults.py", "gateway/privacy/test_running.py", "gateway/collector/test_access.py"),
    *("gateway/bridges/test_zabbix_templates.py", "gateway/bridges/test_zabbix.py"),
    *("tools/flash/test_flash.py", "micropython/display/test_program.py"),
    *("walks/test_maker.py", "walks/test_cooperative.py", "integration/test_update_at_page.py"),
    *("gateway/collector/test_drill.py", "gateway/collector/test_three_recipients.py"),
    *("integration/test_first_evening.py", "gateway/web/test_presence.py"),
)
# Real servers, boards, containers: next.
WAITING: Final = {"faults", "integration", "micropython", "tools", "units", "upgrade", "walks"}
# A quarter of a minute of a core each: first from the other end, so that what meets in the middle is short.
HEAVIEST: Final = (
    "gateway/web/test_by_keyboard.py",
    *("figures/test_figures.py", "test_long_stream.py", "gateway/commands/test_examples.py"),
    *("gateway/balance/test_own_contract.py", "gateway/balance/test_four_years.py", "gateway/balance/test_years.py"),
    *("gateway/backup/test_command.py", "micropython/relay/test_owed.py", "gateway/store/test_minutes.py"),
    *("gateway/privacy/test_archive.py",),
)


def turn(path: Path) -> tuple[int, int]:
    """Where a file of tests stands between the two ends."""
    name = path.as_posix().removeprefix(f"{TESTS}/")
    if name in LONGEST:
        return 0, LONGEST.index(name)
    if name in HEAVIEST:
        return 3, -HEAVIEST.index(name)
    return (1 if name.split("/")[0] in WAITING else 2), 0
