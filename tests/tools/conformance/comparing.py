"""How the gateway of ``model.py`` compares what was confirmed (WIRE.md §24), and each way to do so wrongly."""

import time
from xml.etree import ElementTree as ET

from conformance.connection import CLIENT
from conformance.totals import FEATURE, CountedStretch, hash_of, line_of
from gateway.federation.connection.disco import INFO
from gateway.federation.connection.session import Stanza
from gateway.federation.wire.stanza import OURS
from harness.accounts import HOME

# So many values are pushed first; a second has none now and then, where one can be invented.
_VALUES, _EACH_S = 12, 2


class Comparison:
    """One comparison; ``fault`` is the gateway's ``comparing``."""

    def __init__(self, gateway, line):
        self.gateway, self.line, self.fault = gateway, line, gateway.comparing
        self.asked, self.amiss, self.replies = 0, [], []
        line.replies = self.replies

    def run(self):
        """Push something, ask what the recipient can do, then how much it has; put right what is not."""
        for _ in range(_VALUES):
            self.gateway.more_of(self.line, _EACH_S)
        self.put(ET.Element(f"{{{INFO}}}query"))
        if FEATURE not in self.line.offers and self.fault != "asks anyone":
            return
        times = sorted(self.gateway.promised)
        if self.fault == "asks for ever":
            self.total(times[0], times[-1] + 1)
            time.sleep(0.8)
        self.look(times[0], times[-1] + 1)
        if self.fault == "asks too often" and self.amiss:
            for _ in range(1001):
                self.total(times[0], times[1])
        self.repair()

    def put(self, payload):
        iq = ET.Element(
            f"{{{CLIENT}}}iq", {"type": "set" if self.fault == "asks by set" else "get", "from": f"{HOME}/proxy"}
        )
        iq.append(payload)
        self.line.asked(Stanza("q", iq.get("type"), f"{HOME}/proxy", HOME, "en", iq, None))

    def total(self, first, last):
        """Count and hash that the recipient says; what cannot be asked is the same as ours."""
        name = self.gateway.name() + ("x" if self.fault == "asks for another name" else "")
        self.replies.clear()
        self.put(CountedStretch(name, "raw", first, first if self.fault == "asks for no time" else last).question)
        said = self.replies[0]
        return int(said.get("count", "0")), said.get("hash")

    def look(self, first, last):
        there = [at for at in sorted(self.gateway.promised) if first <= at < last]
        count, hashed = self.total(first, last)
        if hashed is None or (count, hashed) == (
            len(there),
            hash_of(line_of(at, self.gateway.promised[at]) for at in there),
        ):
            return
        if (count <= 1 and len(there) <= 1) or last - first == 1:
            self.amiss += [(at, self.gateway.promised.get(at)) for at in there or [first]]
            return
        middle = (first + last) // 2
        self.look(first, middle)
        if self.fault != "asks for one half":
            self.look(middle, last)

    def repair(self):
        gateway = self.gateway
        for at, value in self.amiss:
            if value is None and self.fault == "deletes":
                notice = ET.Element(f"{{{OURS}}}notice", {"kind": "data-erased", "id": "e-9"})
                self.line.deliver("notice-e-9", "chat", [notice])
            if (value is not None and self.fault != "sends nothing") or self.fault == "sends what was never sent":
                wrong = self.fault == "sends another value"
                gateway.send_again(self.line, at, (value or 0) + wrong, marked=self.fault != "sends it unmarked")
        if self.fault == "sends all again":
            at = min(gateway.promised)
            gateway.send_again(self.line, at, gateway.promised[at], marked=True)
