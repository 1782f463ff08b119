"""The page of the links: how each stands, the signal of each meter, and what the doctor says of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gateway.doctor.causes import Cause
from gateway.doctor.daemon import findings, judgement
from gateway.doctor.judgement import places
from gateway.doctor.sentences import CauseSentences, grade, words
from gateway.links.alert_words import Topic
from gateway.live.state import STATES, kind_and_name, link_in_words
from gateway.web.state.remedies import PAGES, REMEDIES
from gateway.words.numbers import PERCENT, age, grouped

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gateway.web.view import PageView

# What is told and is no fault begins so.
_NEWS = frozenset(topic.value for topic in Topic)
_WINDOWS = ("signal_minute", "signal_hour", "signal_day")


def links(view: PageView, report: Mapping[str, Any], sources: Mapping[str, str]) -> str:
    """The page, of a report in the form of ``status --json``."""
    rows: Sequence[Mapping[str, Any]] = report["links"]
    by_name = {row["link"]: row for row in rows}
    return view.page(
        "state/links.html",
        alerts=[alert for alert in report["alerts"] if not _is_news(alert)],
        news=[alert for alert in report["alerts"] if _is_news(alert)],
        all_well=all(map(_is_news, report["alerts"])) and not any(row["state"] == "broken" for row in rows),
        meters=[
            {
                "name": name,
                "signal": list(_signal(view, by_name, name)),
                "findings": _advice(view, report, name, source),
            }
            for name, source in sources.items()
        ],
        links=[_link(view, row) for row in rows],
    )


def _signal(view: PageView, by_name: Mapping[str, Any], name: str) -> Iterable[tuple[str, str, str]]:
    """Of each window that is known its word, the score and what that is worth."""
    figures = by_name.get(f"decode {name}", {}).get("figures", {})
    for key in _WINDOWS:
        if key in figures:
            yield key, _percent(view.lang, figures[key]), grade(figures[key], view.lang)


def _is_news(alert: Mapping[str, str]) -> bool:
    return alert["link"].partition(" ")[0] in _NEWS


def _advice(
    view: PageView, report: Mapping[str, Any], name: str, source: str
) -> Iterable[tuple[bool, CauseSentences, str | None]]:
    """Whether all is well, the sentences about it, and the page on which something is done about it."""
    judged = judgement(report, name)
    told = places(source, judged.evidence if judged else None, view.lang)
    for finding in findings(report, name):
        said = words(finding.cause, view.lang, told)
        if finding.cause in REMEDIES[view.lang]:
            said = replace(said, remedy=str(REMEDIES[view.lang][finding.cause]))
        yield finding.cause is Cause.ALL_WELL, said, PAGES.get(finding.cause)


def _link(view: PageView, row: Mapping[str, Any]) -> dict[str, str]:
    what, detail = link_in_words(row, view.lang)
    name = kind_and_name(row["link"])[1]
    return {
        "kind": what.removesuffix(name).rstrip(),
        "name": name,
        "state": row["state"],
        "said": STATES[row["state"]].in_language(view.lang),
        "detail": detail,
        "age": age(row["age_s"]).in_language(view.lang),
    }


def _percent(lang: str, value: float) -> str:
    return PERCENT.in_language(lang).format(number=grouped(f"{value:g}", lang))
