"""What can go wrong with a fleet, each said in French and in English: where, what, and what to do."""

from __future__ import annotations

from gateway.words.phrase import Phrase

# Key -> (French, English). Both take the same names. No sentence is given a secret.
SENTENCES = {
    "unreadable": Phrase("{path} cannot be read: {said}"),
    "cannot_write": Phrase("{path} cannot be written: {said}"),
    "not_utf8": Phrase("{path} is not UTF-8: in the spreadsheet, save as “CSV UTF-8”"),
    "too_long": Phrase("{path} is longer than {most} MB: give it in parts"),
    "no_header": Phrase("{path}: the first line must name the columns, at least “device”; known: {known}"),
    "unknown_column": Phrase("{path}: unknown column {name!r}; known: {known}"),
    "no_devices": Phrase("{path} names no device"),
    "bad_lines": Phrase("{count} faults in {path}; nothing was done:\n{lines}"),
    "which_server": Phrase(
        "which server? --ejabberd URL, --prosodyctl COMMAND or --in-band; or --invitations FILE.csv, whose links make the accounts"
    ),
    "no_links": Phrase("{path} has no column {column}: give the CSV file that {command} has written"),
    "bad_link": Phrase("{path}, line {line}: {why}"),
    "link_twice": Phrase("{path}, line {line}: this invitation is there twice: it is for one household alone"),
    "few_invitations": Phrase(
        "{path} has {left} invitations that no device of this folder has yet, and {needed} are needed: have more made "
        "({command})"
    ),
    "makes_no_account": Phrase(
        "the invitation of {device} makes no account, and neither does this command without a server: --ejabberd, "
        "--prosodyctl or --in-band; or have invitations made with --tokens"
    ),
    "register_refused": Phrase("{command} says: {said}; put it right and run the same command, it goes on from there"),
    "no_domain": Phrase("in which domain are the accounts? --domain example.org, or a column jid"),
    "installer": Phrase("--installer {jid!r}: write an XMPP address, such as installer@example.org"),
    "private_key": Phrase("{path} is a private SSH key, which goes onto no card: give the public one, {path}.pub"),
    "bad_key": Phrase(
        "{path}, line {line}: not a public SSH key, such as “ssh-ed25519 AAAA… name”, on one line, without options; RSA "
        "of 2048 bits at least"
    ),
    "no_key": Phrase("{path}: it takes 1 to 8 public SSH keys (ssh-keygen -t ed25519 makes a key, and its file .pub)"),
    "no_release_key": Phrase(
        "{path} is no public key of releases: it is the file KEY.pem.pub that tools/release --new-key has made, or "
        "release.pub of a release"
    ),
    "no_admin_password": Phrase(
        "the password of {admin} is missing: put it into a file, and --admin-password-file FILE"
    ),
    "plain_http": Phrase("{url}: passwords would travel in the clear; it takes https, or http on this very machine"),
    "not_a_url": Phrase("{url} is not the interface’s address, as in https://xmpp.example.org:5443/api"),
    "no_answer": Phrase(
        "the server does not answer ({said}): run the same command when it does, it goes on from where it was"
    ),
    "not_admitted": Phrase(
        "the server refuses {what}: in ejabberd.yml, api_permissions must allow register, unregister and "
        "check_password to this machine, or to --admin with --admin-password-file"
    ),
    "refused": Phrase("the server refused {what} for {jid}: {said}"),
    "taken": Phrase(
        "{jid} exists on the server already and is not of this fleet: give the device another name, or a column jid"
    ),
    "lost_secret": Phrase(
        "{device} was handed over: its account can only be closed by the server’s administration "
        "(--ejabberd or --prosodyctl)"
    ),
    "unknown_device": Phrase("{device} is not in {path}: known devices: {known}"),
    "revoked": Phrase(
        "{device} was revoked: its name is not used again; give another one to the device that replaces it"
    ),
    "other_jid": Phrase(
        "{device} has the account {old} already: the file now says {new}; revoke the device, or put the old one back"
    ),
    "damaged": Phrase("{path} is damaged: restore it from a backup; without it this device’s account is lost"),
    "busy": Phrase("another command works in {path}: wait for it to end"),
    "no_command": Phrase("{command} cannot be started: {said}"),
    "too_open": Phrase("{path} holds passwords and others may read it: chmod 600 {path}"),
}


class ProvisionError(Exception):
    """Something a person has to know; ``say(language)`` is the sentence."""

    def __init__(self, key: str, **values: object) -> None:
        self.key, self.values = key, values
        super().__init__(self.say("en"))

    def say(self, language: str) -> str:
        """The sentence in a language."""
        return SENTENCES[self.key].filled(**self.values).in_language(language)


class TakenError(Exception):
    """The account that is to be made exists already."""
