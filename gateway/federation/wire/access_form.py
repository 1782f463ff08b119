"""The form of ``request_access``: what a household must know before it says yes (GDPR Art. 13), in both languages.

Nothing is chosen beforehand: what is not asked for is not asked for. The provider (``asking``) reads it.
"""

from __future__ import annotations

from gateway.federation.wire.form import Field
from gateway.language import Phrase
from gateway.store.terms import LONGEST_PURPOSE, LONGEST_WORDS

GRANULARITIES = (
    ("raw", Phrase("comme le compteur les donne", "as the meter gives them")),
    ("PT1M", Phrase("par minute", "by minute")),
    ("PT30M", Phrase("par demi-heure", "by half hour")),
    ("P1D", Phrase("par jour", "by day")),
)

_DAY = Phrase("une date telle que 2027-06-30", "a date such as 2027-06-30")
_WORDS = Phrase(
    f"au plus {LONGEST_WORDS} caractères, en mots simples", f"at most {LONGEST_WORDS} characters, in plain words"
)
_URL = Phrase("une adresse qui commence par https://", "an address that begins with https://")

ACCESS_FIELDS = (
    Field(
        "identifier",
        Phrase("Série ou branche demandée", "Series or branch asked for"),
        Phrase(
            "nom complet jusqu'à la mesure ou la branche, tel que le foyer l'a donné, par exemple"
            " …/consumption/energy ; « tout » n'est pas accepté",
            "full name down to the series or the branch, as the household gave it, such as"
            " …/consumption/energy; “everything” is not accepted",
        ),
    ),
    Field("granularity", Phrase("Finesse", "Granularity"), options=GRANULARITIES),
    Field(
        "push",
        Phrase("Recevoir chaque nouvelle mesure", "Receive each new reading"),
        value="0",
        required=False,
        kind="boolean",
    ),
    Field(
        "history",
        Phrase("Lire les mesures passées", "Read past readings"),
        value="0",
        required=False,
        kind="boolean",
    ),
    Field(
        "history_from",
        Phrase("Mesures passées depuis le", "Past readings since"),
        Phrase(f"{_DAY.fr} ; obligatoire pour les mesures passées", f"{_DAY.en}; needed for past readings"),
        required=False,
    ),
    Field("until", Phrase("Accès jusqu'au (inclus)", "Access until (included)"), _DAY),
    Field(
        "purpose",
        Phrase("Finalité : à quoi serviront les mesures", "Purpose: what the readings will be used for"),
        Phrase(
            f"au plus {LONGEST_PURPOSE} caractères, en mots simples",
            f"at most {LONGEST_PURPOSE} characters, in plain words",
        ),
        kind="text-multi",
    ),
    Field("controller", Phrase("Nom du responsable du traitement", "Name of the controller"), _WORDS),
    Field("contact", Phrase("Comment le joindre", "How to reach it"), _WORDS),
    Field("privacy", Phrase("Notice de confidentialité", "Privacy notice"), _URL),
    Field(
        "role",
        Phrase("Rôle pour ces données (RGPD)", "Role for these data (GDPR)"),
        options=(
            ("controller", Phrase("responsable du traitement", "controller")),
            ("processor", Phrase("sous-traitant", "processor")),
            ("joint", Phrase("responsable conjoint", "joint controller")),
        ),
    ),
    Field(
        "retention",
        Phrase("Durée de conservation", "Retention"),
        Phrase("une durée telle que P1Y, P6M ou P30D", "a duration such as P1Y, P6M or P30D"),
    ),
    Field("code_url", Phrase("Code de conduite : adresse", "Code of conduct: address"), _URL, required=False),
    Field("code_version", Phrase("Code de conduite : version", "Code of conduct: version"), _WORDS, required=False),
    Field(
        "code_hash",
        Phrase("Code de conduite : SHA-256 du texte", "Code of conduct: SHA-256 of its text"),
        Phrase("64 chiffres hexadécimaux, en minuscules", "64 hexadecimal digits, in lower case"),
        required=False,
    ),
)
