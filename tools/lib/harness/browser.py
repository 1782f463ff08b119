"""A real Chromium without a screen, driven over its debugging pipe (CDP), so that no library is needed.

``with Browser(folder) as browser: browser.open(url, width=360)`` waits until the page has loaded; ``evaluate`` runs an
expression there, ``await_true`` waits for one. What the page asked for, what came and what it complained of is kept.
"""

from __future__ import annotations

import base64
import json
import math
import os
import select
import shutil
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

from harness.wait import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    Finger = tuple[float, float]
    # Left, top, right, bottom.
    Box = tuple[float, float, float, float]

PROGRAM = shutil.which("chromium")
DEADLINE_S = 60.0
_LONGEST_PX = 5500
_HANDED_OVER_S = 10.0
_LEFT = {"button": "left", "clickCount": 1}


class Browser:
    """One Chromium with one page.

    Args:
        folder: for its profile.
        options: words of its command line.
        home: whose authorities it believes.
        patience_s: how long it may say nothing; a machine that is emulated answers slowly.
    """

    def __init__(self, folder: Path, *options: str, home: Path | None = None, patience_s: float = DEADLINE_S) -> None:
        self._folder, self._options, self._patience_s = folder, options, patience_s
        self._environment = os.environ | ({"HOME": str(home)} if home else {})
        self._last = 0
        self._unread = b""
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.received = 0
        self._registrations: dict[str, str] = {}
        self._loaded = False
        self._moved = 0.0

    def __enter__(self) -> Self:
        ours_in, theirs_out = os.pipe()
        theirs_in, ours_out = os.pipe()
        self._in, self._out = ours_in, ours_out
        command = [
            PROGRAM or "chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
            "--no-first-run", "--disable-background-networking", "--disable-component-update",
            f"--user-data-dir={self._folder}", "--remote-debugging-pipe", *self._options, "about:blank",
        ]  # fmt: skip
        # Chromium reads commands from descriptor 3 and answers at 4.
        shell = ["bash", "-c", f'exec "$@" 3<&{theirs_in} 4>&{theirs_out}', "chromium", *command]
        self._process = subprocess.Popen(
            shell, pass_fds=(theirs_in, theirs_out), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env=self._environment,
        )  # fmt: skip
        os.close(theirs_in)
        os.close(theirs_out)
        self._session = None
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            self._call(f"{domain}.enable")
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(DEADLINE_S)
        os.close(self._in)
        os.close(self._out)

    def cookie(self, url: str, name: str, value: str) -> None:
        """Have it as if the page of that address had set it."""
        self._call("Network.setCookie", url=url, name=name, value=value)

    def forget(self) -> None:
        """Lose every cookie: they are those of all houses of this machine, whatever their ports."""
        self._call("Network.clearBrowserCookies")

    def forget_files(self) -> None:
        """As for who comes for the first time."""
        self._call("Network.clearBrowserCache")

    @contextmanager
    def beforehand(self, script: str) -> Iterator[None]:
        """Run a script in each page before its own."""
        number = self._call("Page.addScriptToEvaluateOnNewDocument", source=script)["identifier"]
        try:
            yield
        finally:
            self._call("Page.removeScriptToEvaluateOnNewDocument", identifier=number)

    def resize(self, width: int, height: int) -> None:
        """The window, in pixels."""
        self._call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def open(self, url: str, *, width: int = 1280, height: int = 800, language: str = "fr") -> None:
        """Go to an address, and wait until the page has loaded."""
        self.resize(width, height)
        self._call("Network.setExtraHTTPHeaders", headers={"Accept-Language": language})
        self._loaded = False
        self._call("Page.navigate", url=url)
        self._read_until(lambda _: self._loaded)

    def again(self) -> None:
        """Load the page anew."""
        self._loaded = False
        self._call("Page.reload")
        self._read_until(lambda _: self._loaded)

    def press(self, before: str, button: str) -> None:
        """Do something, press a button and wait for the page that it leads to."""
        self._loaded = False
        self.evaluate(f"{before}; document.querySelector({json.dumps(button)}).click()")
        self._read_until(lambda _: self._loaded)

    def drag(self, selector: str, first: float, last: float) -> None:
        """Press the mouse within an element, move it, let it go; places are shares of its width."""
        box = self.evaluate(f"document.querySelector({json.dumps(selector)}).getBoundingClientRect().toJSON()")
        for kind, share, held in (
            ("moved", first, 0),
            ("pressed", first, 1),
            ("moved", last, 1),
            ("released", last, 1),
        ):
            place = {"x": box["left"] + share * box["width"], "y": box["top"] + box["height"] / 2}
            self._call("Input.dispatchMouseEvent", type=f"mouse{kind.title()}", **place, **_LEFT, buttons=held)

    @contextmanager
    def fingers(self) -> Iterator[None]:
        """A screen that is touched, as a phone's."""
        self._call("Emulation.setTouchEmulationEnabled", enabled=True, maxTouchPoints=2)
        try:
            yield
        finally:
            self._call("Emulation.setTouchEmulationEnabled", enabled=False)

    def touch(self, *frames: Sequence[Finger], each_s: float = 0.016, after_s: float | None = None) -> None:
        """Put fingers down, move them, lift them: each frame is where they are, ``[(x, y), …]``, in the window.

        How fast they are is part of what they say, and is said with each: so long between two frames, and so long after
        they were lifted before, whatever the machine does meanwhile.
        """
        self._moved = time.time() if after_s is None else self._moved + after_s
        for number, fingers in enumerate((*frames, [])):
            kind = "touchEnd" if not fingers else "touchMove" if number else "touchStart"
            points = [{"x": x, "y": y, "id": place} for place, (x, y) in enumerate(fingers)]
            self._call("Input.dispatchTouchEvent", type=kind, touchPoints=points, timestamp=self._moved)
            self._moved += each_s

    def tap_twice(self, place: Finger) -> None:
        """As one does to look closer."""
        self.touch([place], after_s=1.0)
        self.touch([place], after_s=0.1)

    def key(self, name: str) -> None:
        """Press a key that is none of a letter, and let it go."""
        codes = {
            "Tab": 9,
            "Enter": 13,
            "Escape": 27,
            "End": 35,
            "Home": 36,
            "ArrowLeft": 37,
            "ArrowRight": 39,
            "Space": 32,
        }
        letters = {"Enter": "\r", "Space": " "}
        more = {"text": letters[name]} if name in letters else {}
        for kind in ("keyDown", "keyUp"):
            told = {"key": " " if name == "Space" else name, "code": name, "windowsVirtualKeyCode": codes[name]}
            self._call("Input.dispatchKeyEvent", type=kind, **told, **(more if kind == "keyDown" else {}))

    def keep_files(self, folder: Path) -> None:
        """Put what is downloaded from now on into a folder."""
        self._call("Page.setDownloadBehavior", behavior="allow", downloadPath=str(folder))

    def type(self, text: str) -> None:
        """As it would be typed into what is in focus."""
        self._call("Input.insertText", text=text)

    def choose(self, selector: str, *files: Path) -> None:
        """Choose files of this machine in a field for them, as a person does in the system's own window."""
        told = self._call("Runtime.evaluate", expression=f"document.querySelector({json.dumps(selector)})")
        self._call("DOM.setFileInputFiles", files=[str(file) for file in files], objectId=told["result"]["objectId"])

    def enter(self) -> None:
        """Press the key in a form and wait for the page that it leads to."""
        self._loaded = False
        self.key("Enter")
        self._read_until(lambda _: self._loaded)

    def scripts(self, *, on: bool) -> None:
        """Whether pages may run any."""
        self._call("Emulation.setScriptExecutionDisabled", value=not on)

    def slow_down(self, times: float) -> None:
        """Give the page a processor so many times slower; 1 is this machine's."""
        self._call("Emulation.setCPUThrottlingRate", rate=times)

    def dark(self, *, on: bool, printed: bool = False) -> None:
        """What the device is; ``printed``: as on paper, which knows no dark."""
        features = [{"name": "prefers-color-scheme", "value": "dark" if on else "light"}]
        self._call("Emulation.setEmulatedMedia", media="print" if printed else "", features=features)

    def lives_in(self, zone: str, locale: str) -> None:
        """Time zone and language of the machine that is looked at the pages with, whatever they are here."""
        self._call("Emulation.setTimezoneOverride", timezoneId=zone)
        self._call("Emulation.setLocaleOverride", locale=locale)

    @property
    def version(self) -> str:
        """The first number of Chromium's."""
        return str(self._call("Browser.getVersion")["product"]).rpartition("/")[2].partition(".")[0]

    def evaluate(self, expression: str) -> Any:  # noqa: ANN401 (whatever the page says)
        """An expression in the page; of a promise what it comes to."""
        told = self._call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in told, told
        return told["result"].get("value")

    def heard(self) -> list[tuple[str, str, Box | None]]:
        """What a screen reader is given of the page, in order: role, name, and where it is seen in the window.

        That is (left, top, right, bottom), None where nothing of it is drawn. What nobody has named is left out.
        """
        nodes = self._call("Accessibility.getFullAXTree")["nodes"]
        by_id = {one["nodeId"]: one for one in nodes}
        found: list[tuple[str, str, Box | None]] = []

        def walk(node: dict[str, Any]) -> None:
            role, name = (node.get(key, {}).get("value", "") for key in ("role", "name"))
            if not node["ignored"] and name and role != "InlineTextBox":
                found.append((role, name, self._box(node)))
            for child in node.get("childIds", ()):
                if child in by_id:
                    walk(by_id[child])

        walk(nodes[0])
        return found

    def _box(self, node: dict[str, Any]) -> Box | None:
        if "backendDOMNodeId" not in node:
            # What stands before an item of a list is of no element.
            return None
        try:
            quads = self._call("DOM.getContentQuads", backendNodeId=node["backendDOMNodeId"])["quads"]
        except AssertionError:
            # It has no box at all.
            return None
        across, down = ([at for quad in quads for at in quad[first::2]] for first in (0, 1))
        return (min(across), min(down), max(across), max(down)) if quads else None

    def await_true(self, expression: str) -> None:
        """Looked at from outside: a promise of a page ends with it when it loads itself anew."""
        look = f"(() => {{ try {{ return !!({expression}); }} catch {{ return false; }} }})()"
        wait_until(lambda: self.evaluate(look), self._patience_s, expression, every=0.05)

    def permit(self, url: str, *, notices: str) -> None:
        """What a person has answered: ``granted``, ``denied`` or nothing yet (``prompt``)."""
        told = {"origin": url, "permission": {"name": "notifications"}, "setting": notices}
        self._call("Browser.setPermission", **told)

    def deliver(self, url: str, text: str, shown: Callable[[], object]) -> None:
        """Have the page's service worker told by a push service, until it is shown.

        Chromium's command answers before the worker is told, and says nothing where it was not: one of thirty is lost.
        """
        self._call("ServiceWorker.enable")
        wait_until(
            lambda: self.evaluate("1") and f"{url}/" in self._registrations, self._patience_s, "it is registered"
        )
        number = self._registrations[f"{url}/"]
        handed_over = -math.inf

        def told() -> object:
            nonlocal handed_over
            if time.monotonic() > handed_over + _HANDED_OVER_S:
                handed_over = time.monotonic()
                self._call("ServiceWorker.deliverPushMessage", origin=f"{url}/", registrationId=number, data=text)
            return shown()

        wait_until(told, self._patience_s, "it is shown", every=0.1)

    def screenshot(self, path: Path, *, whole: bool = True, of: str | None = None) -> None:
        """A picture of the window, of the page down to where no person looks at it any more, or of an element."""
        width, height, length = self.evaluate("[innerWidth, innerHeight, document.documentElement.scrollHeight]")
        clip = {"x": 0, "y": 0, "width": width, "height": min(length, _LONGEST_PX) if whole else height, "scale": 1}
        if of:
            place = f"document.querySelector({json.dumps(of)}).getBoundingClientRect()"
            left, top, width, height = self.evaluate(
                f"(({{x, y, width, height}}) => [x + scrollX, y + scrollY, width, height].map(Math.round))({place})"
            )
            clip |= {"x": left, "y": top, "width": width, "height": height}
        told = self._call("Page.captureScreenshot", captureBeyondViewport=whole, clip=clip, optimizeForSpeed=True)
        path.write_bytes(base64.b64decode(told["data"]))

    def _call(self, method: str, **parameters: Any) -> dict[str, Any]:  # noqa: ANN401 (JSON)
        self._last += 1
        number = self._last
        message = {"id": number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        told = self._read_until(lambda message: message.get("id") == number)
        assert "error" not in told, (method, told["error"])
        found: dict[str, Any] = told["result"]
        return found

    def _read_until(self, wanted: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
        deadline = time.monotonic() + self._patience_s
        while True:
            while b"\0" not in self._unread:
                ready, _, _ = select.select([self._in], [], [], max(0.0, deadline - time.monotonic()))
                assert ready, "the browser says nothing"
                piece = os.read(self._in, 65536)
                assert piece, "the browser ended"
                self._unread += piece
            line, _, self._unread = self._unread.partition(b"\0")
            message: dict[str, Any] = json.loads(line)
            self._note(message)
            if wanted(message):
                return message

    def _note(self, message: dict[str, Any]) -> None:
        method, told = message.get("method"), message.get("params", {})
        if method == "Page.loadEventFired":
            self._loaded = True
        elif method == "ServiceWorker.workerRegistrationUpdated":
            self._registrations |= {one["scopeURL"]: one["registrationId"] for one in told["registrations"]}
        elif method == "Network.requestWillBeSent":
            self.requests.append(told["request"]["url"])
        elif method == "Network.loadingFinished":
            # As it came, packed and with its headers.
            self.received += told["encodedDataLength"]
        elif method == "Runtime.exceptionThrown":
            self.complaints.append(told["exceptionDetails"]["text"])
        elif method == "Log.entryAdded" and told["entry"]["level"] in {"warning", "error"}:
            self.complaints.append(told["entry"]["text"])
        elif method == "Runtime.consoleAPICalled" and told["type"] in {"warning", "error"}:
            self.complaints.append(str(told["args"]))
