"""Run inside a unit's sandbox in place of its program: tries what must be refused, prints what happened as JSON."""

import ctypes
import json
import mmap
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

STATE = "/var/lib/linky-gateway"


def attempt(action):
    """``done``, or the name of the error."""
    try:
        action()
    except OSError as error:
        return error.strerror or type(error).__name__
    except ValueError as error:
        return str(error)
    return "done"


def call(name, *arguments):
    """One call of the C library; OSError when it fails."""

    def act():
        library = ctypes.CDLL(None, use_errno=True)
        if getattr(library, name)(*arguments) == -1:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))

    return act


def run_from(folder):
    """A program that somebody has put into a folder that can be written."""

    def act():
        path = Path(folder) / "intruder"
        path.write_text("#!/bin/sh\n")
        path.chmod(0o700)
        try:
            subprocess.run([path], check=True)
        finally:
            path.unlink()

    return act


def opened(family, kind=socket.SOCK_STREAM):
    return lambda: socket.socket(family, kind).close()


REFUSED = {
    "write to /etc": lambda: Path("/etc/intruder").write_text("x"),
    "write to /usr": lambda: Path("/usr/intruder").write_text("x"),
    "read /etc/shadow": lambda: Path("/etc/shadow").read_text(),
    "read the password's own file": lambda: Path("/etc/linky-gateway/secrets/xmpp-password").read_text(),
    "list /home": lambda: [*Path("/home/somebody").iterdir()],
    "new executable memory": lambda: mmap.mmap(-1, 4096, prot=mmap.PROT_WRITE | mmap.PROT_EXEC),
    "AF_PACKET": opened(socket.AF_PACKET, socket.SOCK_RAW),
    "AF_NETLINK": opened(socket.AF_NETLINK, socket.SOCK_RAW),
    "AF_INET raw": opened(socket.AF_INET, socket.SOCK_RAW),
    "become root": lambda: os.setuid(0),
    "set the clock": lambda: time.clock_settime(time.CLOCK_REALTIME, 0),
    "mount": call("mount", b"none", b"/tmp", b"tmpfs", 0, None),
    "new namespace": call("unshare", 0x10000000),
    "open another's memory": lambda: Path("/dev/mem").read_bytes(),
    "load a module": call("init_module", None, 0, b""),
    "trace a process": call("ptrace", 16, 1, 0, 0),
}


def tried(role):
    """What is refused, and what is allowed, to the program of this role."""
    refused, allowed = dict(REFUSED), {"AF_UNIX": opened(socket.AF_UNIX)}
    for place in (STATE, "/tmp", "/var/tmp", "/dev/shm", "/mnt/stick", os.environ.get("RUNTIME_DIRECTORY", "/run")):
        refused[f"run a program from {place}"] = run_from(place)
    if role == "gateway":
        allowed |= {
            "AF_INET": opened(socket.AF_INET),
            "read its configuration": lambda: Path("/etc/linky-gateway/gateway.toml").read_text(),
            "write to its folder": lambda: (Path(STATE) / "probe").write_text("x"),
            "the boot's name": lambda: Path("/proc/sys/kernel/random/boot_id").read_text(),
            "its password": lambda: Path(os.environ["CREDENTIALS_DIRECTORY"], "xmpp-password").read_text(),
        }
    elif role == "offline":
        refused["AF_INET"] = opened(socket.AF_INET)
        refused["the meter's port"] = lambda: os.close(os.open("/dev/linky-TINFO-1", os.O_RDWR | os.O_NOCTTY))
    return refused, allowed


def main():
    """Try all of it. Outside a sandbox, as root, this damages the machine: nothing is tried by an import."""
    role = next((word for word in ("gateway", "offline") if word in sys.argv), "")
    refused, allowed = tried(role)
    sys.path.insert(0, "/usr/lib/linky-gateway")
    found = {
        "refused": {name: attempt(action) for name, action in refused.items()},
        "allowed": {name: attempt(action) for name, action in allowed.items()},
        "user": os.geteuid(),
    }
    if role == "gateway":
        from gateway.daemon.clock import kernel_synchronized  # noqa: PLC0415 (the path to it was made here)

        found["clock"] = kernel_synchronized()
        (Path(STATE) / "probe").unlink(missing_ok=True)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
