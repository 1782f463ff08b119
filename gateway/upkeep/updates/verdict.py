"""Whether the package that was installed may stay, and the way back. Standard library alone.

Run by linky-gateway-judge.service: after an installation (the package's postinst starts it and does not wait), and at
each boot while a judgement is due. What it does may be cut off anywhere, and is begun again.
"""

from __future__ import annotations

import os
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from gateway.upkeep.updates.judge import missing
from gateway.upkeep.updates.machine import (
    COPY,
    DATABASE,
    DEBS,
    FORMER,
    HOME,
    NAME,
    PROGRAM,
    STATE,
    UNIT,
    dpkg_works,
    forget,
    refused,
    report,
    run,
    say,
    status,
    underway,
    writable_root,
    write,
)  # fmt: skip
from gateway.upkeep.updates.package import OTHERS

REFUSED = Path("/etc/apt/preferences.d/linky-gateway-refused")
# How long a version may take to be what the former one was; the unit says it, where a slow machine may say otherwise.
PATIENCE_S = float(os.environ.get("LINKY_GATEWAY_PATIENCE_S") or 180)
MIGRATION_S, LOOK_S, SETTLE_S = 6 * 3600.0, 2.0, 900.0
_LOCK = ("-o", "DPkg::Lock::Timeout=900")
_KEEP = ("-o", "Dpkg::Options::=--force-confdef", "-o", "Dpkg::Options::=--force-confold")
_APT = ("apt-get", "install", "-y", "--allow-downgrades", "--no-install-recommends", *_LOCK, *_KEEP)


def healthy(before: list[str]) -> list[str]:
    """What is not green again within the patience; empty when all of it is, twice in a row by the same process.

    While the database is brought up to date the patience has not begun.
    """
    end, longest = time.monotonic() + PATIENCE_S, time.monotonic() + MIGRATION_S
    seen, lacking = "", ["gateway"]
    while time.monotonic() < end:
        shown = run("systemctl", "show", "-pInvocationID", "-pActiveState", UNIT).stdout.split()
        process = next((line.partition("=")[2] for line in shown if line.startswith("InvocationID=")), "")
        migrates = run("systemctl", "is-active", "linky-gateway-migrate.service").stdout.strip() == "activating"
        if migrates and time.monotonic() < longest:
            end = time.monotonic() + PATIENCE_S
        said = report() if process and "ActiveState=active" in shown else None
        lacking = ["gateway"] if said is None else missing(said, before)
        if not lacking and seen == process:
            return ["readings"] if readings_are_missing() else []
        seen = "" if lacking else process
        time.sleep(LOOK_S)
    return lacking


def readings_are_missing() -> bool:
    """Whether the database has lost what its copy of before has."""
    if not (COPY / DATABASE).exists():
        return False
    carry = Path(__file__).parents[2] / "store/carry.py"
    done = run(sys.executable, "-I", carry, "lacking", STATE / DATABASE, COPY / DATABASE, user=True)
    if done.stdout.strip():
        say(f"readings: {done.stdout.strip()}")
    return done.returncode == 1


def judge() -> None:
    """Keep the version that was installed, or go back; where dpkg was cut off or failed, whatever it left."""
    known = underway()
    if known is None:
        return
    if known["step"] in ("returning", "returned"):
        go_back(known, known.get("missing", []))
        return
    letters, version = settled()
    if letters == "ii" and version not in (known["from"], known["to"]):
        # Somebody has installed yet another one.
        end(known, "overtaken", [])
    elif letters == "ii" and version == known["from"]:
        end(known, "stayed", [])
    elif letters != "ii":
        go_back(known, ["package"])
    elif lacking := healthy(known["heard"]):
        say(f"{known['to']} lacks: {', '.join(lacking)}")
        go_back(known, lacking)
    else:
        end(known, "kept", [])
        keep_former(known["from"])


def keep_former(version: str) -> None:
    """The package that there was stays, for whoever wants to go back by hand; those before it go."""
    kept = DEBS / f"{NAME}_{version.replace(':', '%3a')}_all.deb"
    with suppress(FileNotFoundError):
        FORMER.replace(kept)
        forget(*(deb for deb in DEBS.glob(f"{NAME}_*.deb") if deb != kept))


def settled() -> tuple[str, str]:
    """The package's status once nobody works at it any more, or after a quarter of an hour."""
    until = time.monotonic() + SETTLE_S
    while True:
        # In this order: who lets the lock go has written the status.
        works, found = dpkg_works(), status()
        if found[0] == "ii" or time.monotonic() > until or not works:
            return found
        time.sleep(LOOK_S)


def go_back(known: dict[str, Any], lacking: list[str]) -> None:
    """The former package, a database that it knows, and every reading that was taken meanwhile."""
    if known["step"] == "noted":
        known = known | {"missing": lacking, "step": "returning"}
        write("underway.json", known)
    if known["step"] == "returning":
        say(f"back to {known['from']}")
        stop()
        if not reinstall(known["from"]):
            start(known)
            end(known, "failed", lacking)
            return
        if "readings" in lacking or not former_runs(known):
            stop()
            bring_back_database(known)
        known = known | {"step": "returned"}
        write("underway.json", known)
    start(known)
    still = healthy(known["heard"])
    # What is not green with the former version either was not the new one's fault: it may be tried again.
    if blamed := "gateway" not in still and not set(lacking) <= set(still):
        refuse(known["to"])
    end(known, "failed" if "gateway" in still else "back" if blamed else "undecided", lacking)


def refuse(version: str) -> None:
    """Neither apt nor the gateway takes that version again; the next one they do."""
    with (HOME / "refused").open("a", encoding="utf-8") as file:
        file.write(f"{version}\n")
    pins = (f"Package: {NAME}\nPin: version {one}\nPin-Priority: -1\n" for one in sorted(refused()))
    REFUSED.write_text("\n".join(pins), encoding="utf-8")


def reinstall(version: str) -> bool:
    """The package as it was; whatever dpkg was in the middle of."""
    ways: tuple[tuple[object, ...], ...] = (
        (*_APT, FORMER),
        ("dpkg", "--force-confdef", "--force-confold", "--configure", "-a"),
        (*_APT, FORMER),
        ("dpkg", "--force-confdef", "--force-confold", "--install", FORMER),
        (*_APT, "--fix-broken"),
    )
    for way in ways:
        if status() == ("ii", version):
            return True
        with writable_root(wanted=way[0] == "dpkg"):
            done = run(*way)
        if done.returncode:
            say(f"{way[0]}: {(done.stderr or done.stdout).strip().splitlines()[-1:]}")
    return status() == ("ii", version)


def former_runs(known: dict[str, Any]) -> bool:
    """Whether the former version can use the database that is there, and does what it did."""
    # Its package's script has started it.
    stop()
    if run(PROGRAM, "migrate", "--lang", "en", user=True).returncode:
        return False
    start(known)
    lacking = healthy(known["heard"])
    # Where it runs and stores, the database is not what keeps the rest from being green.
    return not {"gateway", "store", "readings"} & set(lacking)


def bring_back_database(known: dict[str, Any]) -> None:
    """The copy in the place of the present file, with the present one's rows; that is kept under its own name."""
    if not (COPY / DATABASE).exists():
        return
    kept, there = Path(known["kept"]), STATE / DATABASE
    if not kept.exists():
        for part in ("-wal", ""):
            with suppress(FileNotFoundError, FileExistsError):
                os.link(f"{there}{part}", f"{kept}{part}")
    draft = there.with_name(f"{DATABASE}.returning")
    by_owner = (sys.executable, "-I", Path(__file__).parents[2] / "store/carry.py")
    done = run(*by_owner, "into", kept, COPY / DATABASE, draft, user=True)
    say(done.stdout.strip() or f"rows were carried over; the newer file is {kept}")
    if done.returncode:
        return
    forget(*(Path(f"{there}{part}") for part in ("-wal", "-shm", ".redo")))
    draft.replace(there)


def stop() -> None:
    """Nothing of ours has the database open."""
    run("systemctl", "stop", UNIT, *OTHERS)


def start(known: dict[str, Any]) -> None:
    """What ran before runs again; whether it does is judged and not waited for."""
    run("systemctl", "daemon-reload")
    run("systemctl", "reset-failed", UNIT)
    # Not what runs already: what the gateway wants before it would be started, and find the database in use.
    units = (UNIT, *known.get("running", []))
    still = [unit for unit in units if run("systemctl", "is-active", "--quiet", unit).returncode]
    if still:
        run("systemctl", "start", "--no-block", *still)


def end(known: dict[str, Any], how: str, lacking: list[str]) -> None:
    """Nothing is under way any more, and how it ended stands where the gateway reads it."""
    outcome = {"from": known["from"], "to": known["to"], "result": how, "missing": lacking, "ended": int(time.time())}
    write("outcome.json", outcome)
    forget(HOME / "underway.json", COPY)
    os.sync()
    forget(HOME / "driver")
    say(f"{known['from']} -> {known['to']}: {how}")
