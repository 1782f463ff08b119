"""The eight questions that a household asks first, and what the first page must answer to each, at each of its houses.

What it must say is reckoned here, with an arithmetic of its own, from how the houses live (``houses``) and from what
they really did (``serve.by_day``); a figure may be off by half of its last decimal. It is found as a screen reader
finds it, by the role and name of where it stands and by its text; and it is seen above the bar of the menu.
"""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import mean, median

from gateway.balance.calendar import midnight
from tests.figures.houses import SUBSCRIPTION, local, tempo_day
from tests.tools.screens.houses import HOUSES

QUESTIONS = (
    "what do I use now", "is it much", "what does it cost now", "what did today cost so far", "what did yesterday cost",
    "is tomorrow red", "when are off-peak hours", "how much of my sun do I use",
)  # fmt: skip
_STEP_S, _HALF_HOUR_S = 600, 1800
SUBSCRIBED_VA = 6000


@dataclass(frozen=True)
class Answer:
    """Where one is found (role, and how its name begins), in which words; ``figures`` in the order of their places."""

    role: str
    name: str
    says: str
    figures: tuple[float, ...] = ()


@dataclass(frozen=True)
class Silence:
    """A question that this house does not ask: nothing of the kind stands on its page."""

    never: str


# Language -> what stands on the page, with # for a figure.
_WORDS = {
    "fr": {
        "using": "Consommation en ce moment", "giving": "Injection en ce moment", "today": "Aujourd’hui",
        "yesterday": "Hier", "load": "# % de vos 6 kVA", "usual": "D’habitude à cette heure : # ",
        "usual soon": "D’habitude à cette heure : connu dans cinq jours", "an hour": "# € par heure",
        "nothing": "Rien n’est soutiré du réseau : aucun kWh ne vous est compté", "euros": "# €", "energy": "# kWh",
        "first day": "Connu demain : c’est le premier jour", "tempo": "Tempo", "tomorrow": "Demain",
        "colours": ("Bleu", "Blanc", "Rouge"), "days left": "# jours rouges restants",
        "off-peak": "Heures creuses dans # h #, à # h", "sun": "Votre soleil aujourd’hui", "share": "# % utilisé ici",
        "made": "Produit # kWh Utilisé ici # kWh Injecté # kWh", "no off-peak": "creuses", "no sun": "soleil|Produit",
    },
    "en": {
        "using": "Consumption right now", "giving": "Sent to the grid right now", "today": "Today so far",
        "yesterday": "Yesterday", "load": "#% of your 6 kVA", "usual": "Usually # ",
        "usual soon": "What is usual at this hour: known in five days", "an hour": "€# per hour",
        "nothing": "Nothing is drawn from the grid: no kWh is counted", "euros": "€#", "energy": "# kWh",
        "first day": "Known tomorrow: this is the first day", "tempo": "Tempo", "tomorrow": "Tomorrow",
        "colours": ("Blue", "White", "Red"), "days left": "# red days left",
        "off-peak": "Off-peak hours in # h #, at #:#", "sun": "Your sun today", "share": "#% of it used at home",
        "made": "Produced # kWh Used at home # kWh Injected # kWh", "no off-peak": "Off-peak", "no sun": "sun|Produced",
    },
}  # fmt: skip


def answers(house, language, truth):
    """Question -> what that house must be told, of each of the eight."""
    words, sort, moment = _WORDS[language], HOUSES[house].sort, HOUSES[house].moment
    day = local(moment).date()
    drawn, injected, _ = sort.draws(moment)
    here = ("heading", words["giving" if injected else "using"])
    today = ("heading", words["today"])
    return dict(zip(QUESTIONS, (
        Answer(*here, *_power(injected or drawn)),
        _much(here, words, sort, moment),
        Answer(*here, words["nothing"]) if injected else Answer(
            *here, words["an hour"], (float(sort.price(moment)) * drawn / 1000,)
        ),
        Answer(*today, f"{words['euros']} {words['energy']}", (
            truth["paid"][str(day)] + _subscribed(day, moment), truth["drawn"][str(day)] / 1000,
        )),
        _yesterday(words, truth, day - timedelta(days=1)),
        Silence(words["tempo"]) if not sort.tempo else Answer(
            "heading", words["tempo"],
            f"{words['tomorrow']} {words['colours'][sort.colour(tempo_day(moment) + 1)]} {words['days left']}", (18,),
        ),
        _off_peak(today, words, language, sort, moment),
        Silence(words["no sun"]) if not sort.solar else _sun(words, truth, str(day)),
    ), strict=True))  # fmt: skip


def _power(watts):
    """As it is read: to ten watts from a hundred on, in kilowatts from a thousand on."""
    return ("# kW", (watts / 1000,)) if watts >= 1000 else ("# W", (round(watts, -1 if watts >= 100 else 0),))


def _much(here, words, sort, moment):
    drawn, injected, _ = sort.draws(moment)
    if injected:
        return Answer(*here, words["nothing"])
    # More volt-amperes than watts, as the meters of these houses say it.
    load = drawn * 1.25 * 100 / SUBSCRIBED_VA
    if sort.young_s:
        return Answer(*here, f"{words['load']} {words['usual soon']}", (load,))
    begin = datetime.fromtimestamp(moment - moment % _HALF_HOUR_S, UTC)
    days = [int((begin - timedelta(days=back)).timestamp()) for back in range(1, 29)]
    usual = median(mean(sort.draws(one + step)[0] for step in range(0, _HALF_HOUR_S, _STEP_S)) for one in days)
    says, figures = _power(usual)
    return Answer(*here, f"{words['load']} {words['usual'].strip(' #')} {says}", (load, *figures))


def _subscribed(day, moment):
    """The part of the month's subscription that this day has come to."""
    begin, end = midnight(day), midnight(day + timedelta(days=1))
    return float(SUBSCRIPTION) / monthrange(day.year, day.month)[1] * min(1, (moment - begin) / (end - begin))


def _yesterday(words, truth, day):
    if str(day) not in truth["drawn"]:
        return Answer("heading", words["yesterday"], words["first day"])
    paid = truth["paid"][str(day)] + _subscribed(day, midnight(day + timedelta(days=1)))
    says = f"{words['euros']} {words['energy']}"
    return Answer("link", words["yesterday"], says, (paid, truth["drawn"][str(day)] / 1000))


def _off_peak(today, words, language, sort, moment):
    if "hc" not in sort.prices:
        return Silence(words["no off-peak"])
    # All these houses have them from ten in the evening to six in the morning, and none is looked at then.
    hours, minutes = divmod(round((midnight(local(moment).date()) + 22 * 3600 - moment) / 60), 60)
    return Answer(*today, words["off-peak"], (hours, minutes, *((22, 0) if language == "en" else (22,))))


def _sun(words, truth, day):
    made, sent = truth["made"][day], truth["injected"][day]
    figures = (100 * (made - sent) / made, made / 1000, (made - sent) / 1000, sent / 1000)
    return Answer("heading", words["sun"], f"{words['share']} {words['made']}", figures)


def faults(heard, wanted):
    """What of the answers is not there, not so, or not to be seen at once.

    Args:
        heard: what a screen reader is given, in order, and where it is seen (``Browser.heard``).
        wanted: question -> ``Answer`` or ``Silence``.
    """
    floor = next(box[1] for role, _, box in heard if role == "navigation")
    text = " ".join(_plain(name) for role, name, _ in heard if role in {"StaticText", "image"})
    found = []
    for question, answer in wanted.items():
        if isinstance(answer, Silence):
            found += [f"{question}: it is not asked here"] * bool(re.search(answer.never, text))
            continue
        below = _below(heard, answer)
        said = _plain(" ".join(name for name, _ in below))
        figures = re.search(_pattern(answer.says), said)
        if not figures or not all(map(_is, figures.groups(), answer.figures)):
            found.append(f"{question}: {answer.says} {answer.figures} is not in {said!r}")
        hidden = [name for name, box in below if not box or box[1] < 0 or box[3] > floor]
        found += [f"{question}: not seen at once: {hidden}"] * bool(hidden)
    return found


def _below(heard, answer):
    """The texts of the place of that role and name, and where they are seen: down to the next heading or link."""
    place = next((place for place, (role, name, _) in enumerate(heard)
                  if role == answer.role and _plain(name).startswith(answer.name)), len(heard))  # fmt: skip
    # What is a link as a whole has its heading in it.
    begin = place + 1 + (answer.role == "link" and heard[place + 1][0] == "heading")
    end = next((n for n, (role, _, _) in enumerate(heard[begin:], begin) if role in {"heading", "link"}), len(heard))
    return [(name, box) for role, name, box in heard[begin:end] if role == "StaticText"]


def _plain(text):
    return re.sub(r"\s+", " ", text).strip()


def _pattern(says):
    """Its words, one after the other; each # is a figure."""
    return re.escape(says).replace(r"\#", r"(\d+(?:[.,]\d+)?)").replace(r"\ ", r"\s?")


def _is(told, figure):
    """Whether a figure as it is written is that number: to half of its last decimal."""
    decimals = len(told.replace(",", ".").partition(".")[2])
    return abs(float(told.replace(",", ".")) - figure) <= 0.5 * 10**-decimals + 1e-6
