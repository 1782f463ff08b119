"""What is wrong with a configuration file, in French and in English; ``gateway.config.faults`` finds which."""

from __future__ import annotations

from gateway.words.phrase import Phrase

NO_RIGHT = Phrase("{path}: you may not read it; put sudo before the command")
UNREADABLE = Phrase("{path}: cannot be read: {why}; name the right file with --config, or install the gateway first")
NO_TEXT = Phrase("{path}: is no UTF-8 text; save it as UTF-8")
FILE = Phrase("{path}: {what}")
LINE = Phrase("{path}, line {line}: {what}")
AT, OR = Phrase("{place}: {what}"), Phrase(" or ")

# Keys of the program's own, which nobody writes.
OURS = ("folder", "settings")

UNKNOWN = Phrase("unknown key")
UNKNOWN_NEAR = Phrase("unknown key; did you mean {near}")
UNKNOWN_ELSEWHERE = Phrase("unknown key here; it belongs below {tables}")
UNKNOWN_HERE = Phrase("unknown key; here may stand {known}")
MISSING = Phrase("{key} is missing")

NONE_OF = Phrase("{value} is no choice; write one of: {known}")
PERHAPS = Phrase("; did you mean {near}")
NOT_THIS = Phrase("{value} will not do; write {wanted}")
WRITE = Phrase("write {wanted}")
TWO_BRACKETS = Phrase("write [[{table}]], with two brackets on each side: there may be several")
ONE_BRACKET = Phrase("write [{table}], with one bracket on each side: there is only one")

YES_NO = Phrase("true or false, without quotes")
WHOLE_NUMBER, NUMBER = Phrase("a whole number"), Phrase("a number")
FROM_TO = Phrase(" from {least} to {most}")
MORE_THAN = Phrase(" greater than {least}")
AT_LEAST = Phrase(" of at least {least}")
NO_QUOTES = Phrase(", without quotes")
POINT_NO_QUOTES = Phrase(", without quotes and with a point: 0.15")
DATE = Phrase("a date such as 2026-02-01, without quotes")
TEXT = Phrase("a text in quotes")
SOME_TEXT = Phrase("a text in quotes that is not empty")
SHORT_TEXT = Phrase("a text in quotes, of 1 to {most} characters")
OTHER_TEXT = Phrase("a text of another form, as in the example file")
ONE_OF = Phrase("one of: {known}")
TABLE = Phrase("a table, [name] on a line of its own")
PAIRS = Phrase("pairs in braces: {pair}").filled(pair="{ x = 0.15 }")
LIST = Phrase('a list in brackets: ["…", "…"]')

_ADDRESS = Phrase("an address such as maison@example.org")
_NAME = Phrase("small letters, digits and hyphens, at most 32")
_HOST_PORT = Phrase("a machine and a port such as xmpp.example.org:5222")
_DURATION = Phrase("a duration such as P3Y, P6M or P30D")
_PAGE = Phrase("a page's address, https://…")
_NO_URL = Phrase("https://…; http:// only for this machine, since a token would go in clear")
# What a pattern of the settings' types is in words; tests/gateway/config finds one that is missing.
PATTERNS = {
    r"^[^@/\s]+@[^@/\s]+$": _ADDRESS,
    r"^[^@/\s]+@[^@/\s]+/[^\s/]+$": Phrase("an address and a resource such as roof@example.org/proxy"),
    r"^.+:[0-9]{1,5}$": _HOST_PORT,
    "^[a-z0-9][a-z0-9-]{0,31}$": _NAME,
    "^[a-z0-9][a-z0-9-]{0,19}$": Phrase("small letters, digits and hyphens, at most 20"),
    "^[a-z0-9][a-z0-9._-]{0,63}$": Phrase("small letters, digits, dots and hyphens, at most 64"),
    "^(GPIO(1?[0-9]|2[0-7]))?$": Phrase("a pin such as GPIO21, from GPIO0 to GPIO27, or nothing"),
    "^[0-9]{14}$": Phrase("the 14 digits of the delivery point"),
    r"^([A-Za-z0-9.-]+|\[[0-9a-fA-F:.]+\]):[0-9]{1,5}$": Phrase(
        "an address of this machine and a port such as 127.0.0.1:7000"
    ),
    r"^(\[[0-9a-f:]+\]|[0-9.]+|localhost):[0-9]{1,5}$": Phrase(
        "an address of this machine and a port such as 0.0.0.0:8080"
    ),
    r"^((\[[0-9a-f:]+\]|[0-9.]+|localhost)?:[0-9]{1,5})?$": Phrase(
        "an address of this machine and a port such as 0.0.0.0:8443, a port alone such as :8443, or nothing"
    ),
    "^[A-Za-z0-9.-]+$": Phrase("a machine's name such as linky.example.org"),
    "^sha256/[A-Za-z0-9+/]{43}=$": Phrase("sha256/…, as `linky-gateway account pin` shows it"),
    r"^https?://[^\s@?#]{1,200}$": Phrase("an address that begins with https://"),
    r"^[^\s/]+$": Phrase("a word without spaces and slashes"),
    r"^P(\d+[YMWD])+$": _DURATION,
    r"^[^+#/\s]+(/[^+#/\s]+)*$": Phrase("an MQTT topic such as homeassistant"),
    # Of linky-collect and linky-bridge.
    r"^P([1-9][0-9]{0,2}Y)?([0-9]{1,3}M)?([0-9]{1,4}D)?$": _DURATION,
    r"^https://\S+$": _PAGE,
    r"^(https://\S+)?$": _PAGE,
    r"^(https://[^\s/]+|http://(localhost|127\.[0-9.]+|\[::1\])(:[0-9]{1,5})?)(/[^\s?#]*)?$": _NO_URL,
    "^([0-9a-f]{64})?$": Phrase("the 64 digits of SHA-256"),
    r"^([A-Za-z0-9.\[\]:-]{1,253}:[0-9]{1,5})?$": _HOST_PORT,
    r"^https?://[^#\s]{1,80}$": Phrase("the page's address, at most 80 characters and without #"),
    r"^(/.*)?$": Phrase("a whole path such as /srv/linky-parquet"),
    r"^([a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9_.-]{1,100}){0,4})?$": Phrase(
        "a bucket's name such as linky, or linky/coop"
    ),
    r"^(https?://[A-Za-z0-9.\[\]:-]{1,253})?$": Phrase("a store's address such as https://s3.example.org"),
    "^[a-z0-9-]{1,40}$": Phrase("small letters, digits and hyphens, at most 40"),
    "^[A-Za-z_][A-Za-z0-9_]{0,63}$": Phrase("the name of a class, such as MyHouse"),
    "^[1-9][0-9]{0,5}[hdw]$": Phrase("a period such as 365d"),
    r"^[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}$": Phrase(
        "letters without accents, digits, spaces, dots and hyphens, at most 64"
    ),
}

COMMA = Phrase("a number is written with a point: {number}, not {written}")
CURLY = Phrase('the quotes must be straight ones: "like this"')
IN_QUOTES = Phrase('a text is written in quotes: "{text}"')
TRUE_FALSE = {"oui": "true", "yes": "true", "on": "true", "true": "true"} | {
    "non": "false", "no": "false", "off": "false", "false": "false"
}  # fmt: skip
TRUE_OR_FALSE = Phrase("write {word}, not {written}")
NO_TOML = Phrase("not valid TOML: {why}")
_TABLE_LINE = Phrase('it takes name = "value", or [table] on a line of its own')
# How the message of tomllib begins.
OF_TOMLLIB = {
    "Unterminated string": Phrase("a text has no end: a quote is missing"),
    "Cannot overwrite a value": Phrase("the same key is written twice: keep one"),
    "Cannot declare": Phrase("this table stands further up already: keep one (with two brackets if there are several)"),
    "Unescaped '\\'": Phrase("in a text, \\ is written \\\\"),
    "Expected ']'": Phrase("a bracket ] is missing"),
    "Expected newline": Phrase("there is something after the value; each key goes on a line of its own"),
    "Expected '='": _TABLE_LINE,
    "Invalid statement": _TABLE_LINE,
}


# ---- what one key says of another -----------------------------------------------------------------------------------

USED_TWICE = Phrase("{value!r} is used by another {tables}")
NO_BYTES_OF_BOARD = Phrase("a board sends frames, not the bytes of a wire; leave it out")
NO_PORT = Phrase("{value!r}: write HOST:PORT, a port from 1 to 65535")
EMPTY_PULSE = Phrase("a pulse that is nothing cannot be counted")
BOARD_NAME = Phrase("{value!r}: write board:ID, as on the board's label")
BOARD_NEEDS_MQTT = Phrase("boards are heard by way of the MQTT broker; add the table [mqtt]")
NO_TLS = Phrase("without tls = true no certificate is looked at")
WHOSE_KEY = Phrase("whose key is it? set the certificate’s file")
NO_HTTPS = Phrase('"redirect" leads to the encrypted page, which web.https switches off')
WHOSE_PASSWORD = Phrase("whose password is it? set the user's name")
PORT_RANGE = Phrase("{value!r}: a port is 1 to 65535")
NO_NETWORK = Phrase("{value!r} is no network; write it as in 192.168.1.0/24 or 2001:db8:1:2::/64")
RECEIVED_NEEDS_ACCOUNT = Phrase("series are received by the account of [federation]; add that table")
ITSELF = Phrase("this is the gateway itself")
RECEIVED_TWICE = Phrase("another [[received]] has the same of this provider")
NO_SERIES_OF_PLACE = Phrase("{value!r} is no [[meter]], [[received]] or [[counter]] of electricity here ({names})")
TWICE_IN_PLACE = Phrase("{value!r} stands there twice: it would be counted twice")
NO_PAST = Phrase("a proxy of 2019 cannot be asked for its past; leave it out")
ONE_SERIES = Phrase("a Sen1Message is one series; write the whole name that it is to have")
OF_HOW_MANY = Phrase("how many {unit} there are in all is missing")
NO_PART = Phrase("a part of endlessly many is no part")
TOO_MUCH = Phrase("more than there is")
NO_TARIFF = Phrase("euros are reckoned by a [[tariff]]; add one, or set kwh_per_month")
OFF_PEAK_TWICE = Phrase(
    "on {day} another [[off_peak]] is in force as well; end that one before (`until` is its last day)"
)
NO_PIN = Phrase("without a pin every server would be believed; set pin (`linky-gateway account pin` shows it)")
NO_PLACE = Phrase("{place}: there is no such setting; `linky-gateway settings list` shows them")
NOT_CHANGED = Phrase("{place}: is not changed; what gateway.toml says, or its default, counts already")
NOT_KEPT = Phrase("{path}: cannot be written: {why}; nothing was changed")
TOO_MUCH_IN_ALL = Phrase("{place}: with it there is more than can be kept; nothing was changed")
ONE_LINE = Phrase("a text is one line, without invisible characters")
ADMINISTRATORS = Phrase("is changed in gateway.toml alone, by whoever administers this machine")
ONE_ADDRESS = Phrase("write url or url_file, not both")
QUIET = Phrase("{value!r}: write 22:00/07:00, or nothing between the quotes for no quiet hours")
SECRET_URL = Phrase(
    "who reads this address could write in your name: put it alone into a file, and name that with url_file"
)
ALERTS_NEED_ACCOUNT = Phrase("alerts are sent by the account of [federation]; add that table")
