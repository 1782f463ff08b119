"""Two folders for the files of a board, /a and /b, and which of them is started: the only record of it is /slots.json.

A switch is one rename, so a power cut leaves the old record or the new one. A new set is on trial until it has reached
the broker; until then every start is counted, and after TRIAL_STARTS of them the board goes back to the other folder.
"""

import json
import os

TRIAL_STARTS = 3  # starts a new set has, to reach the broker, before the board goes back
TRIAL_MS = 5 * 60 * 1000  # and so long in each of them
CRASHES = 3  # in a row, of a set that had once reached the broker: perhaps its files are damaged

_RECORD = "slots.json"
MANIFEST = "manifest.json"


class Slots:
    """The record of a board; root is where its file system is mounted, ending in a slash."""

    def __init__(self, root="/"):
        self.root = root
        self.record = {"active": "a", "trial": False, "starts": 0, "crashes": 0, "serial": 0, "last": ""}
        try:
            with open(root + _RECORD) as file:
                found = json.load(file)
            if found["active"] in ("a", "b"):
                self.record.update(found)
        except (OSError, ValueError, KeyError, TypeError):
            # No record, or one that is none: start the folder that is whole.
            if not self.is_whole("a") and self.is_whole("b"):
                self.record["active"] = "b"

    @property
    def active(self):
        """The folder that is started, "a" or "b"."""
        return self.record["active"]

    @property
    def spare(self):
        """The other folder: the previous set, or the place of the next."""
        return "b" if self.active == "a" else "a"

    @property
    def on_trial(self):
        """Whether the active set has still to show that it reaches the broker."""
        return self.record["trial"]

    def path(self, slot, name=""):
        """Where a file of a folder is."""
        return self.root + slot + "/" + name

    def manifest(self, slot):
        """What a folder holds by its own manifest, as a dict; None when it has none."""
        try:
            with open(self.path(slot, MANIFEST)) as file:
                return json.load(file)
        except (OSError, ValueError):
            return None

    def is_whole(self, slot):
        """Whether a folder has its manifest, which is written last."""
        return self.manifest(slot) is not None

    def begin(self):
        """Count this start, go back if there were too many; the folder to start."""
        record = self.record
        if record["trial"]:
            if record["starts"] >= TRIAL_STARTS:
                self.go_back("%d starts without the broker" % record["starts"])
            else:
                record["starts"] += 1
                self._write()
        return self.active

    def confirm(self):
        """The broker was reached: the active set stays. Writes only when that is news."""
        record = self.record
        if record["trial"] or record["crashes"]:
            if record["trial"]:
                record["last"] = "running"
            record.update({"trial": False, "starts": 0, "crashes": 0})
            self._write()

    def crashed(self, text):
        """The active set ended with an error: on trial the start is counted already, else the third takes the other."""
        record = self.record
        if record["trial"]:
            record["last"] = text
        else:
            record["crashes"] += 1
            if record["crashes"] >= CRASHES and self.is_whole(self.spare):
                record.update({"active": self.spare, "crashes": 0, "last": text})
        self._write()

    def switch(self, serial):
        """Take the spare folder, which is whole, at the next start, on trial."""
        self.record.update(
            {"active": self.spare, "trial": True, "starts": 0, "crashes": 0, "serial": serial, "last": "on trial"}
        )
        self._write()

    def go_back(self, reason):
        """End the trial: the previous set is started again; the serial stays, so this one is not taken again."""
        if self.is_whole(self.spare):
            self.record["active"] = self.spare
            self.record["last"] = "went back: " + reason
        self.record.update({"trial": False, "starts": 0, "crashes": 0})
        self._write()

    def _write(self):
        # A file is complete in the file system when it is closed, and the rename is atomic (LittleFS).
        with open(self.root + "slots.new", "w") as file:
            json.dump(self.record, file)
        os.rename(self.root + "slots.new", self.root + _RECORD)
