"""What tools/provision says to a person, in French or English, and the protocol of a hand-over in both."""

from __future__ import annotations

from typing import TextIO

from gateway.words.phrase import Phrase

TEXTS = {
    "working": Phrase("Devices"),
    "done": Phrase("{all} devices: {made} new, {cards} cards written or changed, {handed_over} handed over before."),
    "invited": Phrase(
        "Each page asks its household, which says yes or no there; with its yes the account is made. Make the first visit"
        " together: whoever keeps a label’s code could make it before the household."
    ),
    "joined": Phrase(
        "Of {all} invitations {joined} have joined, {waiting} are open; the co-operative’s register has their names."
    ),
    "left_out": Phrase("{count} lines of revoked devices: left aside; give what replaces them another name."),
    "where": Phrase(
        "In {out}: labels.pdf (sheets of 21, scale 100 %), register.csv (without secrets), and for each device card/ "
        "(to be copied to the partition bootfs of its card) and remise-handover.txt."
    ),
    "login": Phrase("To log in to the machines: ssh linky@DEVICE.local, with that SSH key; every right, no password."),
    "no_login": Phrase(
        "Without --ssh-key nobody can log in to these machines, neither by SSH nor at a screen; the page is what there is."
    ),
    "release_key": Phrase(
        "The cards believe only a release of this key, put on them as linky-gateway.tar.gz, .sha256 and .sha256.sig: {key}"
    ),
    "no_release_key": Phrase(
        "No key of releases is known (--release-key): the cards unpack whatever lies on them as linky-gateway.tar.gz."
    ),
    "secret": Phrase(
        "This folder holds passwords: keep it to yourself, and “tools/provision --hand-over DEVICE” erases those of a "
        "device that its household has taken over."
    ),
    "revoked": Phrase("{device} is revoked: its account is closed, its secret files are erased from here."),
    "invitation_ended": Phrase(
        "{device} is revoked: its invitation is good no more, its secret files are erased from here."
    ),
    "invitation_used": Phrase(
        "{device} is revoked, its secret files are erased from here. Its invitation was used before, by {gateway}, which "
        "stays a member: {command} takes it out."
    ),
    "invitation_stays": Phrase(
        "{device} is revoked here, its secret files are erased. Its invitation is good until whoever made it types: "
        "{command} (--collect does it from here)."
    ),
    "revoked_before": Phrase("{device} was revoked already."),
    "handed_over": Phrase(
        "{device} is handed over: nothing secret of it is left here. Run the command again to print the others’ labels."
    ),
    "handed_over_before": Phrase("{device} was handed over already."),
    "interrupted": Phrase("interrupted: run the same command, it goes on from where it was"),
}
_BAR = 30

_HANDOVER = """\
REMISE DE LA PASSERELLE                                     {device}
Lieu : {site}
Page de la maison : {address}

1. Ensemble : ouvrir la page, taper le code de l’étiquette, et laisser LE FOYER choisir son mot de passe.
   Dès cet instant le code ne vaut plus rien.{account_fr}
2. Au même endroit, sous « Accès » : qui voit quoi. Rien ne sort de la maison avant un accord du foyer, et il
   peut le retirer à tout moment. Sous « Partage », si l’installateur voudrait savoir si la passerelle va bien
   (jamais une mesure), la question attend : le foyer seul y répond, oui ou non.
{invited_fr}3. L’installateur efface ce qu’il garde : tools/provision --hand-over {device}
{login_fr}4. Le foyer garde l’étiquette : elle porte l’adresse de la page. Le code n’y sert plus.
{key_fr}Perte ou vol : prévenir l’organisation, qui {lost_fr} (tools/provision --revoke {device}).

Date :                 Pour le foyer :                      Pour l’installateur :

------------------------------------------------------------------------------------------------

HANDING OVER THE GATEWAY                                    {device}
Place: {site}
Page of the house: {address}

1. Together: open the page, type the code of the label, and let THE HOUSEHOLD choose its password.
   From that moment the code is worth nothing.{account_en}
2. In the same place, under “Access”: who sees what. Nothing leaves the house before the household agrees,
   and it may withdraw that at any time. Under “Sharing”, if the installer would like to know whether the
   gateway is well (never a reading), the question waits: the household alone answers it, yes or no.
{invited_en}3. The installer erases what is still kept: tools/provision --hand-over {device}
{login_en}4. The household keeps the label: it has the page's address. Its code is used up.
{key_en}Lost or stolen: tell the organisation, which {lost_en} (tools/provision --revoke {device}).

Date:                  For the household:                   For the installer:
"""
_HANDOVER_KEY = {
    "key_fr": "Les mises à jour sont signées par cette clé : {}\n",
    "key_en": "Updates are signed by this key: {}\n",
}
# Where the account was made beforehand, and where the household's yes to an invitation makes it.
_HANDOVER_ACCOUNT = {
    "account_fr": """ La passerelle change aussi d’elle-même le mot de passe de son
   compte : l’accès de l’installateur au compte s’arrête là.""",
    "account_en": """ The gateway also changes its account's password by itself: the
   installer's access to the account ends there.""",
    "lost_fr": "ferme le compte",
    "lost_en": "closes the account",
}
_HANDOVER_INVITED = {
    "invited_fr": """\
   La page montre ensuite l’invitation de la coopérative. LE FOYER la lit et y répond, oui ou non : cela ne se
   fait que sur la page, le oui avec son mot de passe. Sans réponse elle attend. Qui garderait le code de
   l’étiquette pourrait faire cette première visite avant le foyer : elle se fait donc ensemble, aujourd’hui.
""",
    "invited_en": """\
   The page then shows the co-operative's invitation. THE HOUSEHOLD reads it and answers, yes or no: on the page
   alone, the yes with its password. Without an answer it waits. An installer who keeps the label's code could
   make this first visit before the household: so it is made together, today.
""",
}
_HANDOVER_LOST = {"lost_fr": "annule l’invitation", "lost_en": "revokes the invitation"}
# Where the installer can log in.
_HANDOVER_LOGIN = {
    "login_fr": """\
   Sa clé SSH ouvre aussi la machine, avec tous les droits. LE FOYER décide si elle reste, pour dépanner ; sinon,
   ensemble : ssh linky@{device}.local sudo rm {keys}
""",
    "login_en": """\
   The installer's SSH key opens the machine as well, with every right. THE HOUSEHOLD decides whether it stays,
   for repairs; if not, together: ssh linky@{device}.local sudo rm {keys}
""",
}


def handover(
    device: str, site: str, address: str, keys: str | None, release_key: str, *, account: bool = True,
    invited: bool = False,
) -> str:  # fmt: skip
    """The protocol of a hand-over.

    ``account``: it was made beforehand; ``invited``: the card has an invitation. ``keys``: where the installer's SSH key lies in the machine, if he has given one; ``release_key``: the fingerprint of
    the key by which updates are believed, empty where none is known.
    """
    login = {name: said.format(device=device, keys=keys) if keys else "" for name, said in _HANDOVER_LOGIN.items()}
    login |= {name: said.format(release_key) if release_key else "" for name, said in _HANDOVER_KEY.items()}
    login |= _HANDOVER_ACCOUNT if account else dict.fromkeys(_HANDOVER_ACCOUNT, "") | _HANDOVER_LOST
    login |= _HANDOVER_INVITED if invited else dict.fromkeys(_HANDOVER_INVITED, "")
    return _HANDOVER.format(device=device, site=site or "—", address=address, **login)


def text(language: str, key: str, **values: object) -> str:
    """A text in the person's language."""
    return TEXTS[key].filled(**values).in_language(language)


def progress(title: str, out: TextIO, done: int, total: int) -> None:
    """A bar on a terminal, nothing elsewhere: how many are done."""
    if out.isatty():
        full = _BAR * done // max(total, 1)
        end = "\n" if done == total else ""
        out.write(f"\r{title}  {'█' * full}{'░' * (_BAR - full)} {done:3} / {total}{end}")
        out.flush()
