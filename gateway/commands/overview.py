"""What ``linky-gateway`` says without a word: its commands by purpose, a line each, in the household's language."""

from __future__ import annotations

from gateway.language import Phrase

_HEAD = Phrase("linky-gateway : lit un compteur Linky.", "linky-gateway: reads a Linky meter.")
_END = Phrase(
    "« linky-gateway COMMANDE --help » explique une commande, avec des exemples. Sur une passerelle installée, mettez"
    " sudo devant.",
    "`linky-gateway COMMAND --help` explains a command, with examples. On an installed gateway put sudo before it.",
)

# Purpose -> command -> what it is for.
PURPOSES: tuple[tuple[Phrase, dict[str, Phrase]], ...] = (
    (
        Phrase("Est-ce que cela marche ?", "Does it work?"),
        {
            "status": Phrase("chaque liaison, et depuis quand", "each link, and since when"),
            "doctor": Phrase(
                "écoute le compteur, dit ce qui ne va pas et que faire", "listens, says what is wrong and what to do"
            ),
            "ports": Phrase("les ports série de cette machine", "the serial ports of this machine"),
            "check": Phrase("la base et le journal sont-ils entiers ?", "are database and journal whole?"),
        },
    ),
    (
        Phrase("Voir", "See"),
        {
            "watch": Phrase("les valeurs du moment", "the values of the moment"),
            "balance": Phrase("l’énergie par jour, mois, année", "energy by day, month, year"),
            "cost": Phrase("ce que cela coûte", "what that costs"),
            "events": Phrase("ce qui est arrivé aux compteurs", "what happened to the meters"),
            "series": Phrase("les séries, leurs noms, l’identifiant", "the series, their names, the id"),
            "export": Phrase("les mesures, en CSV ou SenML", "the readings, as CSV or SenML"),
            "reading": Phrase("noter l’eau, le gaz, la chaleur", "enter water, gas, heat"),
        },
    ),
    (
        Phrase("Partager", "Share"),
        {
            "consent": Phrase("qui a droit à quoi ; répondre aux demandes", "who may have what; answer requests"),
            "received": Phrase("ce qui vient d’ailleurs", "what comes from others"),
            "journal": Phrase("ce qui a été décidé et envoyé, signé", "what was decided and sent, signed"),
            "privacy": Phrase("emporter, effacer, corriger vos données", "take along, erase, correct your data"),
        },
    ),
    (
        Phrase("Régler", "Set up"),
        {
            "page": Phrase("un code pour la page de la maison", "a code for the page of the house"),
            "account": Phrase("le compte de la fédération", "the account of the federation"),
            "display": Phrase("les écrans, Home Assistant", "displays, Home Assistant"),
            "board": Phrase("les cartes ESP32", "the ESP32 boards"),
            "backup": Phrase("tout, chiffré, dans un fichier", "everything, encrypted, in one file"),
            "restore": Phrase("une sauvegarde, sur cette machine", "a backup, onto this machine"),
        },
    ),
    (
        Phrase("Pour des programmes et d’autres métiers", "For programs and other trades"),
        {
            "run": Phrase("la passerelle elle-même", "the gateway itself"),
            "metrics": Phrase("l’état, pour Prometheus", "the state, for Prometheus"),
            "decode": Phrase("des octets captés, en JSON", "captured bytes, as JSON"),
            "consume": Phrase("recevoir, en JSON", "receive, as JSON"),
            "fleet": Phrase("les passerelles d’un installateur", "an installer's gateways"),
            "migrate": Phrase("met la base à jour", "brings the database up to date"),
            "first-boot": Phrase("applique linky.toml d’une carte", "applies a card's linky.toml"),
        },
    ),
)


def overview(lang: str) -> str:
    """All of it, with a line's end."""
    wide = max(len(name) for _, commands in PURPOSES for name in commands)
    lines = [_HEAD.in_language(lang)]
    for purpose, commands in PURPOSES:
        lines += ["", purpose.in_language(lang)]
        lines += [f"  {name:<{wide}}  {what.in_language(lang)}" for name, what in commands.items()]
    return "\n".join([*lines, "", _END.in_language(lang), ""])
