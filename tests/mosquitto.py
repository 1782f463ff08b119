"""A real mosquitto on loopback for tests, on a free port, with users where a test needs them; killed and restarted.

Continuous integration must have it; elsewhere a test that needs it is skipped.
"""

import os
import shutil
import signal
import socket
import subprocess

import pytest

from federation import wait_until

HOST = "127.0.0.1"


def mosquitto_path():
    """The broker's program."""
    # Debian puts it where a user's PATH may not look.
    found = shutil.which("mosquitto", path=f"{os.environ['PATH']}:/usr/sbin")
    if not found:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("Debian package that is not installed: mosquitto")
    return found


class Mosquitto:
    """A broker. ``users`` is name -> password (nobody else may connect), ``acl`` the text of its access list."""

    def __init__(self, folder, users=None, acl=None):
        self.folder, self._process = folder, None
        folder.mkdir(exist_ok=True)
        with socket.socket() as free:
            free.bind((HOST, 0))
            self.port = free.getsockname()[1]
        lines = [f"listener {self.port} {HOST}", f"allow_anonymous {'false' if users else 'true'}", "persistence false"]
        if os.geteuid() == 0:
            lines.append("user root")
        if users:
            passwords = folder / "passwords"
            passwords.touch(0o600)
            for user, password in users.items():
                subprocess.run(["mosquitto_passwd", "-b", passwords, user, password], check=True)
            lines.append(f"password_file {passwords}")
        if acl:
            (folder / "acl").write_text(acl)
            (folder / "acl").chmod(0o600)
            lines.append(f"acl_file {folder / 'acl'}")
        self.configuration = folder / "mosquitto.conf"
        self.configuration.write_text("\n".join(lines) + "\n")

    def start(self):
        command = ["setpriv", "--pdeathsig", "KILL", "--", mosquitto_path(), "-c", str(self.configuration)]
        with (self.folder / "mosquitto.log").open("ab") as log:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_until(self._accepts, 10, "mosquitto accepts connections")
        return self

    def kill(self):
        """End it as a power cut would: what it retained is gone."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def _accepts(self):
        try:
            socket.create_connection((HOST, self.port), 0.5).close()
        except OSError:
            assert self._process.poll() is None, (self.folder / "mosquitto.log").read_text()
            return False
        return True

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self._process.terminate()
        self._process.wait(10)


class Ear:
    """A subscriber on a thread of its own: the latest payload of each topic, and every message in order."""

    def __init__(self, port, topics="#", **login):
        import paho.mqtt.client as paho

        self.messages, self.retained = [], {}
        self._client = paho.Client(paho.CallbackAPIVersion.VERSION2)
        if login:
            self._client.username_pw_set(login["user"], login["password"])
        self._client.on_connect = lambda client, *_: client.subscribe(topics, qos=1)
        self._client.on_message = self._heard
        self._client.reconnect_delay_set(1, 1)
        self._client.connect(HOST, port)

    def _heard(self, _client, _data, message):
        self.retained[message.topic] = message.payload
        self.messages.append((message.topic, message.payload))

    def __enter__(self):
        self._client.loop_start()
        return self

    def __exit__(self, *_):
        self._client.disconnect()
        self._client.loop_stop()
