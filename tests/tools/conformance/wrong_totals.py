"""How the programs of ``wrong.py`` lie about accounts that balance (WIRE.md §24)."""

from xml.etree import ElementTree as ET

from gateway.federation.provider.comparison import Comparer
from gateway.federation.recipient.recipient import Keeper
from gateway.federation.recipient.totals import TotalQuestions, TotalsAnswers
from gateway.federation.wire.form import RequestError
from gateway.federation.wire.stanza import OURS
from gateway.federation.wire.total import MOST_HASHED, SeriesTotal
from gateway.words.phrase import same

_HASH = "0" * 64
# After the first difference, of its first half.
_TOO_OFTEN, _ONCE = 1001, 2


def compare_wrongly(faults):
    """Have each comparison ask whom it may not, too often, and for what is not its own to be deleted."""
    compare, ask = Comparer.compare, Comparer._ask

    async def anyone(_self, _device):
        return True

    async def asking(self, found, device, stretch):
        if "C49" in faults and found.halvings == _ONCE:
            for _ in range(_TOO_OFTEN):
                await ask(self, found, device, stretch)
        return await ask(self, found, device, stretch)

    async def comparing(self, recipient):
        found = await compare(self, recipient)
        if "C51" in faults and found.surplus:
            notice = ET.Element(f"{{{OURS}}}notice", {"id": "e-1", "kind": "data-erased"})
            self._session.send_message(recipient, "notice-e-1", notice)
        return found

    if "C48" in faults:
        Comparer._answers = anyone
    Comparer.compare, Comparer._ask = comparing, asking


class _Anyones(dict):
    """Whoever asks, it is the same."""

    def __contains__(self, _key):
        return True

    def __missing__(self, _key):
        return next(iter(self.values()))


def answer_wrongly(faults):
    """Have each answer for a total be wrong, to whoever asks, and each refusal another one."""
    total, begin, nonsense = Keeper.total, TotalsAnswers.__init__, TotalQuestions.nonsense

    def totalling(self, asked):
        found = total(self, asked)
        wrong = "C44" in faults if found.count <= MOST_HASHED else "C45" in faults
        return SeriesTotal(found.count, _HASH) if wrong and found.count else found

    def beginning(self, session, totals):
        begin(self, session, _Anyones(totals) if "C46" in faults else totals)

    def refusing(self, question, error):
        if "C47" in faults:
            self.refuse(question, RequestError("cancel", "item-not-found", same("no")))
        else:
            nonsense(self, question, error)

    Keeper.total, TotalsAnswers.__init__, TotalQuestions.nonsense = totalling, beginning, refusing
