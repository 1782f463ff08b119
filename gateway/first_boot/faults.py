"""What can be wrong with ``linky.toml``, or with a fleet of them: each said in French and in English, with what to do.

No sentence repeats a secret: a key or a password is described by its length at most.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway.words.phrase import Phrase, same

SENTENCES = {
    "encoding": Phrase("the file is not UTF-8 text: save it as UTF-8 (Notepad: File, Save as, Encoding)"),
    "too_long": Phrase("the file is much too long for a linky.toml: replace it"),
    "not_toml": Phrase('this line cannot be read: it takes name = "value", with its quotes, or [table]'),
    "twice": Phrase("the same key is written twice: keep one"),
    "unknown": Phrase("unknown key{maybe}; those known here: {known}"),
    "missing": Phrase("this key is missing: add it"),
    "not_text": Phrase("it takes text in quotes"),
    "not_a_table": Phrase("it takes a table, [{name}] on a line of its own"),
    "not_yes_no": Phrase("it takes true or false, without quotes"),
    "not_list": Phrase('it takes a list of texts in quotes: ["…", "…"]'),
    "keys": Phrase(
        "a public key of SSH is one line such as “ssh-ed25519 AAAA… name”, {most} of them at most: copy it again from"
        " its file, whose name ends in .pub"
    ),
    "control": Phrase("there is an invisible character in the text: type it again"),
    "language": Phrase('it takes "fr" or "en"'),
    "hostname": Phrase(
        "a host name has 1 to 63 small letters without accents, digits or hyphens, no hyphen at its ends"
    ),
    "wifi_name": Phrase("the name of a Wi-Fi has 1 to 32 bytes (an accent counts twice); this one has {length}"),
    "wifi_key": Phrase(
        "a Wi-Fi key has 8 to 63 characters, or 64 hexadecimal digits; this one has {length}: copy it from the router"
    ),
    "wifi_key_ascii": Phrase(
        "a Wi-Fi key has only letters without accents, digits and plain signs: copy it from the router"
    ),
    "country": Phrase('a country is written as two capital letters, "FR" for France'),
    "jid": Phrase("the account’s address is written name@domain, no space and no /resource: house@example.org"),
    "password": Phrase("the account’s password has 8 to 256 characters, no space at its ends; this one has {length}"),
    "address": Phrase("it takes SERVER:PORT, for example xmpp.example.org:5222"),
    "invitation": Phrase("this is no invitation: copy its link whole, from its first letter to its last"),
    "port": Phrase(
        'a port is written "auto", "/dev/serial0" (or another serial port: "/dev/tty…", "/dev/serial/by-id/…", '
        '"/dev/linky-…"), "usb:VENDOR:PRODUCT:SERIAL" or "socket://HOST:PORT"; {seen} is none of these'
    ),
    "code": Phrase(
        "a code of the page has 12 letters or digits, as in ABCD-EFGH-JKLM, without I, O, 0 and 1; this one will not do"
    ),
    "weak_code": Phrase(
        "this code can be guessed (too many equal signs): take a random one, or leave the line out to be given one"
    ),
    "many_adapters": Phrase("several adapters for a meter are plugged in: name the one to read, of {seen}"),
    "configuration": Phrase("the gateway refuses this setting: {said}"),
    "read_only": Phrase("the card cannot be written ({said}): nothing was changed; try another card"),
    "cut_short": Phrase("{path} cannot be written ({said}): restart to go on, or try another card"),
}
_LINE, _AT = Phrase("line {line}"), Phrase("{where}: {what}")


@dataclass(frozen=True, slots=True)
class CardFault:
    """One thing that is wrong: where (``wifi.key``, ``line 3``; empty for the whole), and which sentence."""

    where: str
    key: str
    values: dict[str, object] = field(default_factory=dict)

    def say(self, language: str) -> str:
        """The sentence in a language."""
        sentence = SENTENCES[self.key].filled(**self.values).in_language(language)
        return self.placed(sentence, language)

    def placed(self, sentence: str, language: str) -> str:
        """The sentence after its place."""
        if not self.where:
            return sentence
        line = self.where.removeprefix("line ")
        where = _LINE.filled(line=line) if line != self.where else same(self.where)
        return _AT.filled(where=where, what=sentence).in_language(language)
