"""What is wrong with a configuration file, in French and in English."""

from __future__ import annotations

import re

from gateway.language import Phrase

NO_RIGHT = Phrase(
    "{path} : vous n’avez pas le droit de le lire ; mettez sudo devant la commande",
    "{path}: you may not read it; put sudo before the command",
)
UNREADABLE = Phrase(
    "{path} : illisible : {why} ; donnez le bon fichier par --config, ou installez d’abord la passerelle",
    "{path}: cannot be read: {why}; name the right file with --config, or install the gateway first",
)
NO_TOML = Phrase("{path} : ce n’est pas du TOML valable : {why}", "{path}: not valid TOML: {why}")
AT = Phrase("{place} : {what}", "{place}: {what}")
_NO_URL = Phrase(
    "écrivez https://… ; http:// seulement pour cette machine, car un jeton passerait en clair",
    "write https://…; http:// only for this machine, since a token would go in clear",
)
# How msgspec says what is wrong.
_OF_MSGSPEC = (
    ("unknown key", "clé inconnue"),
    ("missing required field", "il manque la clé"),
    ("Invalid enum value", "valeur inconnue :"),
    (" matching regex ", " de la forme "),
    (" of length ", " de longueur "),
    ("Expected ", "il faut "),
    (", got ", ", et non "),
)
UNKNOWN_KEY = Phrase("{path} : clé inconnue `{key}`", "{path}: unknown key `{key}`")


def of_msgspec(text: str) -> Phrase:
    """The words of msgspec with the path first and as it is written in the file."""
    message, _, where = text.partition(" - at ")
    place = re.sub(r"^`?\$\.?|`$", "", where)
    message = message.replace("Object contains unknown field", "unknown key").replace("Object missing", "missing")
    if "matching regex" in message and place.endswith("url"):
        return AT.filled(place=place, what=_NO_URL)
    message = french = message.replace("`array`", "`[[table]]`").replace("`object`", "`[table]`")
    for english, words in _OF_MSGSPEC:
        french = french.replace(english, words)
    said = Phrase(french, message)
    return AT.filled(place=place, what=said) if place else said
