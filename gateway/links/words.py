"""What is said of each link, in French and in English; the figures and names stand in their places."""

from __future__ import annotations

from gateway.language import Phrase, same
from gateway.live.state import LinkKind
from gateway.tic.frame import HISTORIC, STANDARD
from gateway.tic.quality import Window

# What a link is.
KINDS: dict[str, Phrase] = {
    LinkKind.METER: Phrase("Compteur", "Meter"),
    LinkKind.PORT: Phrase("Port", "Port"),
    LinkKind.DECODE: Phrase("Décodage", "Decoding"),
    LinkKind.CLOCK: Phrase("Horloge", "Clock"),
    LinkKind.TEE: Phrase("Copie des trames", "Copy of the frames"),
    LinkKind.COUNTER: Phrase("Compteur à impulsions", "Pulse counter"),
    LinkKind.STORE: Phrase("Enregistrement", "Storage"),
    LinkKind.DISK: Phrase("Place sur la carte", "Room on the card"),
    LinkKind.KEEPING: Phrase("Mesures gardées", "Readings kept"),
    LinkKind.BACKUP: Phrase("Sauvegarde de nuit", "Nightly backup"),
    LinkKind.XMPP: Phrase("Fédération", "Federation"),
    LinkKind.RECIPIENT: Phrase("Destinataire", "Recipient"),
    LinkKind.PROVIDER: Phrase("Fournisseur", "Provider"),
    LinkKind.WATCHER: Phrase("Suivi en direct", "Watcher"),
    LinkKind.MQTT: Phrase("Messagerie MQTT", "MQTT broker"),
    LinkKind.PAGE: Phrase("Page de la maison", "Page of the house"),
    LinkKind.CELL: Phrase("Partie du programme", "Part of the program"),
}

ENDED = Phrase("le fichier rejoué est terminé", "the replayed file has ended")
OPEN = Phrase("ouvert", "open")
SPEED, DEVICE = Phrase(" à {speed} Bd", " at {speed} Bd"), same(" ({device})")
REFUSED = Phrase(" ; messages refusés : {count}", "; messages refused: {count}")
TEE = Phrase("ouverte à {where}, clients : {count}", "open at {where}, clients: {count}")
BEING_OPENED = Phrase("ouverture en cours", "being opened")
READ = Phrase("mode {mode} ; {signal}", "{mode} mode; {signal}")
FAILED = Phrase("pannes en une heure : {count} ; {cause}", "failures within an hour: {count}; {cause}")
STUCK = Phrase(
    "{cause}, et rien ne l’arrête : redémarrez la passerelle",
    "{cause}, and cannot be ended; restart the gateway",
)
LATE = Phrase("n’avance plus depuis {seconds} s", "it made no progress for {seconds} s")
UNEXPECTED = Phrase("erreur inattendue ({kind}{where})", "an unexpected {kind}{where}")
PLACE = Phrase(", {file}, ligne {line}", " in {file}, line {line}")
NO_BYTES = Phrase("rien n’arrive", "no bytes come")
UNREADABLE = Phrase(
    "il arrive quelque chose, mais pas une trame lisible", "bytes come, and no frame can be read in them"
)
NOT_YET_READ = Phrase("il arrive quelque chose, pas encore une trame", "bytes come, no frame yet")
WINDOW = same(" % ({window})")
UNKNOWN = Phrase("inconnu", "unknown")
WINDOWS = {
    Window.MINUTE: Phrase("minute", "minute"),
    Window.HOUR: Phrase("heure", "hour"),
    Window.DAY: Phrase("jour", "day"),
}
NO_FRAME = Phrase("pas encore de trame", "no frame yet")
COUNTS = Phrase(
    "mode {mode}, trames entières : {whole}, incomplètes : {partial}, groupes faux : {bad}",
    "{mode} mode, {whole} whole frames, {partial} partial, {bad} bad groups",
)
OTHER_CABLE = Phrase(
    "le câble du compteur {heard} est branché à ce port ; {counts}",
    "this port has the cable of meter {heard}; {counts}",
)
MUTE = Phrase("n’envoie plus rien ; {counts}", "mute; {counts}")
MODES = {STANDARD: Phrase("standard", STANDARD), HISTORIC: Phrase("historique", HISTORIC)}
UNDATED = Phrase(
    "l’horloge de cette machine n’est pas à l’heure : {count} trames attendent leur date",
    "the host's clock is not set: {count} frames wait for their date",
)
METER_ALONE = Phrase(
    "celle du compteur ; celle de cette machine n’est pas à l’heure", "the meter's; the host's is not set"
)
HOST, METER = Phrase("celle de cette machine", "the host's"), Phrase("celle du compteur", "the meter's")
WRONG = Phrase(
    "le compteur {drift} sur cette machine, dont l’heure est prise à la place",
    "the meter's is {drift} the host's, which is used instead",
)
WHOSE = Phrase("{whose} ; le compteur {drift} sur cette machine", "{whose}; the meter's is {drift} the host's")
AHEAD = Phrase("avance de {amount}", "{amount} ahead of")
BEHIND = Phrase("retarde de {amount}", "{amount} behind")
PULSES = Phrase(
    "impulsions depuis le démarrage : {count}, rebonds ignorés : {bounces}",
    "{count} pulses since the start, {bounces} bounces ignored",
)
PIN_OPEN = Phrase("la broche est ouverte ; {counts}", "its pin is open; {counts}")
SUSPENDED = Phrase(
    "suspendu : son adresse n’existe plus ; points en attente : {count} ; voir `consent resume`",
    "suspended: its address is gone; {count} points wait; see `consent resume`",
)
HAS_ALL = Phrase("a tout reçu", "has everything")
WAITS = Phrase("points en attente : {count}", "{count} points wait")
SEES = Phrase(
    "voit {what} en direct, toutes les {interval} s, jusqu’au {until}",
    "sees {what} live, every {interval} s, until {until}",
)
EVERYTHING = Phrase("tout ce qui lui est permis", "everything that it may")
