"""What a unit's sandbox refuses: the unit once more, with ``probe.py`` in the place of its program, started once."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.container import TrialError, wait_for

if TYPE_CHECKING:
    from harness.container import Container

# Where the package's own Python is; the probe goes there and is taken away with it.
PLACE = "/usr/lib/linky-gateway/probe.py"
_PROBE = Path(__file__).with_name("probe.py")
_NOT_COPIED = (
    "ExecStart=",
    "ExecStopPost=",
    "Type=",
    "NotifyAccess=",
    "WatchdogSec=",
    "Restart",
    "Condition",
    "Wants=",
)
# What the gateway's user could do if it were not for the sandbox: the probe would see it done.
ONLY_BY_SANDBOX = {
    "new executable memory", "AF_NETLINK", "AF_INET", "list /home", "the meter's port",
    "run a program from /var/lib/linky-gateway", "run a program from /dev/shm", "run a program from /mnt/stick",
}  # fmt: skip


def bring(house: Container) -> None:
    """Put the probe inside, and somebody's home, which is none of the gateway's business."""
    shutil.copyfile(_PROBE, house.path(PLACE))
    house.path("/home/somebody").mkdir(mode=0o755, parents=True, exist_ok=True)


def without(house: Container) -> set[str]:
    """What the gateway's user may do outside any sandbox."""
    bare = house.run(
        "systemd-run", "--wait", "--pipe", "--quiet", "-pUser=linky-gateway", "python3", "-P", PLACE, "offline"
    )
    return {what for what, said in json.loads(bare.stdout)["refused"].items() if said == "done"}


def within(house: Container, name: str, kind: str) -> dict[str, Any]:
    """What the probe found in the sandbox of ``name.service``; TrialError when it did not run there."""
    lines = house.path(f"/usr/lib/systemd/system/{name}.service").read_text().splitlines()
    kept = "\n".join(line for line in lines if not line.startswith(_NOT_COPIED) and "display.toml" not in line)
    start = f"Type=oneshot\nExecStart=/usr/bin/python3 -P {PLACE} {kind}"
    probe = f"{name}-probe"
    house.path(f"/etc/systemd/system/{probe}.service").write_text(kept.replace("[Service]", f"[Service]\n{start}"))
    house.run("systemctl", "daemon-reload")
    house.run("systemctl", "start", f"{probe}.service")
    said: list[str] = []

    def answered() -> bool:
        # The log has a unit's last words a moment after its end.
        said[:] = house.run("journalctl", "-u", probe, "--no-pager", "-o", "cat").stdout.splitlines()
        return any(line.startswith("{") for line in said)

    try:
        wait_for(answered, "the probe's answer", 60.0)
    except TrialError:
        msg = f"{name}: the probe did not run in its sandbox: {' '.join(said)}"
        raise TrialError(msg) from None
    found: dict[str, Any] = json.loads(next(line for line in said if line.startswith("{")))
    return found
