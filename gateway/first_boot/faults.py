"""What can be wrong with ``linky.toml``, or with a fleet of them: each said in French and in English, with what to do.

No sentence repeats a secret: a key or a password is described by its length at most.
"""

from __future__ import annotations

from dataclasses import dataclass, field

# Key -> (French, English). Both take the same names.
SENTENCES = {
    "encoding": (
        "le fichier n’est pas du texte UTF-8 : enregistrez-le en UTF-8 (Bloc-notes : Fichier, Enregistrer sous, Codage)",
        "the file is not UTF-8 text: save it as UTF-8 (Notepad: File, Save as, Encoding)",
    ),
    "too_long": (
        "le fichier est bien trop long pour un linky.toml : remplacez-le",
        "the file is much too long for a linky.toml: replace it",
    ),
    "not_toml": (
        'cette ligne ne peut pas être lue : il faut nom = "valeur", avec les guillemets, ou [table]',
        'this line cannot be read: it takes name = "value", with its quotes, or [table]',
    ),
    "twice": ("la même clé est écrite deux fois : gardez-en une", "the same key is written twice: keep one"),
    "unknown": (
        "clé inconnue{maybe} ; les clés connues ici : {known}",
        "unknown key{maybe}; those known here: {known}",
    ),
    "missing": ("il manque cette clé : ajoutez-la", "this key is missing: add it"),
    "not_text": ("il faut du texte entre guillemets", "it takes text in quotes"),
    "not_a_table": ("il faut une table, [{name}] sur sa ligne", "it takes a table, [{name}] on a line of its own"),
    "not_yes_no": ("il faut true ou false, sans guillemets", "it takes true or false, without quotes"),
    "control": (
        "il y a un caractère invisible dans le texte : tapez-le de nouveau",
        "there is an invisible character in the text: type it again",
    ),
    "language": ('il faut "fr" ou "en"', 'it takes "fr" or "en"'),
    "hostname": (
        "un nom de machine a de 1 à 63 lettres minuscules sans accent, chiffres ou tirets, sans tiret au bord",
        "a host name has 1 to 63 small letters without accents, digits or hyphens, no hyphen at its ends",
    ),
    "wifi_name": (
        "un nom de réseau Wi-Fi a de 1 à 32 octets (un accent compte double) ; celui-ci en a {length}",
        "the name of a Wi-Fi has 1 to 32 bytes (an accent counts twice); this one has {length}",
    ),
    "wifi_key": (
        "une clé Wi-Fi a de 8 à 63 caractères, ou 64 chiffres hexadécimaux ; celle-ci en a {length} : recopiez-la de la box",
        "a Wi-Fi key has 8 to 63 characters, or 64 hexadecimal digits; this one has {length}: copy it from the router",
    ),
    "wifi_key_ascii": (
        "une clé Wi-Fi n’a que des lettres sans accent, des chiffres et des signes simples : recopiez-la de la box",
        "a Wi-Fi key has only letters without accents, digits and plain signs: copy it from the router",
    ),
    "country": (
        'un pays s’écrit par deux lettres majuscules, "FR" pour la France',
        'a country is written as two capital letters, "FR" for France',
    ),
    "jid": (
        "une adresse du compte s’écrit nom@domaine, sans espace ni /ressource : maison@exemple.org",
        "the account’s address is written name@domain, no space and no /resource: house@example.org",
    ),
    "password": (
        "le mot de passe du compte a de 8 à 256 caractères, sans espace au bord ; celui-ci en a {length}",
        "the account’s password has 8 to 256 characters, no space at its ends; this one has {length}",
    ),
    "address": (
        "il faut SERVEUR:PORT, par exemple xmpp.exemple.org:5222",
        "it takes SERVER:PORT, for example xmpp.example.org:5222",
    ),
    "port": (
        'un port s’écrit "auto", "/dev/serial0" (ou un autre port série : "/dev/tty…", "/dev/serial/by-id/…", '
        '"/dev/linky-…"), "usb:VENDEUR:PRODUIT:NUMÉRO" ou "socket://MACHINE:PORT" ; {seen} n’en est pas un',
        'a port is written "auto", "/dev/serial0" (or another serial port: "/dev/tty…", "/dev/serial/by-id/…", '
        '"/dev/linky-…"), "usb:VENDOR:PRODUCT:SERIAL" or "socket://HOST:PORT"; {seen} is none of these',
    ),
    "code": (
        "un code de la page a 12 lettres ou chiffres, comme ABCD-EFGH-JKLM, sans I, O, 0 ni 1 ; celui-ci ne convient pas",
        "a code of the page has 12 letters or digits, as in ABCD-EFGH-JKLM, without I, O, 0 and 1; this one will not do",
    ),
    "weak_code": (
        "ce code se devine (trop de signes pareils) : prenez-en un au hasard, ou ôtez la ligne pour en recevoir un",
        "this code can be guessed (too many equal signs): take a random one, or leave the line out to be given one",
    ),
    "many_adapters": (
        "plusieurs adaptateurs pour compteur sont branchés : nommez celui qui est à lire, parmi {seen}",
        "several adapters for a meter are plugged in: name the one to read, of {seen}",
    ),
    "configuration": ("la passerelle refuse ce réglage : {said}", "the gateway refuses this setting: {said}"),
    "read_only": (
        "la carte ne peut pas être écrite ({said}) : rien n’a été changé ; essayez une autre carte",
        "the card cannot be written ({said}): nothing was changed; try another card",
    ),
    "cut_short": (
        "{path} ne peut pas être écrit ({said}) : redémarrez pour reprendre, ou essayez une autre carte",
        "{path} cannot be written ({said}): restart to go on, or try another card",
    ),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: where (``wifi.key``, ``line 3``; empty for the whole), and which sentence."""

    where: str
    key: str
    values: dict[str, object] = field(default_factory=dict)

    def say(self, language: str) -> str:
        """The sentence in French ("fr") or English."""
        sentence = SENTENCES[self.key][0 if language == "fr" else 1].format(**self.values)
        return self.placed(sentence, language)

    def placed(self, sentence: str, language: str) -> str:
        """The sentence after its place."""
        where = self.where.replace("line ", "ligne ") if language == "fr" else self.where
        return f"{where}{' : ' if language == 'fr' else ': '}{sentence}" if where else sentence
