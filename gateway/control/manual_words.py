"""What is wrong with a reading by hand, and what was stored of one, in French and in English."""

from __future__ import annotations

from gateway.language import Phrase

COUNTED_ON = Phrase(
    "compteur {meter} : il a continué à compter depuis le {time} ; relisez-le, sans --at",
    "meter {meter}: has counted on since {time}; read its face again, and leave --at away",
)
NO_SERIES = Phrase(
    "« {series} » ne se relève pas à la main ; choisissez : {known}",
    "series {series!r}: a reading by hand is of one of {known}",
)
NO_VALUE = Phrase("valeur : {why}", "value: {why}")
CHOOSE = Phrase("{series} : choisissez par --meter l’un de {names}", "{series}: choose with --meter one of {names}")
HAS_A_LINE = Phrase(
    "compteur {meter} : il est lu par son câble ; nommez-en un autre par --meter, il sera créé s’il est nouveau",
    "meter {meter}: its line is read; name another meter with --meter, it is made when new",
)
COUNTS_OTHER = Phrase(
    "compteur {meter} : il compte {counted}, pas {word}", "meter {meter}: counts {counted}, not {word}"
)
NO_NAME = Phrase(
    "compteur « {meter} » : un nom est fait de a-z, 0-9 et « - », 32 caractères au plus",
    "meter {meter!r}: a name is made of a-z, 0-9 and '-', 32 characters at most",
)
NO_TIME = Phrase(
    "ce moment est à venir, ou bien trop ancien ; vérifiez --at et l’heure de cette machine",
    "that time is to come, or long gone; check --at and the clock of this machine",
)
TWICE = Phrase(
    "{time} : il y a déjà un relevé de {series} à cette seconde ; donnez un autre --at",
    "{time}: there is a reading of {series} of that second already; give another --at",
)
_CHECK = Phrase(
    " ; vérifiez la valeur et --unit, ou ajoutez --force si le compteur a été remplacé",
    "; check value and --unit, or say --force if the meter was replaced",
)
BELOW = (
    Phrase(
        "{value} {unit} est moins que les {known} {unit} du {time}",
        "{value} {unit} is below the {known} {unit} of {time}",
    )
    + _CHECK
)
ABOVE = (
    Phrase(
        "{value} {unit} est plus que les {known} {unit} du {time}",
        "{value} {unit} is above the {known} {unit} of {time}",
    )
    + _CHECK
)
CLOCK_UNKNOWN = Phrase(
    "la passerelle ne connaît pas encore l’heure : donnez-la par --at, ou réglez son horloge",
    "the gateway does not know the time yet: say when with --at, or set its clock",
)
STORED = Phrase("{meter} : {series} vaut {value} {unit} le {time}", "{meter}: {series} is {value} {unit} at {time}")
COUNTS_ON = Phrase(" ; les impulsions comptent à partir de là", "; the pulses count on from there")
NONE_YET = Phrase("aucun relevé n’a été saisi à la main", "no reading was entered by hand")
