"""What a series is called: every series of the table of labels has a name in both languages, and no name twice."""

import re

import pytest

from gateway.store.labels import label_of
from gateway.tic.labels import known_labels
from gateway.words.catalogue import LANGUAGES
from gateway.words.phrase import written


def paths():
    """Every path of a domestic or an industrial meter, with a tariff period where one stands."""
    return sorted({re.sub(r"\{\d\}", "hph", label.series) for label in known_labels() if label.series})


@pytest.mark.parametrize(
    ("path", "french", "english"),
    [
        ("consumption/power/apparent/raw", "Puissance apparente soutirée", "Apparent power drawn"),
        ("consumption/voltage/raw/phase/2", "Tension, phase 2", "Voltage, phase 2"),
        ("consumption/energy/active/index/provider/7", "Index 7 du fournisseur", "Index 7 of the supplier"),
        ("consumption/energy/active/index/provider/hchp", *["consumption/energy/active/index/provider/hchp"] * 2),
        ("water/volume/index", "Index d’eau", "Water index"),
    ],
)
def test_a_series_is_called_in_both_languages(path, french, english):
    """By its own name, by that of its phase or number; what nobody has named is called by its path."""
    assert label_of(path) == written({"fr": french, "en": english})


def test_every_series_of_a_meter_has_a_name():
    """None is shown as a path, and in a list no two are called the same."""
    named = {path: label_of(path) for path in paths()}
    assert not [path for path, names in named.items() if path == str(names)]
    for lang in LANGUAGES:
        assert len({names.in_language(lang) for names in named.values()}) == len(named)
