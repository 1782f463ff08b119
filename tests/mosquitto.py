"""The broker of a house for tests, as ``relay_faults.broker`` starts it, and whoever listens there.

Continuous integration must have mosquitto; elsewhere a test that needs it is skipped.
"""

import os
import signal
import socket
import subprocess
import time

import pytest

from relay_faults.broker import HOST, HouseBroker, mosquitto
from servers import free_port, wait_until


def _program():
    if found := mosquitto():
        return found
    reason = "Debian package that is not installed: mosquitto"
    return (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)


class Broker(HouseBroker):
    """With the configuration that is shipped; ``users`` are the gateway and a display, name -> password."""

    def __init__(self, folder):
        _program()
        super().__init__(folder)
        self.users = {"gateway": self.add("gateway"), "kitchen": self.add("kitchen", reads=True)}

    def ear(self, user="gateway", topics="linky/#"):
        """Whoever listens to everything that this user may hear."""
        return Ear(self.port, topics, user=user, password=self.users[user])


class Mosquitto:
    """A bare broker with passwords of a test's own choice: ``users`` is name -> password; who has one may do all."""

    def __init__(self, folder, users):
        self.folder, self._process = folder, None
        folder.mkdir(exist_ok=True)
        self.port = free_port()
        lines = [f"listener {self.port} {HOST}", "allow_anonymous false", "persistence false"]
        if os.geteuid() == 0:
            lines.append("user root")
        passwords = folder / "passwords"
        passwords.touch(0o600)
        for user, password in users.items():
            subprocess.run(["mosquitto_passwd", "-b", passwords, user, password], check=True)
        lines.append(f"password_file {passwords}")
        self.configuration = folder / "mosquitto.conf"
        self.configuration.write_text("\n".join(lines) + "\n")

    def start(self):
        command = ["setpriv", "--pdeathsig", "KILL", "--", _program(), "-c", str(self.configuration)]
        with (self.folder / "mosquitto.log").open("ab") as log:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_until(self._accepts, 30, "mosquitto accepts connections")
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
        self._process.wait(30)


class Ear:
    """A subscriber on a thread of its own.

    ``retained`` is the latest payload of each topic, ``messages`` each (topic, payload) in order, ``came`` when a
    payload came first (POSIX seconds).
    """

    def __init__(self, port, topics="linky/#", *, user, password):
        import paho.mqtt.client as paho

        self.messages, self.retained, self.came = [], {}, {}
        self._client = paho.Client(paho.CallbackAPIVersion.VERSION2)
        self._client.username_pw_set(user, password)
        self._client.on_connect = lambda client, *_: client.subscribe(topics, qos=1)
        self._client.on_message = self._heard
        self._client.reconnect_delay_set(1, 1)
        self._client.connect(HOST, port)

    def say(self, topic, payload):
        """Publish."""
        self._client.publish(topic, payload, qos=1)

    def _heard(self, _client, _data, message):
        self.came.setdefault(message.payload, time.time())
        self.retained[message.topic] = message.payload
        self.messages.append((message.topic, message.payload))

    def __enter__(self):
        self._client.loop_start()
        return self

    def __exit__(self, *_):
        self._client.disconnect()
        self._client.loop_stop()
