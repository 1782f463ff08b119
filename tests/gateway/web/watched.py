"""A gateway whose page's worker notes what it does: ``python -m tests.gateway.web.watched run …``.

What looks into a worker from outside, a debugger, now and then keeps it from running, and with it its pages. So what
is of interest is added to the worker as it is served, and noted in the browser's own database, where a page reads it
(`noted`) whether the worker has been stopped meanwhile or not.
"""

import json
import sys
from pathlib import Path

from microdot import Response

from gateway.commands.main import main
from gateway.web.http import answers
from gateway.web.https import routes

_NOTES = """
  const notes = (mode) => new Promise((resolve, reject) => {
    const asked = indexedDB.open("watched", 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore("notes", { autoIncrement: true });
    asked.onerror = () => reject(asked.error);
    asked.onsuccess = () => resolve(asked.result.transaction("notes", mode).objectStore("notes"));
  });
  const done = (asked) => new Promise((resolve, reject) => {
    asked.onerror = () => reject(asked.error);
    asked.onsuccess = () => resolve(asked.result);
  });
  const note = async (what) => done((await notes("readwrite")).add(what));
  const all = async () => done((await notes("readonly")).getAll());
"""
_WATCHED = f"""
(() => {{
  {_NOTES}
  const copy = Response.prototype.clone;
  Response.prototype.clone = function () {{
    void note(`copied ${{new URL(this.url).pathname}}`);
    return copy.call(this);
  }};
  // A browser opens a window for a person's press alone, and the press of a test is none.
  Clients.prototype.openWindow = async (there) => {{ await note(`opened ${{there}}`); return null; }};
  PushManager.prototype.getSubscription = async () => (
    {{ unsubscribe: async () => {{ await note("unsubscribed"); return true; }} }});
  for (const one of ["open", "match", "delete", "keys"]) {{
    const real = caches[one].bind(caches);
    caches[one] = async (...asked) => {{
      if ((await all()).includes("break")) throw new Error(one);
      return real(...asked);
    }};
  }}
  const press = async (which) => {{
    const [notification] = await registration.getNotifications(which);
    dispatchEvent(new NotificationEvent("notificationclick", {{ notification }}));
  }};
  addEventListener("message", (event) => event.waitUntil(press(event.data)));
}})();
"""


class _WatchedFile(answers.PageFile):
    def __init__(self, name):
        super().__init__(name)
        self._text = (Path(answers.__file__).parents[1] / "static" / name).read_text() + _WATCHED

    def answer(self, _):
        return Response(self._text, 200, {"Content-Type": "text/javascript"})


def watch():
    """Have this process serve such a worker."""
    routes.PageFile = lambda name: (_WatchedFile if name == "worker.js" else answers.PageFile)(name)


def noted(browser, kind):
    """What a page's worker has noted of a kind, ``copied``, ``opened`` or ``unsubscribed``: what follows that word."""
    every = browser.evaluate(f"(async () => {{ {_NOTES} return all(); }})()")
    return [one.removeprefix(kind).strip() for one in every if one.startswith(kind)]


def note_anew(browser, *notes):
    """Forget what was noted; with ``break`` nothing that the worker keeps can be read or written from now on."""
    put = f"(await notes('readwrite')).clear(); for (const one of {json.dumps(notes)}) await note(one);"
    browser.evaluate(f"(async () => {{ {_NOTES} {put} }})()")


def press_notice(browser, **which):
    """Have the notice of that tag pressed, or the first."""
    note_anew(browser)
    browser.evaluate(f"navigator.serviceWorker.controller.postMessage({json.dumps(which)})")


if __name__ == "__main__":
    watch()
    sys.exit(main(sys.argv[1:]))
