"""The set-up of a board without configuration: its own Wi-Fi, a page, and config.json once the Wi-Fi has let it in.

Nothing is stored before it has been tried; the page says what went wrong in words. Whoever asks for any other page is
sent to this one: that is how a phone notices that it has to show it.
"""

import asyncio
import json
import os
import time

import board
import label
import mqtt
import names
import page
import radio
import settings
import texts
from check import ANY_ROLE
from clock import Clock
from guard import Guard
from microdot import Microdot, Response

_AFTER_SUCCESS_S = 8  # for the phone to show the last page before the Wi-Fi goes

_PROBES_SHOWN = {"Cache-Control": "no-store"}


class Setup:
    """One set-up, from the first page to config.json.

    Args:
        root: the folder of config.json and its certificate, ending in a slash.
        identity: ``id``, ``key`` (bytes) and ``config``: config.json without ``wifi``.
        address: where the phone finds the page.
    """

    def __init__(self, root, identity, address=radio.ADDRESS):
        self._root, self._identity, self._address = root, identity, address
        self._guard = Guard(label.code(identity["key"]), lambda: time.ticks_ms() // 1000)
        self._values = {"host": identity["config"]["broker"].get("host", "")}
        self._networks = []
        self._state, self._hint = None, None
        self._task = None
        self.finished = asyncio.Event()

    def app(self):
        """The web application."""
        app = Microdot()
        app.get("/")(self._form)
        app.post("/save")(self._save)
        app.get("/result")(self._result)
        app.post("/keep")(self._keep)
        app.errorhandler(404)(self._elsewhere)
        app.errorhandler(405)(self._elsewhere)
        return app

    def look_around(self):
        """Ask the radio what can be joined; while nobody waits for a page."""
        self._networks = radio.networks()

    async def _form(self, request):
        if request.headers.get("Host", self._address) != self._address:
            return await self._elsewhere(request)  # a phone's probe asks for / as well
        if not self._networks:
            self.look_around()
        return self._show(request, page.form, self._networks, self._values, self._failure(request))

    async def _save(self, request):
        _language, words = _words(request)
        typed = request.form or {}
        self._values = {
            "wifi": (typed.get("wifi") or typed.get("other") or "").strip(),
            "host": (typed.get("host") or "").strip(),
        }
        wrong = self._refusal(words, typed.get("code") or "") or _fault(words, self._values, typed)
        if wrong:
            return self._show(request, page.form, self._networks, self._values, wrong)
        if self._state != "trying":
            self._state = "trying"
            self._task = asyncio.create_task(self._try(typed.get("password") or ""))
        return self._redirect("/result?lang=" + _language)

    def _refusal(self, words, tried):
        """Why the code does not do; None when it does."""
        if not self._guard.pause_s() and self._guard.lets_in(tried):
            return None
        pause = self._guard.pause_s()
        return words["wait"] % pause if pause else words["wrong_code"]

    async def _result(self, request):
        _language, words = _words(request)
        if self._state == "trying":
            return self._show(request, page.trying, self._values["wifi"])
        if self._state == "done":
            return self._show(request, page.done, self._values["wifi"])
        if self._state == "broker":
            return self._show(request, page.doubtful, self._values["host"], words[self._hint])
        return self._redirect("/?lang=" + _language)

    async def _keep(self, request):
        if self._state != "broker":
            return self._redirect("/")
        self._accept()
        return self._show(request, page.done, self._values["wifi"])

    def _failure(self, request):
        if self._state != "wifi":
            return None
        words = _words(request)[1]
        return words["wifi_failed"] % self._values["wifi"] + " " + words[self._hint]

    async def _try(self, password):
        """Join the Wi-Fi, ask the broker; what became of it is in ``_state`` and ``_hint``."""
        wifi = {"ssid": self._values["wifi"], "password": password}
        self._write(wifi)
        try:
            await board.join(wifi)
        except OSError as error:
            self._state, self._hint = "wifi", _reason(str(error))
            os.remove(self._root + "config.new")
            return
        found = settings.load(self._root + "config.new", ANY_ROLE)
        await Clock(found).prepare()
        client = mqtt.Client(found["broker"], lambda topic, payload: None)
        try:
            await client.connect()
        except mqtt.CertificateError as error:
            self._state, self._hint = "broker", "broker_clock" if error.clock else "broker_certificate"
        except mqtt.RefusedError:
            self._state, self._hint = "broker", "broker_refused"
        except (OSError, asyncio.TimeoutError):
            self._state, self._hint = "broker", "broker_hint"
        else:
            self._accept()
        finally:
            client.close()

    def _write(self, wifi):
        config = dict(self._identity["config"])
        config["id"] = self._identity["id"]
        config["wifi"] = wifi
        config["broker"] = dict(config["broker"])
        config["broker"]["host"] = self._values["host"]
        with open(self._root + "config.new", "w") as file:
            json.dump(config, file)

    def _accept(self):
        os.rename(self._root + "config.new", self._root + "config.json")
        self._state = "done"
        self.finished.set()

    def _show(self, request, build, *arguments):
        language, words = _words(request)
        headers = dict(_PROBES_SHOWN)
        headers["Content-Type"] = "text/html; charset=UTF-8"
        html = build(language, words, *arguments)
        return Response(page.french(html) if language == "fr" else html, headers=headers)

    async def _elsewhere(self, request, *_error):
        return self._redirect("/")

    def _redirect(self, path):
        return Response("", 302, dict(_PROBES_SHOWN, Location="http://%s%s" % (self._address, path)))


async def run(root, identity):
    """Set the board up; returns when config.json is there and the phone has seen it."""
    setup = Setup(root, identity)
    radio.open_access_point(label.network(identity["id"]), label.passphrase(identity["key"]))
    setup.look_around()
    resolver = asyncio.create_task(names.serve(radio.ADDRESS))
    server = asyncio.create_task(setup.app().start_server(port=80))
    await setup.finished.wait()
    await asyncio.sleep(_AFTER_SUCCESS_S)
    server.cancel()
    resolver.cancel()


def _words(request):
    """The language of a request and its texts."""
    return texts.choose(request.args.get("lang"), request.headers.get("Accept-Language"))


def _fault(words, values, typed):
    """What is wrong with the form; None when nothing is."""
    password = typed.get("password") or ""
    if not 0 < len(values["wifi"].encode()) <= 32:
        return words["no_wifi"]
    if password and not 8 <= len(password) <= 63:
        return words["short_password"]
    host = values["host"]
    if (
        not host
        or len(host) > 64
        or [letter for letter in host if not (letter.isalpha() or letter.isdigit() or letter in ".-_")]
    ):
        return words["no_host"]
    return None


def _reason(error):
    """The sentence for what lib/board.py says of a Wi-Fi that was not joined."""
    if error.endswith("wrong password"):
        return "wrong_password"
    return "not_found" if error.endswith("not found") else "no_answer"
