"""A request for access and its answer in three steps: who and why, what and how fine, until when; the text; the yes.

Nothing is ticked beforehand. Data, fineness, purpose and period are each an act of their own (GDPR Art. 7; the French
authority found a consent void that was one tick for three operations), and a yes comes after the whole text.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from gateway.consent.orders import Narrowing
from gateway.web import dates
from gateway.web.sharing.in_words import InWords
from gateway.web.sharing.pages import confirm as confirmed
from gateway.web.sharing.yesterday import way_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gateway.web.sharing.values import Row
    from gateway.web.sharing.yesterday import Yesterday
    from gateway.web.view import PageView

GRANULARITIES = ("raw", "PT1M", "PT15M", "PT30M", "P1D")
_ROUNDED = ("PT30M", "P1D")
_UNTIL = ("period", "until", "push", "history", "pseudonym", "coarse")
_FIELDS = ("meter", "granularity", "purpose", *_UNTIL)
# What is wrong -> which of the questions asks for it.
_ASKED_BY = {
    "wrong_purpose": "for_what", "wrong_meter": "which_meter", "wrong_data": "which_data",
    "wrong_fineness": "how_fine", "wrong_period": "how_long", "wrong_day": "how_long", "wrong_way": "which_way",
    "wrong_coarse": "under_which_name",
}  # fmt: skip
# The password of the page once more, as ``settings`` calls it: it is in no answer.
PASSWORD = "own_password"  # noqa: S105 (the name of a field)


class Step(enum.IntEnum):
    """How far a household is with its answer; the last one is the whole text with the yes."""

    WHO = 1
    WHAT = 2
    UNTIL = 3
    TEXT = 4


@dataclass(frozen=True, slots=True)
class AnswerChoices:
    """What a request lets a household choose.

    Args:
        request: as ``consent pending --json`` has it.
        branches: paths of the data that are asked for.
        meters: of this house, where the request names none of them; otherwise empty.
        may_disguise: whether the recipient has nothing yet, and may be given a pseudonym and rounded values.
        until: the last moment that may be given (ISO 8601): what was asked for, or as long as a consent may last.
        refused_days: for how long all of a domain would be refused.
        unread: the meters that are stored and not read any more.
    """

    request: Row
    branches: Sequence[str]
    meters: Sequence[str]
    may_disguise: bool
    until: str
    refused_days: int
    unread: Sequence[str] = ()

    @property
    def granularities(self) -> tuple[str, ...]:
        """Those that are not finer than was asked for."""
        return GRANULARITIES[GRANULARITIES.index(self.request["granularity"]) :]


def wrong(choices: AnswerChoices, fields: Mapping[str, str], today: date, step: Step) -> tuple[Step, str] | None:
    """The first of the steps before ``step`` that has something wrong, and the key of what; None for an answer."""
    coarse_fits = "coarse" not in fields or fields.get("granularity") in _ROUNDED
    checks = (
        (Step.WHO, "wrong_purpose", "purpose" in fields),
        (Step.WHAT, "wrong_meter", not choices.meters or fields.get("meter") in choices.meters),
        (Step.WHAT, "wrong_data", bool(_branches(choices, fields))),
        (Step.WHAT, "wrong_fineness", fields.get("granularity") in choices.granularities),
        (Step.UNTIL, "wrong_period", fields.get("period") in {"asked", "less"}),
        (
            Step.UNTIL,
            "wrong_day",
            fields.get("period") != "less" or _is_within(choices, fields.get("until", ""), today),
        ),
        (Step.UNTIL, "wrong_way", bool(_ways(choices, fields))),
        (Step.UNTIL, "wrong_coarse", coarse_fits),
    )
    return next(((at, key) for at, key, fine in checks if at < step and not fine), None)


def narrowing(choices: AnswerChoices, fields: Mapping[str, str]) -> Narrowing:
    """The answer that was ticked."""
    given, profile = _ways(choices, fields), "coarse" if "coarse" in fields else "exact"
    return Narrowing(
        granularity=fields["granularity"],
        series=tuple(_branches(choices, fields)),
        until=fields["until"].strip() if fields["period"] == "less" else None,
        no_push="push" not in given,
        no_history="history" not in given,
        meter=fields["meter"] if choices.meters else None,
        profile=profile if choices.may_disguise else None,
        pseudonym=choices.may_disguise and "pseudonym" in fields,
    )


def page(
    view: PageView, choices: AnswerChoices, step: Step, fields: Mapping[str, str], told: str | None = None,
    seen: Yesterday | None = None,
) -> str:  # fmt: skip
    """One step of a request; ``fields`` are the household's own ticks, those of the other steps go with the form.

    ``seen`` is what the recipient would have seen yesterday, for the step that asks how fine.
    """
    names = (*_FIELDS, *(f"data{number}" for number in range(len(choices.branches))))
    here = _of_step(step)
    return replace(view, path=f"/sharing/requests/{choices.request['id']}").page(
        f"sharing/step_{step.name.lower()}.html",
        said=InWords(view),
        choices=choices,
        step=int(step),
        fields={name: fields.get(name) for name in names},
        kept={name: fields[name] for name in names if name in fields and not name.startswith(here)},
        may_round=fields.get("granularity") in _ROUNDED,
        key=told,
        wrong=_ASKED_BY.get(told or ""),
        seen=seen,
        has_curve=way_of(choices.branches) is not None,
    )


def confirm(
    view: PageView, choices: AnswerChoices, fields: Mapping[str, str], text: Row, told: str | None = None,
    refused: str = "",
) -> str:  # fmt: skip
    """The whole text, and the yes under it; ``refused`` says why the password that came with it does not do."""
    path = f"/sharing/requests/{choices.request['id']}"
    kept = {name: fields[name] for name in fields if name not in {"form_token", "hash", "lang", PASSWORD}}
    kept |= {"hash": text["hash"], "lang": text["lang"]}
    return confirmed(replace(view, path=path), text, f"{path}/yes", path, kept, told, refused)


def _of_step(step: Step) -> tuple[str, ...]:
    """How the names of the fields begin that this step asks."""
    return {Step.WHO: ("purpose",), Step.WHAT: ("meter", "data", "granularity"), Step.UNTIL: _UNTIL}.get(step, ())


def _branches(choices: AnswerChoices, fields: Mapping[str, str]) -> list[str]:
    return [path for number, path in enumerate(choices.branches) if fields.get(f"data{number}") == path]


def _ways(choices: AnswerChoices, fields: Mapping[str, str]) -> list[str]:
    return [way for way in ("push", "history") if choices.request[way] and way in fields]


def _is_within(choices: AnswerChoices, text: str, today: date) -> bool:
    try:
        last = date.fromisoformat(text.strip())
    except ValueError:
        return False
    return today <= last <= dates.local(dates.read(choices.until).timestamp() - 1).date()
