"""What the page says, in French and in English; numbers and dates are written by the browser in the same language."""

from __future__ import annotations

FRENCH, ENGLISH = "fr", "en"
LANGUAGES = (FRENCH, ENGLISH)

Words = dict[str, str]

_FR: Words = {
    "house": "Ma maison",
    "skip": "Aller au contenu",
    "menu": "Pages",
    "now": "Maintenant",
    "links": "Compteur et liaisons",
    "access": "Accès",
    "sign_out": "Se déconnecter",
    "other_language": "English",
    "no_script": "Cette page se met à jour toute seule avec JavaScript, que ce navigateur n’exécute pas.",
    "power": "Puissance appelée",
    "of_subscribed": "{percent}\u00a0% de la puissance souscrite ({subscribed}\u00a0VA)",
    "injected": "Injection vers le réseau : {power}\u00a0VA",
    "giving": "Injection vers le réseau",
    "tariff": "Tarif",
    "tempo_today": "Tempo aujourd’hui",
    "tempo_tomorrow": "Tempo demain",
    "cost_hour": "Coût en ce moment",
    "an_hour_now": "{cost}\u202f€ par heure",
    "base_load": "Talon de la nuit",
    "phases": "Par phase",
    "phase": "Phase",
    "power_short": "Puissance",
    "voltage": "Tension",
    "current": "Intensité",
    "today": "Aujourd’hui",
    "yesterday": "Hier, jour entier",
    "drawn_today": "Consommation",
    "injected_today": "Injecté aujourd’hui",
    "produced_today": "Produit aujourd’hui",
    "self_consumed_today": "Autoconsommé aujourd’hui",
    "at_least": "au moins {energy}",
    "unknown": "inconnu",
    "doubt_unread": ("Production inconnue : le compteur de production ne répond pas. Voyez « Compteur et liaisons »."),
    "doubt_too-little": (
        "Production inconnue : le compteur de production compte moins que ce qui part vers le réseau. Vérifiez qu’il"
        " compte tous les panneaux, et la valeur d’une impulsion (per_pulse)."
    ),
    "never_heard": "Le compteur n’a encore rien dit.",
    "stale": "Le compteur ne dit plus rien depuis {age}. Dernières valeurs :",
    "lost": "La passerelle ne répond plus. Dernières valeurs :",
    "overload": "Dépassement de la puissance souscrite",
    "breaker": "L’organe de coupure du compteur est ouvert",
    "alert": "Une liaison est en défaut.",
    "see_links": "Voir laquelle",
    "seconds": "{n} s",
    "minutes": "{n} min",
    "hours": "{n} h",
    "days": "{n} j",
    "said": "{power} volt-ampères",
    "tariff_base": "Base",
    "tariff_off-peak": "Heures creuses",
    "tariff_peak": "Heures pleines",
    "tariff_normal": "Heures normales",
    "tariff_mobile-peak": "Pointe mobile",
    "tariff_unknown": "inconnu",
    "colour_blue": "Bleu",
    "colour_white": "Blanc",
    "colour_red": "Rouge",
    "colour_unknown": "pas encore connu",
    "signal": "Qualité du signal",
    "signal_minute": "dernière minute",
    "signal_hour": "dernière heure",
    "signal_day": "24 heures",
    "no_signal": "Rien n’a encore été reçu.",
    "doctor": "Ce qu’en dit le docteur",
    "likely": "Cause probable",
    "remedy": "Que faire",
    "every_link": "Toutes les liaisons",
    "link": "Liaison",
    "state": "État",
    "since": "Depuis",
    "detail": "Détail",
    "all_well": "Tout fonctionne.",
    "sign_in": "Entrer",
    "password": "Mot de passe",
    "forgotten": (
        "Mot de passe oublié ? Tapez « sudo linky-gateway page code » sur la passerelle : le code qui s’affiche"
        " permet d’en choisir un autre."
    ),
    "use_code": "J’ai un code",
    "set_up": "Choisir le mot de passe",
    "set_up_intro": (
        "Le mot de passe protège ce que dit votre compteur. Le code s’affiche quand vous tapez"
        " « sudo linky-gateway page code » sur la passerelle, ou figure sur son étiquette."
    ),
    "code": "Code de la passerelle",
    "new_password": "Nouveau mot de passe, 12 caractères au moins",
    "again": "Le même, encore une fois",
    "set": "Enregistrer",
    "wrong_password": "Ce n’est pas le mot de passe.",
    "wrong_code": "Ce n’est pas le code, ou il a déjà servi.",
    "no_code": "Aucun code n’a été créé : tapez « sudo linky-gateway page code » sur la passerelle.",
    "too_short": "Le mot de passe doit avoir entre 12 et 256 caractères.",
    "not_same": "Les deux mots de passe ne sont pas les mêmes.",
    "too_often": "Trop d’essais : attendez {n} secondes.",
    "change_password": "Changer le mot de passe",
    "old_password": "Mot de passe actuel",
    "changed": "Le mot de passe est changé. Tous les autres navigateurs doivent entrer de nouveau.",
    "displays": "Écrans",
    "displays_intro": (
        "Un écran (télévision, tablette) montre la page « écran » sans mot de passe, par un lien à lui. Il ne peut"
        " rien changer, et vous pouvez le retirer à tout moment."
    ),
    "no_displays": "Aucun écran n’a de lien.",
    "display_name": "Nom de l’écran",
    "for_what": "Pour",
    "display": "un écran de la maison",
    "guest": "un écran dans un lieu ouvert au public : rien de personnel (ni contrat, ni nom, ni défaut)",
    "guest_short": "lieu public",
    "scraper": "un programme qui relève les chiffres (Prometheus) : /metrics, et rien d’autre",
    "scraper_short": "/metrics",
    "make_link": "Créer le lien",
    "remove": "Retirer",
    "remove_named": "Retirer {name}",
    "link_made": (
        "Ouvrez ce lien sur l’écran « {name} » ; il n’est montré qu’une fois. Un cadre qui ne sait montrer qu’une image"
        " prend /display.png au lieu de /display :"
    ),
    "token_made": "Adresse et jeton (« bearer token ») pour « {name} » ; le jeton n’est montré qu’une fois :",
    "like": "Aujourd’hui, c’est comme {n} {what}",
    "bad_name": "Donnez à l’écran un nom de 1 à 40 caractères qu’aucun autre ne porte ; il y a 20 écrans au plus.",
    "preview": "Voir l’écran ici",
    "forged": "Ce formulaire n’est plus valable : rouvrez la page et recommencez.",
    "not_kept": "Rien n’est changé : la carte ne peut pas être écrite. Voyez « Compteur et liaisons ».",
    "not_found": "Cette page n’existe pas.",
}

_EN: Words = {
    "house": "My house",
    "skip": "Skip to content",
    "menu": "Pages",
    "now": "Now",
    "links": "Meter and links",
    "access": "Access",
    "sign_out": "Sign out",
    "other_language": "Français",
    "no_script": "This page keeps itself up to date by JavaScript, which this browser does not run.",
    "power": "Power drawn",
    "of_subscribed": "{percent}\u00a0% of the subscribed power ({subscribed}\u00a0VA)",
    "injected": "Sent to the grid: {power}\u00a0VA",
    "giving": "Sent to the grid",
    "tariff": "Tariff",
    "tempo_today": "Tempo today",
    "tempo_tomorrow": "Tempo tomorrow",
    "cost_hour": "Cost at the moment",
    "an_hour_now": "€{cost} an hour",
    "base_load": "Base load at night",
    "phases": "By phase",
    "phase": "Phase",
    "power_short": "Power",
    "voltage": "Voltage",
    "current": "Current",
    "today": "Today",
    "yesterday": "Yesterday, whole day",
    "drawn_today": "Consumption",
    "injected_today": "Sent to the grid today",
    "produced_today": "Produced today",
    "self_consumed_today": "Self-consumed today",
    "at_least": "at least {energy}",
    "unknown": "unknown",
    "doubt_unread": "Production unknown: its counter does not answer. “Meter and links” says why.",
    "doubt_too-little": (
        "Production unknown: its counter counts less than what is sent to the grid. Check that it counts all panels,"
        " and what a pulse is worth (per_pulse)."
    ),
    "never_heard": "The meter has not said anything yet.",
    "stale": "The meter has said nothing for {age}. Last values:",
    "lost": "The gateway does not answer. Last values:",
    "overload": "More than the subscribed power",
    "breaker": "The meter’s breaker is open",
    "alert": "A link is broken.",
    "see_links": "See which one",
    "seconds": "{n} s",
    "minutes": "{n} min",
    "hours": "{n} h",
    "days": "{n} d",
    "said": "{power} volt-amperes",
    "tariff_base": "Base",
    "tariff_off-peak": "Off-peak",
    "tariff_peak": "Peak",
    "tariff_normal": "Normal hours",
    "tariff_mobile-peak": "Mobile peak",
    "tariff_unknown": "unknown",
    "colour_blue": "Blue",
    "colour_white": "White",
    "colour_red": "Red",
    "colour_unknown": "not known yet",
    "signal": "Signal quality",
    "signal_minute": "last minute",
    "signal_hour": "last hour",
    "signal_day": "24 hours",
    "no_signal": "Nothing has been received yet.",
    "doctor": "What the doctor says",
    "likely": "Likely cause",
    "remedy": "What to do",
    "every_link": "Every link",
    "link": "Link",
    "state": "State",
    "since": "For",
    "detail": "Detail",
    "all_well": "Everything works.",
    "sign_in": "Sign in",
    "password": "Password",
    "forgotten": (
        "Forgotten the password? Type “sudo linky-gateway page code” on the gateway: the code that it shows lets you"
        " choose another one."
    ),
    "use_code": "I have a code",
    "set_up": "Choose the password",
    "set_up_intro": (
        "The password protects what your meter says. The code is shown when you type “sudo linky-gateway page code”"
        " on the gateway, or stands on its label."
    ),
    "code": "Code of the gateway",
    "new_password": "New password, at least 12 characters",
    "again": "The same once more",
    "set": "Save",
    "wrong_password": "This is not the password.",
    "wrong_code": "This is not the code, or it was used already.",
    "no_code": "No code was made: type “sudo linky-gateway page code” on the gateway.",
    "too_short": "The password must have 12 to 256 characters.",
    "not_same": "The two passwords are not the same.",
    "too_often": "Too many tries: wait for {n} seconds.",
    "change_password": "Change the password",
    "old_password": "Present password",
    "changed": "The password was changed. All other browsers have to sign in again.",
    "displays": "Displays",
    "displays_intro": (
        "A display (television, tablet) shows the page “display” without a password, by a link of its own. It can"
        " change nothing, and you can remove it at any time."
    ),
    "no_displays": "No display has a link.",
    "display_name": "Name of the display",
    "for_what": "For",
    "display": "a display of the house",
    "guest": "a display in a public place: nothing personal (no contract, no name, no fault)",
    "guest_short": "public place",
    "scraper": "a program that gathers figures (Prometheus): /metrics and nothing else",
    "scraper_short": "/metrics",
    "make_link": "Make the link",
    "remove": "Remove",
    "remove_named": "Remove {name}",
    "link_made": (
        "Open this link on the display “{name}”; it is shown only once. A frame that can only show a picture takes"
        " /display.png instead of /display:"
    ),
    "token_made": "Address and bearer token for “{name}”; the token is shown only once:",
    "like": "Today is like {n} {what}",
    "bad_name": "Give the display a name of 1 to 40 characters that no other one has; there are 20 displays at most.",
    "preview": "See the display here",
    "forged": "This form is not valid any more: open the page again and start over.",
    "not_kept": "Nothing was changed: the card cannot be written. See “Meter and links”.",
    "not_found": "There is no such page.",
}

_LOOSE = ((" »", "\u00a0»"), ("« ", "«\u00a0"), (" ;", "\u00a0;"), (" :", "\u00a0:"), (" ?", "\u00a0?"))


def tied(text: str) -> str:
    """With the blanks that French keeps at the end of no line."""
    for loose, tied in _LOOSE:
        text = text.replace(loose, tied)
    return text


WORDS = {FRENCH: {key: tied(text) for key, text in _FR.items()}, ENGLISH: _EN}


def preferred(header: str) -> str:
    """The better liked of the two (RFC 9110 §12.5.4); French where nothing is said, as the meters are."""
    liked = {FRENCH: 0.0, ENGLISH: 0.0}
    for part in header.lower().split(","):
        tag, _, quality = part.strip().partition(";q=")
        language = tag.strip().partition("-")[0]
        if language in liked:
            liked[language] = max(liked[language], _quality(quality))
    return ENGLISH if liked[ENGLISH] > liked[FRENCH] else FRENCH


def _quality(text: str) -> float:
    try:
        return float(text) if text else 1.0
    except ValueError:
        return 0.0
