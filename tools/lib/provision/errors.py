"""What can go wrong with a fleet, each said in French and in English: where, what, and what to do."""

from __future__ import annotations

# Key -> (French, English). Both take the same names. No sentence is given a secret.
SENTENCES = {
    "unreadable": ("{path} ne peut pas être lu : {said}", "{path} cannot be read: {said}"),
    "cannot_write": ("{path} ne peut pas être écrit : {said}", "{path} cannot be written: {said}"),
    "not_utf8": (
        "{path} n’est pas en UTF-8 : dans le tableur, enregistrez sous « CSV UTF-8 »",
        "{path} is not UTF-8: in the spreadsheet, save as “CSV UTF-8”",
    ),
    "no_header": (
        "{path} : la première ligne doit nommer les colonnes, au moins « device » ; connues : {known}",
        "{path}: the first line must name the columns, at least “device”; known: {known}",
    ),
    "unknown_column": (
        "{path} : colonne inconnue {name!r} ; connues : {known}",
        "{path}: unknown column {name!r}; known: {known}",
    ),
    "no_devices": ("{path} ne nomme aucun appareil", "{path} names no device"),
    "bad_lines": (
        "{count} fautes dans {path} ; rien n’a été fait :\n{lines}",
        "{count} faults in {path}; nothing was done:\n{lines}",
    ),
    "which_server": (
        "quel serveur ? --ejabberd URL, --prosodyctl COMMANDE ou --in-band",
        "which server? --ejabberd URL, --prosodyctl COMMAND or --in-band",
    ),
    "no_domain": (
        "dans quel domaine sont les comptes ? --domain exemple.org, ou une colonne jid",
        "in which domain are the accounts? --domain example.org, or a column jid",
    ),
    "installer": (
        "--installer {jid!r} : écrivez une adresse XMPP, comme installateur@exemple.org",
        "--installer {jid!r}: write an XMPP address, such as installer@example.org",
    ),
    "private_key": (
        "{path} est une clé SSH privée, qui ne va sur aucune carte : donnez la clé publique, {path}.pub",
        "{path} is a private SSH key, which goes onto no card: give the public one, {path}.pub",
    ),
    "bad_key": (
        "{path}, ligne {line} : ce n’est pas une clé SSH publique, comme « ssh-ed25519 AAAA… nom », sur une seule ligne, "
        "sans options ; RSA à partir de 2048 bits",
        "{path}, line {line}: not a public SSH key, such as “ssh-ed25519 AAAA… name”, on one line, without options; RSA "
        "of 2048 bits at least",
    ),
    "no_key": (
        "{path} : il faut de 1 à 8 clés SSH publiques (ssh-keygen -t ed25519 fait une clé, et son fichier .pub)",
        "{path}: it takes 1 to 8 public SSH keys (ssh-keygen -t ed25519 makes a key, and its file .pub)",
    ),
    "no_admin_password": (
        "le mot de passe de {admin} manque : mettez-le dans un fichier, et --admin-password-file FICHIER",
        "the password of {admin} is missing: put it into a file, and --admin-password-file FILE",
    ),
    "plain_http": (
        "{url} : les mots de passe passeraient en clair ; il faut https, ou http sur cette machine même",
        "{url}: passwords would travel in the clear; it takes https, or http on this very machine",
    ),
    "not_a_url": (
        "{url} n’est pas l’adresse de l’interface, comme https://xmpp.exemple.org:5443/api",
        "{url} is not the interface’s address, as in https://xmpp.example.org:5443/api",
    ),
    "no_answer": (
        "le serveur ne répond pas ({said}) : relancez la même commande quand il répond, elle reprendra où elle en était",
        "the server does not answer ({said}): run the same command when it does, it goes on from where it was",
    ),
    "not_admitted": (
        "le serveur refuse {what} : dans ejabberd.yml, api_permissions doit permettre register, unregister et "
        "check_password à cette machine, ou à --admin avec --admin-password-file",
        "the server refuses {what}: in ejabberd.yml, api_permissions must allow register, unregister and "
        "check_password to this machine, or to --admin with --admin-password-file",
    ),
    "refused": ("le serveur a refusé {what} pour {jid} : {said}", "the server refused {what} for {jid}: {said}"),
    "taken": (
        "{jid} existe déjà sur le serveur et n’est pas de cette flotte : donnez un autre nom à l’appareil, ou une colonne jid",
        "{jid} exists on the server already and is not of this fleet: give the device another name, or a column jid",
    ),
    "lost_secret": (
        "{device} a été remis à son foyer : son compte ne peut être fermé que par l’administration du serveur "
        "(--ejabberd ou --prosodyctl)",
        "{device} was handed over: its account can only be closed by the server’s administration "
        "(--ejabberd or --prosodyctl)",
    ),
    "unknown_device": (
        "{device} n’est pas dans {path} : appareils connus : {known}",
        "{device} is not in {path}: known devices: {known}",
    ),
    "revoked": (
        "{device} a été révoqué : son nom ne sert plus ; donnez-en un autre à l’appareil qui le remplace",
        "{device} was revoked: its name is not used again; give another one to the device that replaces it",
    ),
    "other_jid": (
        "{device} a déjà le compte {old} : le fichier dit maintenant {new} ; révoquez l’appareil, ou remettez l’ancien",
        "{device} has the account {old} already: the file now says {new}; revoke the device, or put the old one back",
    ),
    "damaged": (
        "{path} est abîmé : rétablissez-le depuis une sauvegarde ; sans lui, le compte de cet appareil est perdu",
        "{path} is damaged: restore it from a backup; without it this device’s account is lost",
    ),
    "busy": (
        "une autre commande travaille dans {path} : attendez qu’elle finisse",
        "another command works in {path}: wait for it to end",
    ),
    "no_command": ("{command} ne peut pas être lancé : {said}", "{command} cannot be started: {said}"),
    "too_open": (
        "{path} contient des mots de passe et d’autres personnes peuvent le lire : chmod 600 {path}",
        "{path} holds passwords and others may read it: chmod 600 {path}",
    ),
}


class ProvisionError(Exception):
    """Something a person has to know; ``say(language)`` is the sentence."""

    def __init__(self, key: str, **values: object) -> None:
        self.key, self.values = key, values
        super().__init__(self.say("en"))

    def say(self, language: str) -> str:
        """The sentence in French ("fr") or English."""
        return SENTENCES[self.key][0 if language == "fr" else 1].format(**self.values)


class TakenError(Exception):
    """The account that is to be made exists already."""
