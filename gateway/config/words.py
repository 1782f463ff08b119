"""What is wrong with a configuration file, in French and in English; ``gateway.config.faults`` finds which."""

from __future__ import annotations

from gateway.language import Phrase

NO_RIGHT = Phrase(
    "{path} : vous n’avez pas le droit de le lire ; mettez sudo devant la commande",
    "{path}: you may not read it; put sudo before the command",
)
UNREADABLE = Phrase(
    "{path} : illisible : {why} ; donnez le bon fichier par --config, ou installez d’abord la passerelle",
    "{path}: cannot be read: {why}; name the right file with --config, or install the gateway first",
)
NO_TEXT = Phrase(
    "{path} : ce n’est pas du texte UTF-8 ; enregistrez-le en UTF-8", "{path}: is no UTF-8 text; save it as UTF-8"
)
FILE = Phrase("{path} : {what}", "{path}: {what}")
LINE = Phrase("{path}, ligne {line} : {what}", "{path}, line {line}: {what}")
AT, OR = Phrase("{place} : {what}", "{place}: {what}"), Phrase(" ou ", " or ")

# Keys of the program's own, which nobody writes.
OURS = ("folder", "choices")

UNKNOWN = Phrase("clé inconnue", "unknown key")
UNKNOWN_NEAR = Phrase("clé inconnue ; peut-être {near}", "unknown key; did you mean {near}")
UNKNOWN_ELSEWHERE = Phrase(
    "clé inconnue ici ; sa place est sous {tables}", "unknown key here; it belongs below {tables}"
)
UNKNOWN_HERE = Phrase("clé inconnue ; ici il peut y avoir {known}", "unknown key; here may stand {known}")
MISSING = Phrase("il manque {key}", "{key} is missing")

NONE_OF = Phrase(
    "{value} n’est pas un choix ; écrivez l’un de : {known}", "{value} is no choice; write one of: {known}"
)
PERHAPS = Phrase(" ; peut-être {near}", "; did you mean {near}")
NOT_THIS = Phrase("{value} ne va pas ; écrivez {wanted}", "{value} will not do; write {wanted}")
WRITE = Phrase("écrivez {wanted}", "write {wanted}")
TWO_BRACKETS = Phrase(
    "écrivez [[{table}]], avec deux crochets de chaque côté : il peut y en avoir plusieurs",
    "write [[{table}]], with two brackets on each side: there may be several",
)
ONE_BRACKET = Phrase(
    "écrivez [{table}], avec un seul crochet de chaque côté : il n’y en a qu’un",
    "write [{table}], with one bracket on each side: there is only one",
)

YES_NO = Phrase("true (oui) ou false (non), sans guillemets", "true or false, without quotes")
WHOLE_NUMBER, NUMBER = Phrase("un nombre entier", "a whole number"), Phrase("un nombre", "a number")
FROM_TO = Phrase(" de {least} à {most}", " from {least} to {most}")
MORE_THAN = Phrase(" plus grand que {least}", " greater than {least}")
AT_LEAST = Phrase(" d’au moins {least}", " of at least {least}")
NO_QUOTES = Phrase(", sans guillemets", ", without quotes")
POINT_NO_QUOTES = Phrase(", sans guillemets et avec un point : 0.15", ", without quotes and with a point: 0.15")
DATE = Phrase("une date telle que 2026-02-01, sans guillemets", "a date such as 2026-02-01, without quotes")
TEXT = Phrase("un texte entre guillemets", "a text in quotes")
SOME_TEXT = Phrase("un texte entre guillemets, qui n’est pas vide", "a text in quotes that is not empty")
SHORT_TEXT = Phrase(
    "un texte entre guillemets, de 1 à {most} caractères", "a text in quotes, of 1 to {most} characters"
)
OTHER_TEXT = Phrase(
    "un texte d’une autre forme, comme dans l’exemple du fichier", "a text of another form, as in the example file"
)
ONE_OF = Phrase("l’un de : {known}", "one of: {known}")
TABLE = Phrase("une table, [nom] sur une ligne à elle", "a table, [name] on a line of its own")
LIST = Phrase('une liste entre crochets : ["…", "…"]', 'a list in brackets: ["…", "…"]')

_ADDRESS = Phrase("une adresse telle que maison@example.org", "an address such as maison@example.org")
_NAME = Phrase(
    "des minuscules sans accent, des chiffres et des tirets, 32 au plus",
    "small letters, digits and hyphens, at most 32",
)
_HOST_PORT = Phrase(
    "une machine et un port, tels que xmpp.example.org:5222", "a machine and a port such as xmpp.example.org:5222"
)
_DURATION = Phrase("une durée telle que P3Y, P6M ou P30D", "a duration such as P3Y, P6M or P30D")
_PAGE = Phrase("une adresse de page, https://…", "a page's address, https://…")
_NO_URL = Phrase(
    "https://… ; http:// seulement pour cette machine, car un jeton passerait en clair",
    "https://…; http:// only for this machine, since a token would go in clear",
)
# What a pattern of the settings' types is in words; tests/gateway/config finds one that is missing.
PATTERNS = {
    r"^[^@/\s]+@[^@/\s]+$": _ADDRESS,
    r"^[^@/\s]+@[^@/\s]+/[^\s/]+$": Phrase(
        "une adresse et une ressource, telles que toit@example.org/proxy",
        "an address and a resource such as roof@example.org/proxy",
    ),
    r"^.+:[0-9]{1,5}$": _HOST_PORT,
    "^[a-z0-9][a-z0-9-]{0,31}$": _NAME,
    "^[a-z0-9][a-z0-9._-]{0,63}$": Phrase(
        "des minuscules sans accent, des chiffres, des points et des tirets, 64 au plus",
        "small letters, digits, dots and hyphens, at most 64",
    ),
    "^[0-9]{14}$": Phrase("les 14 chiffres du point de livraison", "the 14 digits of the delivery point"),
    r"^([A-Za-z0-9.-]+|\[[0-9a-fA-F:.]+\]):[0-9]{1,5}$": Phrase(
        "une adresse de cette machine et un port, tels que 127.0.0.1:7000",
        "an address of this machine and a port such as 127.0.0.1:7000",
    ),
    r"^(\[[0-9a-f:]+\]|[0-9.]+|localhost):[0-9]{1,5}$": Phrase(
        "une adresse de cette machine et un port, tels que 0.0.0.0:8080",
        "an address of this machine and a port such as 0.0.0.0:8080",
    ),
    "^[A-Za-z0-9.-]+$": Phrase(
        "un nom de machine tel que linky.example.org", "a machine's name such as linky.example.org"
    ),
    "^sha256/[A-Za-z0-9+/]{43}=$": Phrase(
        "sha256/…, comme le montre `linky-gateway account pin`", "sha256/…, as `linky-gateway account pin` shows it"
    ),
    r"^[^\s/]+$": Phrase("un mot sans espace ni barre oblique", "a word without spaces and slashes"),
    r"^P(\d+[YMWD])+$": _DURATION,
    r"^[^+#/\s]+(/[^+#/\s]+)*$": Phrase("un sujet MQTT tel que homeassistant", "an MQTT topic such as homeassistant"),
    # Of linky-collect and linky-bridge.
    r"^P([1-9][0-9]{0,2}Y)?([0-9]{1,3}M)?([0-9]{1,4}D)?$": _DURATION,
    r"^https://\S+$": _PAGE,
    r"^(https://\S+)?$": _PAGE,
    r"^(https://[^\s/]+|http://(localhost|127\.[0-9.]+|\[::1\])(:[0-9]{1,5})?)(/[^\s?#]*)?$": _NO_URL,
    "^([0-9a-f]{64})?$": Phrase("les 64 chiffres de SHA-256", "the 64 digits of SHA-256"),
    "^[1-9][0-9]{0,5}[hdw]$": Phrase("une durée telle que 365d", "a period such as 365d"),
    r"^[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}$": Phrase(
        "des lettres sans accent, des chiffres, des espaces, des points et des tirets, 64 au plus",
        "letters without accents, digits, spaces, dots and hyphens, at most 64",
    ),
}

COMMA = Phrase(
    "un nombre s’écrit avec un point : {number}, et non {written}",
    "a number is written with a point: {number}, not {written}",
)
CURLY = Phrase('les guillemets doivent être droits : "comme ceci"', 'the quotes must be straight ones: "like this"')
IN_QUOTES = Phrase('un texte s’écrit entre guillemets : "{text}"', 'a text is written in quotes: "{text}"')
TRUE_FALSE = {"oui": "true", "yes": "true", "on": "true", "true": "true"} | {
    "non": "false", "no": "false", "off": "false", "false": "false"
}  # fmt: skip
TRUE_OR_FALSE = Phrase("écrivez {word}, et non {written}", "write {word}, not {written}")
NO_TOML = Phrase("ce n’est pas du TOML valable : {why}", "not valid TOML: {why}")
_TABLE_LINE = Phrase(
    'il faut nom = "valeur", ou [table] sur une ligne à elle',
    'it takes name = "value", or [table] on a line of its own',
)
# How the message of tomllib begins.
OF_TOMLLIB = {
    "Unterminated string": Phrase(
        "un texte n’est pas fermé : il manque un guillemet", "a text has no end: a quote is missing"
    ),
    "Cannot overwrite a value": Phrase(
        "la même clé est écrite deux fois : gardez-en une", "the same key is written twice: keep one"
    ),
    "Cannot declare": Phrase(
        "cette table est déjà plus haut : gardez-en une (à deux crochets s’il y en a plusieurs)",
        "this table stands further up already: keep one (with two brackets if there are several)",
    ),
    "Unescaped '\\'": Phrase("dans un texte, \\ s’écrit \\\\", "in a text, \\ is written \\\\"),
    "Expected ']'": Phrase("il manque un crochet ]", "a bracket ] is missing"),
    "Expected newline": Phrase(
        "il y a quelque chose de trop après la valeur ; chaque clé va sur une ligne à elle",
        "there is something after the value; each key goes on a line of its own",
    ),
    "Expected '='": _TABLE_LINE,
    "Invalid statement": _TABLE_LINE,
}


# ---- what one key says of another -----------------------------------------------------------------------------------

USED_TWICE = Phrase("{value!r} est déjà pris par un autre {tables}", "{value!r} is used by another {tables}")
NO_BYTES_OF_BOARD = Phrase(
    "une carte envoie des trames, pas les octets d’un fil ; enlevez-le",
    "a board sends frames, not the bytes of a wire; leave it out",
)
NO_PORT = Phrase(
    "{value!r} : écrivez MACHINE:PORT, un port de 1 à 65535", "{value!r}: write HOST:PORT, a port from 1 to 65535"
)
EMPTY_PULSE = Phrase("une impulsion de rien ne peut pas être comptée", "a pulse that is nothing cannot be counted")
BOARD_NAME = Phrase(
    "{value!r} : écrivez board:ID, comme sur l’étiquette de la carte",
    "{value!r}: write board:ID, as on the board's label",
)
BOARD_NEEDS_MQTT = Phrase(
    "les cartes passent par le courtier MQTT ; ajoutez la table [mqtt]",
    "boards are heard by way of the MQTT broker; add the table [mqtt]",
)
NO_TLS = Phrase("sans tls = true, aucun certificat n’est regardé", "without tls = true no certificate is looked at")
WHOSE_PASSWORD = Phrase(
    "de qui est ce mot de passe ? donnez le nom de l’utilisateur", "whose password is it? set the user's name"
)
PORT_RANGE = Phrase("{value!r} : un port va de 1 à 65535", "{value!r}: a port is 1 to 65535")
NO_NETWORK = Phrase(
    "{value!r} n’est pas un réseau ; écrivez-le comme 192.168.1.0/24 ou 2001:db8:1:2::/64",
    "{value!r} is no network; write it as in 192.168.1.0/24 or 2001:db8:1:2::/64",
)
RECEIVED_NEEDS_ACCOUNT = Phrase(
    "les séries sont reçues par le compte de [federation] ; ajoutez cette table",
    "series are received by the account of [federation]; add that table",
)
ITSELF = Phrase("c’est la passerelle elle-même", "this is the gateway itself")
RECEIVED_TWICE = Phrase(
    "un autre [[received]] a déjà celle-ci de ce fournisseur", "another [[received]] has the same of this provider"
)
NO_PAST = Phrase(
    "on ne peut pas demander son passé à un proxy de 2019 ; enlevez-le",
    "a proxy of 2019 cannot be asked for its past; leave it out",
)
ONE_SERIES = Phrase(
    "un Sen1Message est une seule série ; écrivez le nom entier qu’elle doit avoir",
    "a Sen1Message is one series; write the whole name that it is to have",
)
OF_HOW_MANY = Phrase("il manque combien il y en a en tout ({unit})", "how many {unit} there are in all is missing")
NO_PART = Phrase("une part d’une infinité n’est pas une part", "a part of endlessly many is no part")
TOO_MUCH = Phrase("c’est plus qu’il n’y en a", "more than there is")
NO_TARIFF = Phrase(
    "les euros se calculent par un [[tariff]] ; ajoutez-en un, ou donnez kwh_per_month",
    "euros are reckoned by a [[tariff]]; add one, or set kwh_per_month",
)
NO_PIN = Phrase(
    "sans pin, n’importe quel serveur serait cru ; donnez pin (`linky-gateway account pin` le montre)",
    "without a pin every server would be believed; set pin (`linky-gateway account pin` shows it)",
)
ALERTS_NEED_ACCOUNT = Phrase(
    "les avertissements partent par le compte de [federation] ; ajoutez cette table",
    "alerts are sent by the account of [federation]; add that table",
)
