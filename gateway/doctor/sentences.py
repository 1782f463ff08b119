"""The causes in words for a household, in French and in English: what is seen, the likely cause, what to do.

Placeholders: {port}, {holder} another program, {group} of the system's users, {heard} and {wanted} modes, {bad}
readings lost of a hundred. Commands to type stand between ` marks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.doctor.causes import Cause
from gateway.tic.frame import HISTORIC, STANDARD
from gateway.tic.quality import FAIR_SCORE, GOOD_SCORE, Fault
from gateway.words.catalogue import ENGLISH, FRENCH

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Words:
    """One cause in one language."""

    title: str
    seen: str
    likely: str
    remedy: str


def words(cause: Cause, lang: str, places: Mapping[str, str]) -> Words:
    """The cause in words, with the placeholders filled in."""
    raw = _WORDS[lang][cause]
    return Words(*(getattr(raw, field).format_map(places) for field in ("title", "seen", "likely", "remedy")))


def mode_name(mode: str, lang: str) -> str:
    """A mode's name as a household reads it on the meter's screen."""
    return {HISTORIC: "historique", STANDARD: "standard"}.get(mode, mode) if lang == FRENCH else mode


def grade(score: float, lang: str) -> str:
    """A score in one word."""
    good, fair, poor = ("bonne", "moyenne", "mauvaise") if lang == FRENCH else ("good", "fair", "poor")
    return good if score >= GOOD_SCORE else fair if score >= FAIR_SCORE else poor


_FR = {
    Cause.NO_SUCH_PORT: Words(
        "Le port n'existe pas",
        "{port} est introuvable.",
        "L'adaptateur n'est pas branché, ou il a changé de nom.",
        "Rebranchez l'adaptateur, puis tapez `linky-gateway ports` et mettez dans la configuration la ligne "
        "source = … donnée pour lui.",
    ),
    Cause.SEVERAL_PORTS: Words(
        "Plusieurs adaptateurs se ressemblent",
        "Plus d'un adaptateur branché répond à {port}.",
        "Ils sont du même modèle, et la configuration ne dit pas lequel est le bon.",
        "Tapez `linky-gateway ports` et mettez dans la configuration la ligne source = … donnée pour le bon : elle le "
        "désigne par son numéro de série ou par sa prise.",
    ),
    Cause.UART_OFF: Words(
        "Le port du Raspberry Pi n'est pas activé",
        "{port} est introuvable, et les réglages du Raspberry Pi ne l'activent pas.",
        "Le port série des broches est désactivé par défaut.",
        "Activez-le avec `sudo raspi-config nonint do_serial_hw 0`, puis redémarrez.",
    ),
    Cause.NOT_A_PORT: Words(
        "Ce n'est pas un port",
        "{port} existe, mais on ne peut pas y brancher un compteur.",
        "Le nom écrit dans la configuration est celui d'autre chose.",
        "Choisissez un des noms que donne `ls -l /dev/serial/by-id`.",
    ),
    Cause.PERMISSION_DENIED: Words(
        "Accès refusé",
        "Le système refuse l'accès à {port}.",
        "L'utilisateur qui lance ce programme n'est pas dans le groupe {group}.",
        "Tapez `sudo usermod -aG {group} $USER`, puis fermez la session et rouvrez-la.",
    ),
    Cause.PORT_NOT_ALLOWED: Words(
        "Le service n'a pas droit à ce port",
        "{port} est là, mais les règles du service l'interdisent à la passerelle.",
        "Ces règles sont faites quand la passerelle démarre : l'adaptateur est venu après, avec son pilote, ou c'est "
        "un port d'une sorte qu'elles ne connaissent pas.",
        "Tapez `sudo systemctl restart linky-gateway`. Si rien ne change, tapez `sudo systemctl edit linky-gateway`, "
        "écrivez-y deux lignes, `[Service]` et `DeviceAllow=/dev/ttySC0 rw` avec le nom de votre port, et "
        "redémarrez-la encore. Dans un conteneur (Docker, LXC), c'est à lui qu'il faut donner le port.",
    ),
    Cause.PORT_HELD: Words(
        "Le port est déjà utilisé",
        "Un autre programme utilise {port} : {holder}.",
        "Deux programmes ne peuvent pas lire le même compteur : chacun n'en aurait que des morceaux.",
        "Arrêtez l'autre programme. Si c'est linky-gateway, c'est normal : tapez `sudo systemctl stop linky-gateway`, "
        "relancez le docteur, puis `sudo systemctl start linky-gateway`.",
    ),
    Cause.NO_ANSWER: Words(
        "L'appareil ne répond pas",
        "Rien ne répond à l'adresse {port}.",
        "L'appareil qui transmet les données du compteur est éteint, hors du réseau, ou a changé d'adresse.",
        "Vérifiez qu'il est allumé et sur le même réseau, puis comparez son adresse avec celle de la configuration.",
    ),
    Cause.PORT_LOST: Words(
        "L'adaptateur a disparu pendant l'écoute",
        "{port} a disparu alors que le docteur écoutait.",
        "La prise USB ou son câble a un mauvais contact, ou l'alimentation est trop faible.",
        "Enfoncez bien la prise, essayez un autre câble ou un autre port USB, et évitez les multiprises USB sans "
        "alimentation.",
    ),
    Cause.BOARD_AWAY: Words(
        "La carte n'est pas là",
        "On n'entend pas la carte ({port}).",
        "Elle est débranchée, hors de portée du Wi-Fi, ou son mot de passe a changé.",
        "Regardez son voyant : éteint, rebranchez-la ; s'il clignote, rapprochez-la de la box. Elle se reconnecte "
        "seule, et envoie ce qu'elle a gardé.",
    ),
    Cause.BROKER_AWAY: Words(
        "Le relais de messages ne répond pas",
        "Le serveur MQTT, par lequel passe la carte ({port}), ne répond pas.",
        "Le service mosquitto est arrêté, ou son adresse n'est pas celle de la configuration.",
        "Tapez `sudo systemctl restart mosquitto`, puis `sudo linky-gateway status`. La carte garde ce qu'elle n'a pas "
        "pu envoyer.",
    ),
    Cause.GATEWAY_OFF: Words(
        "La passerelle ne tourne pas",
        "Seule la passerelle en marche entend la carte ({port}).",
        "Le docteur ne peut pas écouter une carte lui-même.",
        "Tapez `sudo systemctl start linky-gateway`, puis relancez le docteur.",
    ),
    Cause.SERIAL_CONSOLE: Words(
        "Le système parle sur ce port",
        "{port} sert aussi d'écran de secours au système.",
        "Le système y envoie ses messages et y attend un mot de passe, ce qui se mélange aux données du compteur.",
        "Tapez `sudo raspi-config nonint do_serial_cons 1`, puis redémarrez.",
    ),
    Cause.BLUETOOTH_ON_UART: Words(
        "Le Bluetooth occupe le bon port",
        "Sur ce Raspberry Pi, le bon port série est réservé au Bluetooth.",
        "Il ne reste pour le compteur qu'un port qui ne vérifie pas ce qu'il reçoit, ou pas de port du tout.",
        "Ajoutez la ligne `dtoverlay=disable-bt` à la fin de /boot/firmware/config.txt, tapez "
        "`sudo systemctl disable hciuart`, redémarrez, et utilisez /dev/serial0.",
    ),
    Cause.SILENT: Words(
        "Aucun signal",
        "Rien n'arrive sur {port}.",
        "Le fil n'est pas branché, il est sur les mauvaises bornes, ou le compteur n'émet pas.",
        "Vérifiez que les deux fils sont sur les bornes I1 et I2 du compteur et bien serrés, et que l'autre bout est "
        "sur l'adaptateur. Si tout est en place, demandez à Enedis si la sortie client du compteur fonctionne.",
    ),
    Cause.WRONG_SPEED: Words(
        "Mauvaise vitesse",
        "Des caractères arrivent, mais ils n'ont aucun sens.",
        "Le port n'écoute pas à la vitesse du compteur, ou un autre programme la change.",
        "Réglez l'appareil qui transmet les données sur 1200 (compteur en mode historique) ou 9600 (mode standard), et "
        "fermez les autres programmes qui utilisent le port.",
    ),
    Cause.OTHER_MODE: Words(
        "Le compteur est dans l'autre mode",
        "Le compteur parle en mode {heard}, la configuration attend le mode {wanted}.",
        "Le fournisseur ou Enedis a changé le mode du compteur, ou la configuration n'est pas la bonne.",
        'Écrivez mode = "auto" dans la configuration : le mode sera reconnu tout seul.',
    ),
    Cause.EIGHT_N_ONE: Words(
        "Le port est réglé en 8N1",
        "Les données arrivent, mais le port ne vérifie pas les caractères.",
        "Le port (ou l'appareil qui transmet) est réglé en « 8N1 » au lieu de « 7E1 », ou il ne sait pas faire mieux.",
        "La passerelle vérifie à sa place, rien n'est perdu. Pour faire mieux, réglez l'appareil qui transmet sur 7E1.",
    ),
    Cause.COOKED_TTY: Words(
        "Le port est traité comme un clavier",
        "Les fins de ligne du compteur sont transformées en route.",
        "Un autre programme, ou l'appareil qui transmet, a remis le port en mode « terminal ».",
        "Fermez les autres programmes qui utilisent le port ; sur l'appareil qui transmet, choisissez le mode « raw » "
        "(brut).",
    ),
    Cause.WEAK_SIGNAL: Words(
        "Signal trop faible",
        "{bad} % des données arrivent abîmées, caractère par caractère.",
        "La résistance de l'adaptateur est trop grande pour ce compteur, le fil est trop long, ou il passe à côté "
        "d'un appareil qui le perturbe.",
        "Éloignez le fil des câbles électriques et raccourcissez-le ; sinon remplacez la résistance d'entrée par une "
        "plus petite (470 ohms convient aux deux modes), ou changez d'adaptateur.",
    ),
    Cause.LOOSE_WIRE: Words(
        "Mauvais contact",
        "Des morceaux de données manquent ({bad} % de perdues), ou le signal s'arrête et revient.",
        "Un fil bouge dans sa borne, ou un fil est abîmé.",
        "Resserrez les deux fils sur I1 et I2 et sur l'adaptateur, dénudez-les de nouveau si besoin, et appuyez sur "
        "les prises.",
    ),
    Cause.FRAME_MARKS: Words(
        "Début et fin des messages abîmés",
        "Les données sont bonnes, mais les messages n'ont pas de début ou pas de fin.",
        "Un appareil ou un programme entre le compteur et la passerelle enlève des caractères.",
        "Réglez l'appareil qui transmet sur le mode « raw » (brut), sans conversion, et fermez les autres programmes.",
    ),
    Cause.OVERRUN: Words(
        "L'ordinateur ne suit pas",
        "Des caractères arrivés au port ont été perdus avant d'être lus.",
        "L'ordinateur est trop occupé, ou trop d'appareils partagent la même prise USB.",
        "Arrêtez les programmes lourds, branchez l'adaptateur directement sur l'ordinateur, sans multiprise USB.",
    ),
    Cause.LONG_SILENCES: Words(
        "Le compteur s'interrompt",
        "Le compteur annonce qu'il se tait, puis recommence plus tard.",
        "Quelqu'un lit ou règle le compteur à distance : c'est normal, et cela passe.",
        "Attendez une heure et recommencez. Si cela dure plus d'une journée, appelez Enedis.",
    ),
    Cause.MUTE: Words(
        "La passerelle ne reçoit plus rien d'utile",
        "Le port est ouvert, mais aucune donnée du compteur n'est comprise.",
        "Un fil est débranché, le signal est trop faible, ou le compteur a changé de mode : la passerelle seule ne "
        "peut pas le dire.",
        "Arrêtez la passerelle comme indiqué ci-dessus et relancez le docteur : il écoutera lui-même.",
    ),
    Cause.METER_CLOCK: Words(
        "L'horloge du compteur est fausse",
        "L'heure du compteur et celle de la passerelle ne s'accordent pas.",
        "Le compteur est resté longtemps sans courant, ou Enedis ne le joint plus.",
        "Vérifiez l'heure de la passerelle (tapez `timedatectl`). Si elle est juste, il n'y a rien à faire : la "
        "passerelle se sert de la sienne ; signalez l'heure du compteur à Enedis.",
    ),
    Cause.HOST_CLOCK: Words(
        "La passerelle ne sait pas l'heure",
        "Les relevés sont gardés et attendent leur date.",
        "Un Raspberry Pi n'a pas de pile : il apprend l'heure par Internet, et n'y est pas relié.",
        'Reliez la passerelle à Internet, ou réglez son heure : `sudo timedatectl set-time "2026-01-31 12:00"`.',
    ),
    Cause.NOT_YET: Words(
        "Trop tôt pour le dire",
        "La passerelle vient d'ouvrir le port et n'a encore rien reçu.",
        "Elle cherche à quelle vitesse parle le compteur, ce qui prend jusqu'à une demi-minute.",
        "Relancez le docteur dans une minute.",
    ),
    Cause.UNKNOWN: Words(
        "Cause inconnue",
        "Quelque chose arrive sur {port}, mais le docteur ne le comprend pas.",
        "Ce n'est peut-être pas un compteur, ou plusieurs défauts se mélangent.",
        "Vérifiez que c'est bien le compteur qui est branché là, puis envoyez au support le fichier que fait "
        "`sudo linky-gateway doctor --bundle support.zip`.",
    ),
    Cause.ALL_WELL: Words(
        "Tout va bien",
        "Les données arrivent sans faute.",
        "Rien à signaler.",
        "Rien à faire.",
    ),
}

_EN = {
    Cause.NO_SUCH_PORT: Words(
        "The port does not exist",
        "{port} cannot be found.",
        "The adapter is not plugged in, or its name has changed.",
        "Plug the adapter in again, then type `linky-gateway ports` and write the line source = … that it gives for "
        "it into the configuration.",
    ),
    Cause.SEVERAL_PORTS: Words(
        "Several adapters look alike",
        "More than one adapter that is plugged in answers to {port}.",
        "They are of the same model, and the configuration does not say which one is meant.",
        "Type `linky-gateway ports` and write the line source = … that it gives for the right one into the "
        "configuration: it names it by its serial number or by its socket.",
    ),
    Cause.UART_OFF: Words(
        "The Raspberry Pi's port is not switched on",
        "{port} cannot be found, and the Raspberry Pi's settings do not switch it on.",
        "The serial port of the pins is off by default.",
        "Switch it on with `sudo raspi-config nonint do_serial_hw 0`, then restart.",
    ),
    Cause.NOT_A_PORT: Words(
        "This is not a port",
        "{port} exists, but no meter can be connected to it.",
        "The name in the configuration is that of something else.",
        "Choose one of the names that `ls -l /dev/serial/by-id` gives.",
    ),
    Cause.PERMISSION_DENIED: Words(
        "Permission denied",
        "The system refuses access to {port}.",
        "The user who starts this program is not in the group {group}.",
        "Type `sudo usermod -aG {group} $USER`, then log out and in again.",
    ),
    Cause.PORT_NOT_ALLOWED: Words(
        "The service may not use this port",
        "{port} is there, but the service's rules forbid it to the gateway.",
        "These rules are made when the gateway starts: the adapter came later, with its driver, or it is a port of a "
        "kind that they do not know.",
        "Type `sudo systemctl restart linky-gateway`. If nothing changes, type `sudo systemctl edit linky-gateway`, "
        "write two lines there, `[Service]` and `DeviceAllow=/dev/ttySC0 rw` with your port's name, and restart it "
        "again. In a container (Docker, LXC) it is the container that must be given the port.",
    ),
    Cause.PORT_HELD: Words(
        "The port is already in use",
        "Another program uses {port}: {holder}.",
        "Two programs cannot read the same meter: each would only get pieces.",
        "Stop the other program. If it is linky-gateway, that is normal: type `sudo systemctl stop linky-gateway`, "
        "start the doctor again, then `sudo systemctl start linky-gateway`.",
    ),
    Cause.NO_ANSWER: Words(
        "The device does not answer",
        "Nothing answers at {port}.",
        "The device that passes the meter's data on is off, not on the network, or has another address now.",
        "Check that it is on and on the same network, then compare its address with that in the configuration.",
    ),
    Cause.PORT_LOST: Words(
        "The adapter vanished while it was listened to",
        "{port} vanished while the doctor was listening.",
        "The USB plug or its cable has a bad contact, or the power supply is too weak.",
        "Push the plug in firmly, try another cable or another USB port, and avoid USB hubs without a power supply.",
    ),
    Cause.BOARD_AWAY: Words(
        "The board is away",
        "The board ({port}) is not heard.",
        "It is unplugged, out of reach of the Wi-Fi, or its password has changed.",
        "Look at its light: dark, plug it in again; blinking, bring it nearer to the Wi-Fi. It connects again by "
        "itself, and sends what it has kept.",
    ),
    Cause.BROKER_AWAY: Words(
        "The message broker does not answer",
        "The MQTT broker, by way of which the board ({port}) is heard, does not answer.",
        "The service mosquitto has stopped, or its address is not the one of the configuration.",
        "Type `sudo systemctl restart mosquitto`, then `sudo linky-gateway status`. The board keeps what it could not "
        "send.",
    ),
    Cause.GATEWAY_OFF: Words(
        "The gateway is not running",
        "Only the running gateway hears the board ({port}).",
        "The doctor cannot listen to a board by itself.",
        "Type `sudo systemctl start linky-gateway`, then ask the doctor again.",
    ),
    Cause.SERIAL_CONSOLE: Words(
        "The system talks on this port",
        "{port} also serves the system as its emergency screen.",
        "The system writes its messages there and waits for a password, which gets mixed up with the meter's data.",
        "Type `sudo raspi-config nonint do_serial_cons 1`, then restart.",
    ),
    Cause.BLUETOOTH_ON_UART: Words(
        "Bluetooth occupies the good port",
        "On this Raspberry Pi the good serial port is reserved for Bluetooth.",
        "What is left for the meter is a port that does not check what it receives, or no port at all.",
        "Add the line `dtoverlay=disable-bt` at the end of /boot/firmware/config.txt, type "
        "`sudo systemctl disable hciuart`, restart, and use /dev/serial0.",
    ),
    Cause.SILENT: Words(
        "No signal",
        "Nothing arrives at {port}.",
        "The wire is not connected, it is on the wrong terminals, or the meter sends nothing.",
        "Check that the two wires are on the meter's terminals I1 and I2 and tight, and that the other end is on the "
        "adapter. If all is in place, ask Enedis whether the meter's customer output works.",
    ),
    Cause.WRONG_SPEED: Words(
        "Wrong speed",
        "Characters arrive, but they make no sense.",
        "The port does not listen at the meter's speed, or another program changes it.",
        "Set the device that passes the data on to 1200 (meter in historic mode) or 9600 (standard mode), and close "
        "the other programs that use the port.",
    ),
    Cause.OTHER_MODE: Words(
        "The meter is in the other mode",
        "The meter speaks in {heard} mode, the configuration expects {wanted} mode.",
        "The supplier or Enedis has changed the meter's mode, or the configuration is wrong.",
        'Write mode = "auto" into the configuration: the mode will be found by itself.',
    ),
    Cause.EIGHT_N_ONE: Words(
        "The port is set to 8N1",
        "The data arrive, but the port does not check the characters.",
        'The port (or the device that passes the data on) is set to "8N1" in place of "7E1", or can do no better.',
        "The gateway checks in its place, nothing is lost. To do better, set the device that passes the data on to "
        "7E1.",
    ),
    Cause.COOKED_TTY: Words(
        "The port is treated like a keyboard",
        "The ends of the meter's lines are changed on the way.",
        'Another program, or the device that passes the data on, has set the port to "terminal" mode.',
        'Close the other programs that use the port; on the device that passes the data on, choose "raw" mode.',
    ),
    Cause.WEAK_SIGNAL: Words(
        "The signal is too weak",
        "{bad} % of the data arrive damaged, character by character.",
        "The adapter's resistor is too high for this meter, the wire is too long, or it runs beside something that "
        "disturbs it.",
        "Move the wire away from power cables and shorten it; otherwise replace the input resistor by a smaller one "
        "(470 ohms suits both modes), or use another adapter.",
    ),
    Cause.LOOSE_WIRE: Words(
        "Bad contact",
        "Pieces of the data are missing ({bad} % lost), or the signal stops and comes back.",
        "A wire moves in its terminal, or a wire is damaged.",
        "Tighten both wires on I1 and I2 and on the adapter, strip them again if needed, and push the plugs in.",
    ),
    Cause.FRAME_MARKS: Words(
        "Beginning and end of the messages damaged",
        "The data are good, but the messages have no beginning or no end.",
        "A device or a program between the meter and the gateway takes characters away.",
        'Set the device that passes the data on to "raw" mode, without any conversion, and close other programs.',
    ),
    Cause.OVERRUN: Words(
        "The computer does not keep up",
        "Characters that had arrived at the port were lost before they were read.",
        "The computer is too busy, or too many devices share one USB plug.",
        "Stop heavy programs, and plug the adapter into the computer itself, without a USB hub.",
    ),
    Cause.LONG_SILENCES: Words(
        "The meter interrupts itself",
        "The meter announces that it falls silent, and begins again later.",
        "Somebody reads or sets the meter from afar: this is normal, and it passes.",
        "Wait for an hour and try again. If it lasts for more than a day, call Enedis.",
    ),
    Cause.MUTE: Words(
        "The gateway receives nothing useful any more",
        "The port is open, but no data of the meter are understood.",
        "A wire is off, the signal is too weak, or the meter has changed its mode: the gateway alone cannot tell.",
        "Stop the gateway as said above and start the doctor again: it will listen by itself.",
    ),
    Cause.METER_CLOCK: Words(
        "The meter's clock is wrong",
        "The meter's time and the gateway's do not agree.",
        "The meter was without power for long, or the grid operator no longer reaches it.",
        "Check the gateway's time (type `timedatectl`). If it is right there is nothing to do: the gateway uses "
        "its own; tell Enedis of the meter's.",
    ),
    Cause.HOST_CLOCK: Words(
        "The gateway does not know the time",
        "Readings are kept and wait for their date.",
        "A Raspberry Pi has no battery: it learns the time from the Internet, and is not connected to it.",
        'Connect the gateway to the Internet, or set its time: `sudo timedatectl set-time "2026-01-31 12:00"`.',
    ),
    Cause.NOT_YET: Words(
        "Too early to say",
        "The gateway has just opened the port and has received nothing yet.",
        "It looks for the speed at which the meter speaks, which takes up to half a minute.",
        "Start the doctor again in a minute.",
    ),
    Cause.UNKNOWN: Words(
        "Unknown cause",
        "Something arrives at {port}, but the doctor does not understand it.",
        "Perhaps it is not a meter, or several faults mix.",
        "Check that it is the meter that is connected there, then send support the file that "
        "`sudo linky-gateway doctor --bundle support.zip` makes.",
    ),
    Cause.ALL_WELL: Words("All is well", "The data arrive without a fault.", "Nothing to report.", "Nothing to do."),
}

_WORDS = {FRENCH: _FR, ENGLISH: _EN}

FAULT_NAMES = {
    FRENCH: {
        Fault.PARITY: "caractères abîmés",
        Fault.FRAMING: "lignes mal découpées",
        Fault.CHECKSUM: "sommes fausses",
        Fault.WIDTH: "longueurs fausses",
        Fault.PLAUSIBILITY: "valeurs impossibles",
        Fault.EOT: "interruptions du compteur",
        Fault.SILENCE: "silences",
        Fault.OVERRUN: "caractères non lus à temps",
    },
    ENGLISH: {
        Fault.PARITY: "damaged characters",
        Fault.FRAMING: "badly cut lines",
        Fault.CHECKSUM: "wrong sums",
        Fault.WIDTH: "wrong lengths",
        Fault.PLAUSIBILITY: "impossible values",
        Fault.EOT: "interruptions by the meter",
        Fault.SILENCE: "silences",
        Fault.OVERRUN: "characters not read in time",
    },
}
