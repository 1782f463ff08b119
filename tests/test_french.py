"""The French of the project is written, not translated: no word that went, no command on the page, no mistake.

What is read: the catalogue (page, chat, notices, doctor, terminal, setup) and the documents in French. *Grammalecte*
(Debian's grammalecte-cli) reads the catalogue, the household's guide and the pages of a house as they are shown; what
it cannot know is listed, each for a reason.
"""

import asyncio
import html
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.gateway.web.recorded.record import answers
from words import files

ROOT = Path(__file__).parents[1]
CATALOGUE = ROOT / files.FOLDER / "fr" / files.PO
# What households do not say; in its place stands the word of the customer accounts of EDF and Enedis, or plain French.
GONE = {
    r"puissance appelée|\bVA (?:au plus )?(?:ont été )?appelés": "Consommation en ce moment; pic de … VA",
    r"\btalon\b": "Consommation de veille",
    r"^Entrer$": "Se connecter",
    r"n’est pas le mot de passe": "Mot de passe incorrect",
    r"compteur ne dit (?:plus )?rien|n’a (?:encore )?rien dit": "n’envoie plus rien",
    r"enten\w+ (?:\w+ )*(?:le|votre) compteur|compteur (?:\S+ ){0,3}entendu": "reçoit, reçu",
    r"dit le docteur": "Diagnostic",
    r"compteur et liaisons": "État",
    r"\bfinesses?\b": "niveau de détail",
    r"^\s*en droit\b": "rôle juridique",
    r"\bréparer\b|\bréparation": "corriger une mesure",
    r"consommés? au réseau": "soutirés du réseau",
    r"\bau plus (?:\d[\d ]*|\{[^}]*\}) VA\b": "pic de … VA",
    r"^Autoproduction$": "Taux d’autoproduction",
    r"personne ne demande": "Aucune demande en attente",
    r"\boctets remis\b|\bviennent ses octets\b|\bdont l’heure compte\b": "Copie du flux; Branchement; Horloge utilisée",
    r"\bque le fichier de configuration dit\b|\bdes euros demandent\b": "Pour un objectif en euros, …",
    r"gardé dans une mémoire qui ne doit pas": "Rien d’indispensable ne reste en mémoire vive",
    r"\bquoi qui ait\b|\bquoi que ce soit qui\b": "En cas d’interruption, …",
    r"\bil en est fait un\b": "un … est créé",
    r"\bqui veut que cela marche\b": "Solution prête à l’emploi",
    r"rien de plombé ne s’ouvre": "n’ouvrez jamais un capot plombé",
    r"ne fait que grandir avec": "De nouvelles entités apparaissent …",
    r"développeur entre par|marche d’un octet": "Développeurs : voir …",
    r"transformées en route": "modifiées avant d’arriver à la passerelle",
    r"marchait marche|marche marche": "tout fonctionne comme avant",
    r"\b(?:tourne), et ": "est installée, et …",
    r"\bet pas (?:fait|pris)\b|: pas pris": "refusé; non fait",
    r"\bphrases? secrètes?\b": "phrase de passe",
    r"\bcourriels?\b": "e-mail",
    r"\bà reprendre\b": "à corriger",
    r"\bcompteurs? d’impulsions": "compteur à impulsions",
    r"\bsurplus vendu\b": "Vente du surplus; Injection",
    r"\bpar symptôme\b|^(?:# )?les mots$": "Dépannage; Lexique",
    r"\bcomme le dit le compteur\b|\bce que dit votre compteur\b": "ce que le compteur envoie",
    # The French of Home Assistant is quoted once.
    r"\bcourtiers?\b(?! : personnalisée)": "serveur MQTT",
}
# What once stood there, for each of them and each of its forms.
WENT = (
    *(
        "La puissance appelée",
        "3 450 VA appelés",
        "9 000 VA au plus appelés",
        "7 VA ont été appelés",
        "Le talon : 90 W",
    ),
    *("Entrer", "Ce n’est pas le mot de passe", "Le compteur ne dit plus rien", "Il n’a encore rien dit"),
    *("La passerelle entend bien le compteur", "On entendait votre compteur", "un compteur encore entendu"),
    *("Ce que dit le docteur", "Compteur et liaisons", "La finesse", "quatre finesses", "  en droit : responsable"),
    *("réparer une mesure", "La réparation", "12 kWh consommés au réseau", "consommé au réseau", "au plus 6 500 VA"),
    *(
        "au plus {most} VA",
        "Autoproduction",
        "Personne ne demande rien",
        "Les octets remis",
        "d’où viennent ses octets",
    ),
    *("celui dont l’heure compte", "ce que le fichier de configuration dit", "des euros demandent un tarif"),
    *("rien de gardé dans une mémoire qui ne doit pas", "quoi qui ait lieu", "quoi que ce soit qui arrive"),
    *(
        "il en est fait un",
        "pour qui veut que cela marche",
        "rien de plombé ne s’ouvre",
        "ne fait que grandir avec elle",
    ),
    *("un développeur entre par là", "à la marche d’un octet", "transformées en route", "ce qui marchait marche"),
    *("tout marche marche", "la passerelle tourne, et la page", "et pas fait", "et pas pris", "Wi-Fi : pas pris"),
    *("Pour les autres, le courriel.", "4 points sont à reprendre.", "Un compteur d’impulsions", "Surplus vendu"),
    *("Questions, par symptôme", "Les mots", "comme le dit le compteur", "protège ce que dit votre compteur"),
    *("Phrase secrète de cette sauvegarde", "les phrases secrètes", "le courtier MQTT ne répond pas", "Courtier MQTT"),
)
# A journal of ten years is read by programs too: its words are those of its first entry.
STAY = {
    # A text that was agreed to stays as it was until its next version.
    "compteur est entendu": ("gateway/consent/texts/health",),
    "finesse": (
        "gateway/journal/",
        # Between programs, and to who receives.
        "gateway/federation/",
        "gateway/consent/texts/notices",
        "gateway/upkeep/duties/",
    ),
}
# Said otherwise to a household, at the page, in chat and alerts and in its guide; laws and commands may say it.
AT_HOME = {
    r"\bconsentements?\b": "accord",
    r"\bavertie?s?\b": "prévenu",
    r"\bdisjoncteur du compteur\b": "Le compteur a coupé le courant",
    r"\bmessagerie MQTT\b": "serveur MQTT",
    r"(?<=[a-zà-ÿ])'(?=[a-zà-ÿ])": "’",
}
ROOMS = ("gateway/web/", "gateway/notices/", "gateway/links/")
# What households cannot read: a command, a file of the machine, a table of the configuration.
TECHNICAL = re.compile(r"`|\bsudo\b|linky-gateway |/etc/|\.toml\b|\bTOML\b|\[\[?[a-z_]+\]|systemctl|\bapt\b")
# On the page they stand only where nothing else helps, or whoever reads is a technician.
NEEDED = {
    "“sudo linky-gateway page code”, typed": "folded, for whoever installed it: the code is not on the page",
    "{file}: damaged": "the page cannot be served",
    "; sudo linky-gateway page certificate": "the sentence of a link, in the terminal",
    "What is marked as changed": "stands under Technical details",
}
# Grammalecte: what is typographic is not asked for (spaces are those of a terminal, too), nor what needs the facts.
OPTIONS_OFF = "nbsp typo apos esp nf num unit chim latex md html maj poncfin virg".split()
# Found where nothing is wrong: names and words of two trades, read as if they were of one.
NO_MISTAKE = {
    ("ports série", "série"),
    ("sortie client", "client"),
    ("attend", "attend"),
    ("répond plus, avec", "répond"),
    ("voit zza en direct", "voit"),
    ("comme le montre", "le"),
    ("comme le montre", "montre"),
    ("programme apprise", "apprise"),
    ("commence par apprise", "apprise"),
    ("« identifier »", "identifier"),
    ("marquées x", "x"),
    ("La nuit, seul ce qui", "seul"),
    ("de sécurité automatiques", "automatiques"),
    ("de sécurité automatiques", "sécurité"),
}
WORDS = ROOT / "tests" / "words_of_french.txt"


def plain(text):
    """With the spaces, hyphens and apostrophes of a keyboard."""
    return re.sub(r"[\s\u00a0\u202f]+", " ", text.replace("'", "’").replace("\u2011", "-"))


def catalogue():
    """(English, French, files) of every sentence; a plural twice."""
    for one in files.read(CATALOGUE, "fr"):
        if one.id:
            english = one.id if isinstance(one.id, str) else one.id[0]
            for french in one.string if isinstance(one.string, tuple) else (one.string,):
                yield english, french, [file for file, _ in one.locations]


def documents():
    """What else is French: each document, by paragraph; what boards show, and what the page's programs say, by line."""
    for room, pattern in (("micropython", "*.py"), ("gateway/web/static", "*.js")):
        for path in sorted((ROOT / room).rglob(pattern)):
            for line in path.read_text(encoding="utf-8").splitlines():
                yield path.relative_to(ROOT).as_posix(), line
    for room in ("gateway", "hardware", "micropython", "tools"):
        for pattern in ("LISEZMOI.*", "*.fr.md"):
            for path in sorted((ROOT / room).rglob(pattern)):
                for paragraph in re.split(r"\n\s*\n|\n\|", path.read_text(encoding="utf-8")):
                    yield path.relative_to(ROOT).as_posix(), paragraph


def said():
    """(where, French) of everything."""
    yield from ((f"{where[0]}: {english}", french) for english, french, where in catalogue())
    yield from documents()


def test_no_word_that_went_is_said():
    """Neither at the page, nor in chat, notices, terminal and documents."""
    gone = [(re.compile(pattern, re.IGNORECASE), instead) for pattern, instead in GONE.items()]
    found = [
        f"{where}: {match[0]!r} -> {instead}"
        for where, french in said()
        for pattern, instead in gone
        if (match := pattern.search(plain(french))) and not where.startswith(STAY.get(match[0].lower().rstrip("s"), ()))
    ]
    assert found == []


def test_a_household_s_page_has_one_word_for_one_thing():
    """An *accord* is no *consentement* two lines below, and nobody is *averti* who was *prévenu* above."""
    guide = [(path.name, path.read_text(encoding="utf-8")) for path in (ROOT / ROOMS[0] / "help").rglob("*.fr.md")]
    pages = [(english, french) for english, french, where in catalogue() if where[0].startswith(ROOMS)]
    pages += [(english, french) for english, french, where in catalogue() if _at_the_page(where)]
    found = {
        f"{where}: {match[0]!r} -> {instead}"
        for where, french in (*pages, *guide)
        for pattern, instead in AT_HOME.items()
        # On one line: a guide breaks its lines anywhere, and a page has spaces at which none ends.
        if (match := re.search(pattern, re.sub(r"\s+", " ", french), re.IGNORECASE))
    }
    assert len(pages) > 1000
    assert found == set()
    assert re.search(next(iter(AT_HOME)), "Vos consentements")


def test_each_word_that_went_would_be_found():
    """Every pattern finds what it names, and nothing of it is named in vain."""
    gone = [re.compile(pattern, re.IGNORECASE) for pattern in GONE]
    assert [pattern.pattern for pattern in gone if not any(pattern.search(plain(text)) for text in WENT)] == []
    assert [text for text in WENT if not any(pattern.search(plain(text)) for pattern in gone)] == []


def test_the_page_names_no_command_and_no_file():
    """But where it says why, in NEEDED; each reason there is still one."""
    found = {english for english, french, where in catalogue() if TECHNICAL.search(french) and _at_the_page(where)}
    needed = {english for english in found if english.startswith(tuple(NEEDED))}
    assert found - needed == set()
    assert [start for start in NEEDED if not any(one.startswith(start) for one in needed)] == []


def _at_the_page(where):
    return any(file.startswith("gateway/web/") for file in where)


# What is typed, filled in or written so in every language: commands, options, names of files, addresses, signs.
NO_WORD = re.compile(
    r"`[^`]*`|\bsudo [^;,.»)]*|\"[^\"]*\"|\[\[?[^\]]*\]\]?|\{[^}]*\}|%%|%s|--[a-z-]+|\S*[/\\=_@]\S*"
    r"|\b\w+(?:[.:-]\w+)*[.:]\w+\b|\blinky-gateway\b|\b[A-Z0-9][A-Z0-9-]+\b"
)


def readable(text):
    """A sentence as Grammalecte can read it: what is no word of French stands as one that nobody knows."""
    places = iter(range(1000))
    return plain(NO_WORD.sub(lambda _: "zz" + "abcdefghij"[next(places) % 10], text)).strip()


def grammalecte(file, sentences):
    """What Grammalecte finds in these: (sentence, mistakes, unknown words) of each that it doubts."""
    program = shutil.which("grammalecte-cli")
    if not program:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("Debian package that is not installed: grammalecte-cli")
    file.write_text("\n".join(sentences) + "\n", encoding="utf-8")
    done = subprocess.run(
        [program, "-f", str(file), "-j", "-owe", "-off", *OPTIONS_OFF],
        capture_output=True,
        encoding="utf-8",
        timeout=600,
        check=True,
    )
    return [
        (sentences[one["iParagraph"] - 1], one["lGrammarErrors"], one["lSpellingErrors"])
        for one in json.loads(done.stdout)["data"]
    ]


@pytest.fixture(scope="module")
def read(tmp_path_factory):
    """What is found in the catalogue."""
    sentences = sorted({readable(french) for _, french, _ in catalogue()} - {""})
    return grammalecte(tmp_path_factory.mktemp("french") / "catalogue.txt", sentences)


def mistakes_of(found, excused=NO_MISTAKE):
    """What of it is none of those that are excused, and which of these were met."""
    wrong, met = [], set()
    for sentence, mistakes, _ in found:
        for one in mistakes:
            said = sentence[one["nStart"] : one["nEnd"]]
            near = sentence[max(0, one["nStart"] - 30) : one["nEnd"] + 30]
            known = {excuse for excuse in excused if excuse[1] == said and excuse[0] in near}
            met |= known
            if not known:
                wrong.append(f"{near!r}: {said!r}: {one['sMessage']}")
    return wrong, met


def unknown_of(found):
    """The words of it that are no French."""
    return {one["sValue"] for _, _, unknown in found for one in unknown if not re.search("zz[a-j]", one["sValue"])}


def test_the_catalogue_has_no_mistake_of_grammar(read):
    """Agreement, conjugation, confusion of words; what it doubts without reason is in NO_MISTAKE, and still doubted."""
    wrong, met = mistakes_of(read)
    assert wrong == []
    assert NO_MISTAKE - met == set()


def test_every_word_of_the_catalogue_is_french_or_known(read):
    """Names, and what is typed as it stands, are in ``words_of_french.txt``, each still in use."""
    known, found = set(WORDS.read_text(encoding="utf-8").split()), unknown_of(read)
    assert sorted(found - known) == []
    assert sorted(known - found) == []


# In the guide and on the pages, where nothing is wrong either: the name of a page is read as a word of the sentence.
NO_MISTAKE_SHOWN = {
    ("bouton Retirer", "Retirer"),
    ("répond aussi à vos questions", "répond"),
    ("Partage le montre", "le"),
    ("Partage le montre", "montre"),
}
# Names of makers and programs, in the guide.
NAMES = set("Monal Zigbee Cartelectronic Hallard microSD Enercoop Zero".split())


def guide():
    """The household's guide as it is read: each paragraph, item and cell, without the signs of Markdown."""
    for path in sorted((ROOT / "gateway/web/help/guide").glob("*.fr.md")):
        text = re.sub(r"!\[[^]]*\]\([^)]*\)|<!--.*?-->", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        text = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", text)
        text = re.sub(r"^#+ (.*)$", r"\n\1\n", text, flags=re.MULTILINE)
        for paragraph in re.split(r"\n\s*\n|\n(?:- |\d+\. )|\|", text):
            yield readable(paragraph.replace("*", ""))


def shown(folder):
    """What the pages of a house show, by block: each page that is opened, in each state that is recorded."""
    for page in asyncio.run(answers(folder, ("fr",))).values():
        if page.startswith("200 text/html") and '<html lang="fr"' in page:
            body = re.sub(
                r"<(script|style|svg|code|pre)\b.*?</\1>", " `x` ", page[page.index("<main") :], flags=re.DOTALL
            )
            for block in re.split(rf"</?(?:{BLOCKS})\b[^>]*>", body):
                yield readable(html.unescape(re.sub(r"<[^>]+>", " ", block)))


# What begins another sentence, or stands in a line of its own.
BLOCKS = "p|h[1-6]|li|td|th|tr|div|section|option|label|button|dt|dd|summary|legend|figure|input|span|small|br"


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    """What is found in the guide, and on the pages where they say what the catalogue does not say alone."""
    folder = tmp_path_factory.mktemp("seen")
    read_already = {readable(french) for _, french, _ in catalogue()}
    return grammalecte(folder / "seen.txt", sorted({*guide(), *shown(folder)} - read_already - {""}))


def test_what_a_household_reads_has_no_mistake(seen):
    """Neither in the guide nor where sentences of the catalogue are put together with figures and names."""
    wrong, met = mistakes_of(seen, NO_MISTAKE | NO_MISTAKE_SHOWN)
    assert not wrong, "\n".join(wrong)
    assert NO_MISTAKE_SHOWN - met == set()


def test_every_word_of_the_guide_is_french_or_known(seen):
    """Those of the catalogue, and names; what pages show besides is the house's own."""
    written, known = {*guide()}, {*WORDS.read_text(encoding="utf-8").split(), *NAMES}
    found = unknown_of([one for one in seen if one[0] in written])
    assert found <= known, " ".join(found - known)
    assert found >= NAMES, " ".join(NAMES - found)


def test_a_mistake_in_the_guide_would_be_found(tmp_path):
    """One of agreement, and a word that is none."""
    found = grammalecte(tmp_path / "wrong.txt", ["Les heures creuse commencent à 22 heures.", "Le comptteur parle."])
    assert mistakes_of(found)[0]
    assert unknown_of(found) == {"comptteur"}
