"""The broker of a house for tests, as ``relaying.broker`` starts it, and whoever listens there.

Continuous integration must have mosquitto; elsewhere a test that needs it is skipped.
"""

import os
import time

import pytest

from relaying.broker import HOST, HouseBroker, mosquitto


class Broker(HouseBroker):
    """With the configuration that is shipped; ``users`` are the gateway and a display, name -> password."""

    def __init__(self, folder):
        if mosquitto() is None:
            reason = "Debian package that is not installed: mosquitto"
            (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
        super().__init__(folder)
        self.users = {user: self.add(user) for user in ("gateway", "kitchen")}

    @property
    def pid(self):
        """Whom to stop and let go on."""
        return self._process.pid

    def ear(self, user="gateway"):
        """Whoever listens to everything that this user may hear."""
        return Ear(self.port, user, self.users[user])


class Ear:
    """A subscriber on a thread of its own.

    ``retained`` is the latest payload of each topic, ``messages`` each (topic, payload) in order, ``came`` when a
    payload came first (POSIX seconds).
    """

    def __init__(self, port, user, password):
        import paho.mqtt.client as paho

        self.messages, self.retained, self.came = [], {}, {}
        self._client = paho.Client(paho.CallbackAPIVersion.VERSION2)
        self._client.username_pw_set(user, password)
        self._client.on_connect = lambda client, *_: client.subscribe("linky/#", qos=1)
        self._client.on_message = self._heard
        self._client.reconnect_delay_set(1, 1)
        self._client.connect(HOST, port)

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
