"""Every sentence of the set-up page, in French and English."""

FRENCH = {
    "title": "Installer votre carte Linky",
    "intro": "Cette carte doit rejoindre votre Wi-Fi et trouver le Raspberry Pi. Rien ne quitte la maison.",
    "wifi": "Wi-Fi de la maison",
    "other": "Autre réseau (caché) :",
    "password": "Mot de passe du Wi-Fi",
    "host": "Adresse du Raspberry Pi",
    "host_hint": "Par exemple 192.168.1.20 ; la page de la passerelle l’affiche.",
    "code": "Code à 8 chiffres de l’étiquette",
    "save": "Enregistrer et essayer",
    "other_language": "English",
    "wrong_code": "Ce n’est pas le code de l’étiquette de cette carte.",
    "wait": "Trop de codes faux : attendez %d s, puis réessayez.",
    "no_wifi": "Choisissez un réseau, ou écrivez son nom (32 caractères au plus).",
    "short_password": "Un mot de passe Wi-Fi a de 8 à 63 caractères (aucun si le réseau est ouvert).",
    "no_host": "Écrivez l’adresse du Raspberry Pi : un nom ou une adresse, sans http:// ni espace.",
    "trying": "La carte essaie de rejoindre « %s »…",
    "trying_hint": "Environ 20 secondes. Si votre téléphone quitte le Wi-Fi de la carte, rejoignez-le : le résultat s’affiche ici.",
    "wifi_failed": "La carte n’a pas pu rejoindre « %s ».",
    "wrong_password": "Le mot de passe est refusé : vérifiez majuscules et chiffres.",
    "not_found": "Ce réseau n’est pas visible ici : rapprochez la carte ; elle n’entend que le 2,4 GHz.",
    "no_answer": "Le réseau ne répond pas : rapprochez la carte de la box, puis réessayez.",
    "broker_failed": "Le Wi-Fi fonctionne, mais le Raspberry Pi ne répond pas à « %s ».",
    "broker_refused": "Le Raspberry Pi répond, mais ne connaît pas cette carte : déclarez-la avec la ligne que tools/flash a affichée.",
    "broker_clock": "Le Raspberry Pi répond, mais son certificat n’est pas valable à la date de la carte : relancez tools/setup sur le Raspberry Pi, il refait ce certificat.",
    "broker_certificate": "Ce qui répond là ne montre pas le certificat attendu : vérifiez l’adresse. Si elle est juste, installez la carte à nouveau avec le fichier ca.crt de ce Raspberry Pi.",
    "broker_hint": "Vérifiez l’adresse, et que la passerelle est allumée.",
    "keep": "Enregistrer quand même",
    "again": "Corriger",
    "done": "C’est fait.",
    "done_hint": "La carte rejoint « %s » et redémarre. Vous pouvez fermer cette page.",
}

ENGLISH = {
    "title": "Set up your Linky board",
    "intro": "This board has to join your Wi-Fi and find the Raspberry Pi. Nothing leaves the house.",
    "wifi": "Wi-Fi of the house",
    "other": "Another (hidden) network:",
    "password": "Wi-Fi password",
    "host": "Address of the Raspberry Pi",
    "host_hint": "For example 192.168.1.20; the gateway’s page shows it.",
    "code": "The 8-digit code of the label",
    "save": "Save and try",
    "other_language": "Français",
    "wrong_code": "This is not the code on this board’s label.",
    "wait": "Too many wrong codes: wait %d s, then try again.",
    "no_wifi": "Choose a network, or write its name (32 characters at most).",
    "short_password": "A Wi-Fi password has 8 to 63 characters (none where the network is open).",
    "no_host": "Write the Raspberry Pi’s address: a name or an address, no http://, no space.",
    "trying": "The board is trying to join “%s”…",
    "trying_hint": "About 20 seconds. If your phone leaves the board’s Wi-Fi, join it again: the result shows here.",
    "wifi_failed": "The board could not join “%s”.",
    "wrong_password": "The password is refused: check capitals and digits.",
    "not_found": "This network is not visible here: move the board closer; it hears 2.4 GHz only.",
    "no_answer": "The network does not answer: move the board closer to the router, then try again.",
    "broker_failed": "The Wi-Fi works, but the Raspberry Pi does not answer at “%s”.",
    "broker_refused": "The Raspberry Pi answers, but does not know this board: register it with the line that tools/flash printed.",
    "broker_clock": "The Raspberry Pi answers, but its certificate is not valid at the board’s date: run tools/setup again on the Raspberry Pi, which renews it.",
    "broker_certificate": "What answers there does not show the certificate that is expected: check the address. If it is right, flash the board again with the ca.crt of this Raspberry Pi.",
    "broker_hint": "Check the address, and that the gateway is on.",
    "keep": "Save all the same",
    "again": "Correct",
    "done": "Done.",
    "done_hint": "The board joins “%s” and starts again. You can close this page.",
}


def choose(asked, accepted):
    """The texts for a request: the language asked for ("fr", "en"), else the browser's first that we speak."""
    if asked in ("fr", "en"):
        return (asked, FRENCH if asked == "fr" else ENGLISH)
    for part in (accepted or "").lower().split(","):
        name = part.strip()[:2]
        if name in ("fr", "en"):
            return choose(name, None)
    return ("fr", FRENCH)
