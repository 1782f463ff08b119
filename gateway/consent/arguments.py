"""What can be typed after ``linky-gateway consent``: apart, since ``--help`` and a mistake need nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.store.terms import REFUSED_DAYS, Profile, RecipientRole

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    Add = Callable[[str, str], argparse.ArgumentParser]

GRANULARITIES = ("raw", "PT1M", "PT15M", "PT30M", "P1D")


def add_actions(add: Add) -> None:
    """The parser of each action; ``add(name, help)`` makes one."""
    give = add("grant", "allow a recipient some series, or an installer to ask whether the gateway is well")
    give.add_argument("recipient", help="the recipient's address, for example coop@example.org")
    what = give.add_mutually_exclusive_group(required=True)
    what.add_argument("--series", metavar="PREFIX", help="a path: what lies at or below it is shared")
    what.add_argument("--health", action="store_true", help="no reading: only whether the gateway is well, when asked")
    give.add_argument("--granularity", choices=GRANULARITIES, help="how fine; must be said with --series")
    give.add_argument("--until", metavar="DATE", help="the last day (default: in one year)")
    give.add_argument("--meter", help="which meter, where there are several")
    _add_terms(give)
    take = add("revoke", "withdraw; what is queued is deleted, the recipient is asked to erase")
    take.add_argument("recipient")
    which = take.add_mutually_exclusive_group()
    which.add_argument("--series", metavar="PREFIX", help="only the consents at or below this path")
    which.add_argument("--health", action="store_true", help="only that to ask whether the gateway is well")
    add("limit", "suspend: readings are kept for the recipient, nothing is given out").add_argument("recipient")
    add("resume", "end a suspension; what was kept goes out").add_argument("recipient")
    everything = add("list", "every consent ever given, with its state")
    told = add("notices", "what recipients and askers were told, and whether they confirmed it")
    sent = add("sent", "what was promised to each recipient, and what became of it; adds up")
    compared = add("compare", "does a recipient have what it was sent? what it has not is sent again")
    compared.add_argument("recipient")
    compared.add_argument(
        "--totals",
        action="store_true",
        help="ask nobody: print count and hash of each series, as linky-collect totals does",
    )
    compared.add_argument("--from", dest="begin", default="", metavar="TIME", help="with --totals: since (yesterday)")
    compared.add_argument("--to", dest="end", default="", metavar="TIME", help="with --totals: until (last midnight)")
    waiting = add("pending", "who asks for what, and waits for an answer")
    reply = add("answer", "answer a request for access: yes, or less, or no")
    _add_answer(reply)
    refuse = add("refuse", f"refuse what a domain asks, now and for {REFUSED_DAYS} days more")
    refuse.add_argument("domain", help="a domain such as example.org, or an address of it; its last two parts count")
    refuse.add_argument("--lift", action="store_true", help="no longer: its requests are shown again")
    unheard = add("refused", "the domains whose requests are refused unheard, and until when")
    for action in (give, everything, told, sent, compared, waiting, reply, unheard):
        action.add_argument("--json", action="store_true")


def _add_terms(give: argparse.ArgumentParser) -> None:
    when = give.add_argument_group("less than all from now on")
    when.add_argument("--begins", metavar="DATE", help="the first day (default: at once)")
    when.add_argument("--no-push", action="store_true", help="only history, when it is asked for")
    when.add_argument("--no-history", action="store_true", help="only what is read from now on")
    when.add_argument("--history-from", metavar="DATE", help="no history before that day")
    why = give.add_argument_group("what the recipient has said of itself, for the text and the record")
    why.add_argument("--purpose", default="", help="what the data are for, in words")
    why.add_argument("--controller", default="", help="the name of who is responsible for them")
    why.add_argument("--contact", default="", help="how to reach that one")
    why.add_argument("--privacy-notice", dest="privacy", default="", metavar="URL")
    why.add_argument("--role", choices=[role.value for role in RecipientRole], default=RecipientRole.CONTROLLER.value)
    why.add_argument("--retention", default="", metavar="DURATION", help="how long they are kept, such as P1Y")
    why.add_argument(
        "--code-of-conduct", nargs=3, default=("", "", ""), metavar=("URL", "VERSION", "SHA256"), help="as declared"
    )
    _add_manner(give)
    _add_acceptance(give)


def _add_manner(parser: argparse.ArgumentParser) -> None:
    manner = parser.add_argument_group("under which name, and how exactly")
    manner.add_argument(
        "--profile",
        choices=[p.value for p in Profile],
        help="exact, coarse (rounded) or anonymous (rounded, a new pseudonym each month); default: as before, or exact",
    )
    manner.add_argument("--pseudonym", action="store_true", help="under a name that only this recipient knows")


def _add_answer(reply: argparse.ArgumentParser) -> None:
    reply.add_argument("number", type=int, metavar="N", help="the request's number, see `consent pending`")
    choice = reply.add_mutually_exclusive_group(required=True)
    choice.add_argument("--yes", action="store_true", help="what was asked for, or less")
    choice.add_argument("--no", action="store_true")
    reply.add_argument("--granularity", choices=GRANULARITIES, help="coarser than was asked for")
    reply.add_argument("--series", action="append", default=[], metavar="PREFIX", help="only this; may be repeated")
    reply.add_argument("--until", metavar="DATE", help="an earlier last day")
    reply.add_argument("--no-push", action="store_true", help="only history")
    reply.add_argument("--no-history", action="store_true", help="only what is read from now on")
    reply.add_argument("--history-from", metavar="DATE", help="less history")
    reply.add_argument("--meter", help="which meter is meant, when the request names none of this house")
    _add_manner(reply)
    _add_acceptance(reply)


def _add_acceptance(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--accept", action="store_true", help="the text was read and is agreed to; do not ask")
