"""What can go wrong on the way to a board, each said in French and in English: where, what, and what to do."""

from __future__ import annotations

# Key -> (French, English). Both take the same names.
SENTENCES = {
    "no_boards": (
        "aucun port série ici : branchez la carte par un câble USB qui porte les données (beaucoup ne font que charger), "
        "puis relancez tools/flash --list",
        "there is no serial port here: plug the board in with a USB cable that carries data (many only charge), "
        "then run tools/flash --list again",
    ),
    "which_port": (
        "quel port ? Nommez-le avec --port ; tools/flash --list les montre. Aucun autre n’est touché",
        "which port? Name it with --port; tools/flash --list shows them. No other is touched",
    ),
    "no_port": (
        "{port} n’existe pas : la carte est-elle branchée ? tools/flash --list montre les ports",
        "{port} does not exist: is the board plugged in? tools/flash --list shows the ports",
    ),
    "no_permission": (
        "{port} : pas le droit de l’ouvrir. Faites : sudo usermod -a -G {group} $USER, puis fermez la session et rouvrez-la",
        "{port}: you may not open it. Do: sudo usermod -a -G {group} $USER, then log out and in again",
    ),
    "busy": (
        "{port} est déjà utilisé{by} : fermez ce programme (passerelle, moniteur série, Thonny), puis recommencez",
        "{port} is in use{by}: close that program (gateway, serial monitor, Thonny), then try again",
    ),
    "not_serial": (
        "{port} n’est pas un port série : {said}",
        "{port} is no serial port: {said}",
    ),
    "no_answer": (
        "aucune carte ESP32 ne répond sur {port}. Tenez le bouton BOOT enfoncé, appuyez brièvement sur EN (RST), "
        "relâchez BOOT, puis recommencez ; essayez aussi un autre câble ({said})",
        "no ESP32 board answers on {port}. Hold the BOOT button, press EN (RST) briefly, release BOOT, then try again; "
        "try another cable as well ({said})",
    ),
    "unknown_chip": (
        "la carte sur {port} est une {found} ; celles qui conviennent : {known}",
        "the board on {port} is an {found}; those that will do: {known}",
    ),
    "wrong_chip": (
        "la carte sur {port} est une {found}, mais {wanted} est demandé : prenez le fichier pour {found}, ou l’autre carte",
        "the board on {port} is an {found}, but this is for {wanted}: take the file for {found}, or the other board",
    ),
    "write_failed": (
        "l’écriture sur {port} s’est arrêtée ({said}). La carte n’est pas abîmée : recommencez, avec un câble plus court "
        "ou --baud 115200",
        "writing to {port} stopped ({said}). The board is not harmed: try again, with a shorter cable or --baud 115200",
    ),
    "not_written": (
        "ce qui est relu sur {port} n’est pas ce qui a été écrit : la mémoire de cette carte est défectueuse, prenez-en une autre",
        "what is read back on {port} is not what was written: this board’s memory is faulty, take another",
    ),
    "no_firmware": (
        "quel MicroPython ? Téléchargez depuis micropython.org/download le fichier de votre puce ({names}) et donnez-le "
        "avec --firmware",
        "which MicroPython? Download your chip’s file from micropython.org/download ({names}) and give it with --firmware",
    ),
    "unreadable": (
        "{path} ne peut pas être lu : {said}",
        "{path} cannot be read: {said}",
    ),
    "damaged_firmware": (
        "{path} porte le nom d’un fichier officiel mais n’a pas le même contenu (SHA-256 {found}) : téléchargez-le à nouveau",
        "{path} has the name of an official file but not its content (SHA-256 {found}): download it again",
    ),
    "unknown_firmware": (
        "{path} n’est pas un fichier connu. Si vous savez d’où il vient, comparez sa somme, puis ajoutez --sha256 {found}",
        "{path} is not a known file. If you know where it comes from, compare its sum, then add --sha256 {found}",
    ),
    "wrong_sum": (
        "{path} n’a pas la somme donnée, mais {found} : téléchargez-le à nouveau",
        "{path} does not have the given sum, but {found}: download it again",
    ),
    "not_firmware": (
        "{path} n’est pas un MicroPython complet pour ESP32 : {said}. Il faut le fichier .bin de micropython.org",
        "{path} is no whole MicroPython for an ESP32: {said}. What is needed is the .bin file of micropython.org",
    ),
    "small_flash": (
        "la mémoire flash de cette carte a {size} Mo ; il en faut au moins {least} : prenez une autre carte",
        "this board’s flash has {size} MB; at least {least} are needed: take another board",
    ),
    "unknown_flash": (
        "la carte sur {port} ne dit pas quelle mémoire flash elle a : rien n’a été écrit, prenez une autre carte",
        "the board on {port} does not say how much flash it has: nothing was written, take another board",
    ),
    "large_firmware": (
        "{path} est fait pour {wanted} Mo de mémoire flash, et cette carte en a {size} : prenez MicroPython 1.26 ou plus "
        "récent, qui s’adapte à la carte",
        "{path} is made for {wanted} MB of flash, and this board has {size}: take MicroPython 1.26 or later, which fits "
        "any board",
    ),
    "pin": (
        "{name} = {pin} : cette broche de la puce {chip} ne convient pas (elle porte la mémoire flash ou l’USB, ne peut pas "
        "être une sortie, ou n’existe pas). Celles qui conviennent : {good}",
        "{name} = {pin}: this pin of the {chip} will not do (it carries the flash or USB, cannot be an output, or does not "
        "exist). Those that will do: {good}",
    ),
    "same_pin": (
        "{name} et {other} sont sur la même broche, {pin} : donnez à chacun la sienne",
        "{name} and {other} are on the same pin, {pin}: give each its own",
    ),
    "no_identity": (
        "comment s’appelle cette carte ? --id NOM : 1 à 32 lettres minuscules, chiffres ou tirets, par exemple --id garage",
        "what is this board’s name? --id NAME: 1 to 32 small letters, digits or hyphens, for example --id garage",
    ),
    "no_broker": (
        "où est le Raspberry Pi ? --broker ADRESSE, par exemple --broker 192.168.1.20",
        "where is the Raspberry Pi? --broker ADDRESS, for example --broker 192.168.1.20",
    ),
    "no_broker_name": (
        "le certificat du broker porte un nom, pas l’adresse {host} : ajoutez celui du Raspberry Pi, par exemple "
        "--broker-name raspberrypi.local (sur le Pi : hostname, suivi de .local)",
        "the broker’s certificate has a name, not the address {host}: add that of the Raspberry Pi, for example "
        "--broker-name raspberrypi.local (on the Pi: hostname, followed by .local)",
    ),
    "no_ca": (
        "{path} n’est pas un certificat (PEM ou DER) : donnez celui de l’autorité du broker, /etc/mosquitto/linky/ca.crt",
        "{path} is no certificate (PEM or DER): give that of the broker’s authority, /etc/mosquitto/linky/ca.crt",
    ),
    "no_settings": (
        "{path} : des tables de config.json sont attendues, sans broker ni wifi (voir micropython/README.md) : {said}",
        "{path}: tables of config.json are expected, without broker and wifi (see micropython/README.md): {said}",
    ),
    "wifi_password": (
        "un mot de passe Wi-Fi a de 8 à 63 caractères ; celui-ci en a {length}",
        "a Wi-Fi password has 8 to 63 characters; this one has {length}",
    ),
    "no_terminal": (
        "il n’y a pas de terminal pour répondre : {instead}",
        "there is no terminal to answer on: {instead}",
    ),
    "exists": (
        "{path} existe : cette carte a déjà une clé. Une nouvelle l’annule ; effacez le fichier d’abord, ou prenez un autre --id",
        "{path} exists: this board already has a key. A new one voids it; remove the file first, or take another --id",
    ),
    "cannot_write": (
        "{path} ne peut pas être écrit : {said}",
        "{path} cannot be written: {said}",
    ),
    "not_confirmed": ("rien n’a été fait", "nothing was done"),
    "no_prompt": (
        "la carte sur {port} ne répond pas comme MicroPython ({said}). Est-ce la bonne ? Sinon, installez-la sans --update",
        "the board on {port} does not answer as MicroPython does ({said}). Is it the right one? Else flash it without --update",
    ),
    "not_ours": (
        "la carte sur {port} a MicroPython mais pas nos fichiers : installez-la sans --update",
        "the board on {port} has MicroPython but not our files: flash it without --update",
    ),
    "board_failed": (
        "la carte sur {port} n’a pas pu faire ce qui lui était demandé : {said}",
        "the board on {port} could not do what it was asked: {said}",
    ),
    "wifi_wrong_password": (
        "la carte est installée, mais « {ssid} » refuse le mot de passe. Recommencez avec le bon ; ou débranchez, et passez "
        "par la page de la carte (étiquette) après tools/flash sans --wifi",
        "the board is flashed, but “{ssid}” refuses the password. Try again with the right one; or flash without --wifi "
        "and use the board’s own page (see the label)",
    ),
    "wifi_not_found": (
        "la carte est installée, mais ne voit pas « {ssid} » ici : elle n’entend que le 2,4 GHz. Si elle ira ailleurs, c’est normal",
        "the board is flashed, but does not see “{ssid}” here: it hears 2.4 GHz only. If it will live elsewhere, that is fine",
    ),
    "wifi_no_answer": (
        "la carte est installée, mais n’a pas pu rejoindre « {ssid} » ({said}) : rapprochez-la de la box",
        "the board is flashed, but could not join “{ssid}” ({said}): move it closer to the router",
    ),
    "broker_refused": (
        "le Wi-Fi fonctionne, mais le broker ne connaît pas encore la carte : sur le Raspberry Pi, {line}",
        "the Wi-Fi works, but the broker does not know the board yet: on the Raspberry Pi, {line}",
    ),
    "broker_clock": (
        "le Wi-Fi fonctionne, mais le certificat de {host} n’est pas valable à la date de la carte ({said}) : relancez "
        "tools/setup sur le Raspberry Pi, il refait ce certificat",
        "the Wi-Fi works, but the certificate of {host} is not valid at the board’s date ({said}): run tools/setup again "
        "on the Raspberry Pi, which renews it",
    ),
    "broker_certificate": (
        "le Wi-Fi fonctionne, mais {host} ne montre pas le certificat attendu ({said}) : est-ce le bon Raspberry Pi ? "
        "Recommencez avec son /etc/mosquitto/linky/ca.crt (--ca) et le nom qui y est inscrit (--broker-name)",
        "the Wi-Fi works, but {host} does not show the certificate that is expected ({said}): is it the right Raspberry "
        "Pi? Try again with its /etc/mosquitto/linky/ca.crt (--ca) and the name in its certificate (--broker-name)",
    ),
    "broker_no_answer": (
        "le Wi-Fi fonctionne, mais {host} ne répond pas ({said}) : vérifiez l’adresse, le certificat, et que mosquitto est lancé",
        "the Wi-Fi works, but {host} does not answer ({said}): check the address, the certificate, and that mosquitto runs",
    ),
    "compile": ("{path} ne se compile pas : {said}", "{path} does not compile: {said}"),
    "too_large": (
        "les fichiers ne tiennent pas dans la carte : {size} octets pour {room}",
        "the files do not fit the board: {size} bytes for {room}",
    ),
    "register": (
        "la carte n’a pas pu être déclarée ici : {said}",
        "the board could not be registered here: {said}",
    ),
}


class FlashError(Exception):
    """Something a person has to know; ``say(language)`` is the sentence."""

    def __init__(self, key: str, **values: object) -> None:
        self.key, self.values = key, values
        super().__init__(self.say("en"))

    def say(self, language: str) -> str:
        """The sentence in French ("fr") or English."""
        return SENTENCES[self.key][0 if language == "fr" else 1].format(**self.values)
