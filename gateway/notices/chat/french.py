"""How a household asks in French. Texts come in small letters without accents and marks (``questions``)."""

from __future__ import annotations

import re

from gateway.notices.chat.grammar import ChatQuestion, Grammar, any_days, rule

_Q = ChatQuestion

# What is asked of may be said at length: of the electricity of the house, and of nothing else that has a meter.
_HOUSE = (
    r"conso\w*|electri\w*|energie\w*|kwh|kilowatt\w*|courant|jus|elec|compteur|maison|foyer|logement|appart\w*|famille"
    r"|utilis\w*|bilan|reseau|depens\w*|tir\w+|chiffres?|compt\w+"
    r"|cram\w+|bouff\w+|claqu\w+|gaspill\w+|brul\w+|mang\w+|crach\w+|soutir\w+|aval\w+|pomp\w+|englout\w+"
)
_DATA = r"donnees|infos?|informations|mesures|releves|conso\w*|production|chiffres|courbes?|vie"
_GIVEN = (
    r"recoi\w*|recu\w*|voi\w*|vu\w*|lit|lis\w*|acce\w*|demand\w*|veu\w*|partag\w*|connai\w*|envo\w*|transm\w*"
    r"|communiqu\w*|ont|recup\w*|regard\w*|consult\w*|surveill\w*|utilis\w*"
)
_WHO = (
    r"quelqu|personnes?|autres?|gens|voisine?s?|abonne\w*|destinataires?|monde|internet|exterieur|cooperative|coop"
    r"|mairie|edf|enedis"
)
_HOURS = r"creuses?|pleines?|hc|hp|heures?|heure"
_CHORES = (
    r"lanc\w+|demarr\w+|recharg\w+|charg\w+|branch\w+|faire|fais|mettre|mets|machines?|laver?|linge|vaisselle"
    r"|lessives?|voiture|auto|ballon|seche|route|tourn\w+|attend\w*|mieux|bon|maintenant|moment|tout|suite"
    r"|programm\w+|ecolo\w*|four|aspirateur"
)
_LONG = r"depuis|plus|moins|longtemps"
_EASY = r"vraiment|exactement|environ|encore|deja|aussi|donc|bien|present|peu|pres|ici"
_WATER = (
    r"litres?|l|m3|cubes?|metres?|robinets?|beaucoup|trop|donne|consomm\w*|conso\w*|utilis\w*|brul\w+|compteurs?"
    r"|index|releves?|maison"
)
_STOP = (
    r"arret\w*|stop\w*|retir\w*|annul\w*|suppr\w*|revo[qc]\w*|coup\w*|bloqu\w*|desactiv\w*|cess\w*|interdi\w*"
    r"|suspend\w*|fin|enlev\w*|refus\w*|accept\w*|autoris\w*"
)
_SHARED = (
    r"partag\w*|donn\w*|acces|accords?|consent\w*|envo\w*|transm\w*|transfer\w*|autoris\w*|destinataires?|demandes?"
    r"|infos?|informations|conso\w*|coop\w*|mesures"
)
_DECIDING = rf"{_STOP}|{_SHARED}|plus|rien|vouloir|souhait\w*|faut|faire|fait|fais|recoi\w*|voi\w*|accede\w*|lui|edf"
_RULES = (
    rule(
        _Q.SET,
        r"(?:previens|previent|prevenir|alerte moi|avertis\w*|averti\w*) .*(?:si|quand|des que)"
        r"|(?:mets?|mettre|fixe\w*|change\w*|modifi\w*|definis|regle\w*) .*(?:limite|objectif|budget|alerte|plafond"
        r"|seuil)",
        r".*",
    ),
    rule(
        _Q.OFFERS,
        r"(?:passer|changer|avantageu\w*|economis\w*|moins chere?|interess\w*|rentable|gagn\w*) .*(?:tempo|option|tarif"
        r"|offres?|hp|hc|base|contrat|fournisseur)|(?:tempo|option|tarif|offre|contrat|fournisseur) .*(?:avantageu\w*"
        r"|interess\w*|rentable|moins chere?|mieux)|compar\w* .*(?:offres|tarifs|contrats)",
        rf"tempo|passer|changer|avantageu\w*|economis\w*|interess\w*|rentable|gagn\w*|mieux|plus|moins|cher|chere"
        rf"|option"
        rf"|tarifs?|offres?|hp|hc|creuses?|pleines?|heures|base|contrats?|fournisseur|autre|actuel\w*|edf|{_HOUSE}",
    ),
    rule(_Q.BACKUP, r"sauvegardes?|copie de secours", r"faite?s?|marche\w*|reussie?|ok|derniere?|nuit|etat|jour|quand"),
    rule(
        _Q.UPDATE,
        r"misesajour|nouvelle version|version",
        r"logiciel|faire|pas|non|disponible|attente|installer?|derniere|nouvelle|quelle|neuve|passerelle|boitier",
    ),
    rule(
        _Q.ERASE,
        r"(?:efface\w*|suppr\w*|detrui\w*|vid\w*) .*(?:(?:mes|nos|toutes les|tout\w* mes) (?:donnees|mesures|releves)"
        r"|historique)",
        r"efface\w*|suppr\w*|detrui\w*|vid\w*|donnees|mesures|releves|historique|faire|fait|fais|souhait\w*",
    ),
    rule(
        _Q.DECIDE,
        rf"(?:{_STOP}) .*(?:{_SHARED})"
        rf"|(?:ne|n|arret\w*) .*(?:plus|rien|pas) .*(?:partag\w*|envo\w*|transm\w*|voi\w*|recoi\w*|acced\w*|acces)"
        rf"|(?:ne|n) (?:partag|envo|transm|donn)\w+ (?:plus|rien|pas)"
        r"|plus (?:aucun|de) partage|(?:comment|ou) .*(?:partag\w+|autoris\w+)|(?:demande|accord|partage)s?"
        r" .*(?:refus|accept|arret)\w*",
        _DECIDING,
        2,
    ),
    rule(
        _Q.STATE,
        r"(?:compteur|linky) .*(?:envo|transm|communiqu)\w+ (?:bien|toujours|plus|encore|ses|des)",
        r"compteur|linky|(?:envo|transm|communiqu)\w+|bien|toujours|plus|encore|donnees|mesures|infos|releves",
    ),
    rule(
        _Q.SHARING,
        rf"qui .*(?:{_GIVEN}|sai\w*|espion\w*) .*(?:{_DATA})|(?:envo|transm|communiqu|partag)\w+ .*(?:{_DATA})"
        rf"|(?:voit|voient|recoit|recoivent|accede\w*|regarde\w*|acces) .*(?:{_DATA})"
        rf"|(?:{_DATA}) .*(?:partent|partie|vont|envoy\w+|transm\w+|partag\w+|privees?|vendu\w*|accessibles?)"
        rf"|(?:quoi comme|quelles) (?:{_DATA})|abonne\w* .*(?:{_DATA})"
        rf"|(?:{_WHO}|avec|a) .*(?:{_GIVEN}) .*(?:{_DATA})",
        # Of whom it is asked may have a name.
        rf"{_DATA}|{_GIVEN}|{_WHO}|sai\w*|espion\w*|partent|vont|a|ou|envoy\w+|priv\w+|vendu\w*|quoi|rien",
        1,
    ),
    rule(
        _Q.SHARING,
        r"qui (?:me |nous |m )?(?:recoit|voit|lit|demande|espionne|surveille|a acces)|destinataires?|accords?"
        r"|consentements?|demandes?|(?:je|on|nous) partage\w*|partages?|partage actuel",
        r"attente|attendent|cours|actuel\w*|quoi|actifs?|liste|donne\w*|nouvelles?|recu\w*|etat",
    ),
    rule(
        _Q.GOAL,
        r"objectifs?|budget|dans les clous",
        rf"depass\w*|explos\w*|large|marge|risqu\w*|serre|trop|ten\w+|respect\w*|rest\w*|atteint\w*|atteindr\w*"
        rf"|fix\w+|dans|clous|ok|bon|loin|{_HOUSE}|{_EASY}",
    ),
    rule(
        _Q.TEMPO,
        r"tempo|couleurs?|rouges?|blancs?|bleus?",
        r"jours?|queljour|rest\w*|demain|edf|sera|seront|saison|encore|quoi|koi|hiver|apres|pas|non|prevu\w*"
        r"|annonc\w*|va|etre"
        r"|passe|type",
    ),
    rule(_Q.WATER, r"eaux?|litres?", _WATER),
    rule(_Q.GAS, r"gaz", _WATER),
    rule(_Q.HEAT, r"chaleur", rf"{_WATER}|kwh|energie"),
    rule(
        _Q.AVERAGE,
        r"moyennes?|en moyenne|parjour|journaliere",
        rf"moyennes?|quotidien\w*|{_HOUSE}|{_EASY}",
    ),
    rule(
        _Q.MOST,
        r"queljour (?!.*depens).*plus|grossejournee",
        rf"queljour|plus|gourmand\w*|{_HOUSE}",
    ),
    rule(_Q.USAGE, r"(?:combien|conso\w*|kwh) .*(?:creuses?|pleines?|hc|hp)", rf"{_HOURS}|{_HOUSE}|en", dated=True),
    rule(
        _Q.PEAK,
        r"pics?|max|maxi|maximum|maximale|record|pointe|heures? de pointe|puissance .*elevee"
        r"|(?:quand|heure|moment) .*(?:le plus|plus forte?) .*|(?:quand|heure) .*conso\w* le plus",
        rf"puissance|watts?|demi|heure|pointe|gros|appel\w*|plus|moment|elevee?|forte?|{_HOUSE}",
    ),
    rule(
        _Q.COMPARE,
        r"(?:plus|moins|autant|mieux|pire|davantage) .*(?:que|qu)|par rapport|d habitude|comme d habitude"
        r"|(?:compar|augment|diminu|baiss|progress|evolu)\w+|(?:difference|ecart|versus|vs)",
        rf"plus|moins|autant|mieux|pire|davantage|rapport|habitude|difference|ecart|versus|vs|comme|entre|normal\w*"
        rf"|(?:compar|augment|diminu|baiss|progress|evolu)\w+|comment|ou|avant|{_HOUSE}|{_EASY}",
    ),
    rule(
        _Q.PRICE,
        r"(?:prix|cout\w*|combien) .*kwh .*(?:creuses?|pleines?|hc|hp)|prix .*(?:creuses?|pleines?|hc|hp)",
        rf"{_HOURS}|prix|cout\w*|vaut|maintenant|moment|actuel\w*|{_HOUSE}",
        dated=False,
    ),
    rule(
        _Q.USAGE,
        r"(?:consomm\w*|kwh|utilis\w*|(?<!dans )combien(?! de temps)) .*(?:creuses?|pleines?|hc|hp)",
        rf"{_HOURS}|{_HOUSE}|en",
        dated=False,
    ),
    rule(
        _Q.PRICE,
        r"(?:prix|combien|cout\w*) (?:du|d un|au|le|un) (?:kwh|kilowatt\w*)|prix .*(?:moment|maintenant|actuel\w*)"
        r"|prix de (?:l electricite|l energie|l heure)|(?:le|un|du) (?:kwh|kilowatt\w*)"
        r"|(?:cout\w*|combien) .*(?:de l|par|a l|une|d une) heure"
        r"|(?:electricite|courant|kwh) .*chere? .*(?:moment|maintenant|actuel\w*)|chere? (?:la|maintenant|en ce"
        r" moment)",
        rf"prix|cout\w*|heure|moment|maintenant|actuel\w*|chere?|vaut|pay\w*|{_HOUSE}|{_EASY}",
    ),
    rule(
        _Q.BASE_LOAD,
        r"(?<!la )veille|talon|(?:tourne|consomme|allume|tire|depense)\w* .*la nuit|la nuit .*(?:conso|tourne"
        r"|allume)\w*"
        r"|au repos|bruit de fond|de fond|nocturne|tout (?:est )?(?:eteint|arrete|coupe)|quand (?:on|tout le monde)"
        r" dort|pendant"
        r" .*sommeil",
        rf"qui|veille|talon|tourn\w*|allum\w*|nuit|repos|bruit|fond|watts?|reste|eteint|arrete|coupe|dort|quand|monde"
        rf"|rien|{_HOUSE}",
    ),
    rule(
        _Q.INDEX,
        r"index|releves?|(?:chiffres?|nombre|valeur) .*compteur|compteur (?:affiche|indique|dit|marque)",
        rf"linky|injection|edf|enedis|fournisseur|actuel\w*|{_HOUSE}|{_EASY}",
    ),
    rule(_Q.POWER, r"soutir\w*", r"inject\w*|maintenant|moment|reseau|courant", dated=False),
    rule(
        _Q.SOLAR,
        r"produi\w*|production|solaires?|panneaux?|photovolt\w*|inject\w*|autoconso\w*|surplus|revend\w*|renvoy\w*"
        r"|vendu\w*|pv|(?:mis|donn\w*|vers\w*|rendu|parti) .*reseau",
        rf"soleil|taux|edf|gard\w*|mis|rendu|parti|vers\w*|march\w*|rapport\w*|donn\w*|toit|part|memes?|pourcentage"
        rf"|vendu"
        rf"|{_HOUSE}|{_EASY}",
    ),
    rule(
        _Q.TARIFF,
        r"(?:quand|quelle heure|est ce) .*(?:creuses?|pleines?|hc|hp|cher)|(?:moins|pas|plus) cher"
        r"|(?:quand|quelle heure) .*(?:lanc|demarr|charg|recharg|branch|mett|met|tourn|programm)\w+",
        rf"{_HOURS}|{_CHORES}|moins|pas|plus|cher|repass\w*|pass\w*|temps|partir|nuit|bascul\w*|debut\w*|commenc\w*"
        rf"|finiss\w*|prochaines?|demain|jusqu|fin\w*"
        rf"|{_HOUSE}",
    ),
    rule(
        _Q.COST,
        r"cout\w*|prix|factur\w+|euros?|€|depens\w*|pay\w*|payer|argent|cher|(?:je|on) (?:vous )?do(?:is|it)|montant"
        r"|balles|sous",
        rf"montant|edf|prevu\w*|prevision|estim\w*|prochaine|fin|salee?|elevee?|moment|plus|courant|{_HOUSE}|{_EASY}",
    ),
    rule(
        _Q.TARIFF,
        r"creuses?|pleines?|hc|hp|tarif\w*|horaires?|periode"
        r"|(?:lanc|demarr|recharg|charg|branch|fai|mett|met|tourn|programm)\w+"
        r" .*(?:machines?|lessives?|linge|vaisselle|voiture|ballon|four)"
        r"|attend\w* .*(?:machines?|lessives?|linge|vaisselle|voiture|ballon)"
        r"|(?:machines?|lessives?|linge|vaisselle|voiture|ballon) .*(?:maintenant|quand|attend\w*|moment)",
        rf"avant|vaut|mieux|{_HOURS}|{_CHORES}|repass\w*|pass\w*|temps|partir|nuit|bascul\w*|seche|tarif\w*|horaires?"
        rf"|periode|debut\w*"
        rf"|commenc\w*|finiss\w*|maintenant|moment|demain"
        rf"|actuel\w*"
        rf"|prochaines?|quoi|cours|jusqu|fin\w*|{_HOUSE}",
    ),
    rule(
        _Q.POWER,
        r"puissance|watts?|kva|pourcent\w* .*abonnement|disjonct\w*|sauter?|plombs|conso\w* .*(?:maintenant|moment"
        r"|actuel\w*|instant\w*)"
        r"|soutir\w*|inject\w* .*(?:maintenant|moment)|(?:tire|tirons|tirez) .*",
        rf"puissance|watts?|kva|disjonct\w*|saut\w*|plombs|souscrite?|enedis|[1-9]|[1-3][0-9]|abonnement|contrat|maintenant"
        rf"|moment|actuel\w*"
        rf"|instant\w*|direct|risqu\w*|faire|fais|marge|trop|suite|bientot|pourcent\w*|assez|{_HOUSE}",
        dated=False,
    ),
    rule(
        _Q.STATE,
        r"etat|signaler|(?:tu )?marches|plus de nouvelles|tu es la|t es la|tout est (?:ok|bon)|derniere (?:lecture"
        r"|mesure|reception)|pannes?|alertes?"
        r"|problemes?|soucis?|erreurs?|defauts?|anomalies?|bugs?"
        r"|(?:tout|ca) (?:va|marche|fonctionne|roule|tourne)\w*"
        r"|marche|fonctionne|repond|ne va pas|en ligne|connecte\w*|debranche\w*|en ordre|branche"
        r"|(?:compteur|linky) .*(?:lu|lit|vu|entendu|recu)|recoi\w* .*(?:plus|rien|bien|toujours|compteur)",
        r"compteur|linky|passerelle|installation|systeme|boitier|gateway|bien|toujours|plus|pas|rien|depuis|il|y"
        r"|aucun\w*"
        r"|lu|lit|recoi\w*|donnees|mesures|normal\w*|ordre|signal\w*|correct\w*|pourquoi|quelque|chose|cours|en"
        r"|maison|nouvelles?|appli\w*|page",
    ),
    rule(
        _Q.HELP,
        r"aide\w*|(?:que|quoi|qu|quelles?) .*(?:sais|sait|savez|peux|peut|puis|pouvez|faire|demander|questions?|poser)"
        r"|tu sais faire|tu fais quoi|quoi tu sers|sers a quoi|comment (?:ca marche|ca fonctionne)|mode d emploi"
        r"|commandes?",
        r"aide\w*|sais|sait|savez|peux|peut|puis|pouvez|faire|fais|demander|poser|aider|questions?|sers|repondre|marche"
        r"|fonctionne|comment|utiliser|mode|emploi|possibles?|commandes?|disponibles?|choses?|liste",
    ),
    rule(
        _Q.POWER,
        r"(?:je|on|nous|maison|ca) consomm\w+|en ce moment|maintenant|actuel\w*|instant\w*|tout de suite",
        rf"{_HOUSE}|suite",
        dated=False,
    ),
    rule(
        _Q.USAGE,
        r"conso\w*|bilan|cram\w+|bouff\w+|claqu\w+|gaspill\w+|kwh|kilowatt\w*|electricite|energie|utilis\w+|elec"
        r"|brul\w+",
        rf"{_HOUSE}|{_EASY}",
    ),
    any_days(_Q.USAGE),
    rule(_Q.HELLO, r"bonjour|bonsoir|salut|coucou|hello", "tout|tous|monde|ca|va|bien"),
    rule(
        _Q.THANKS,
        r"merci\w*",
        "bonnejournee|beaucoup|bien|super|ok|parfait|d|avance|grand|infiniment|genial|info|reponse",
    ),
)
_KNOWN = frozenset(
    "a affiche afficher ai aime aimerais aimerait ait alors apprendre as au aujourd aussi autre aux avait avec avez"
    " avoir avons ben bien bonjour bonsoir bref c ca car ce cela celle ces cest cet cette ci combien comment connaitre"
    " coucou d dans de deja des desire devons dire dis dites dites dois doit donc donne donner donnez du elle elles"
    " en encore ensemble est"
    " et etait etaient ete etes etre eu es absente absents apparemment avis boite boitier chose crois croit disais"
    " disait dit disent effectivement estce etais etions gardee heure idee lequel laquelle lesquels meme memes parait"
    " pense pensez plutot pres raison rappeler represente rythme semble simplement subir sinon sera vraiment euh"
    " exactement fait faites faut font gateway hein hey hum il ils indique"
    " indiquer"
    " indiquez j jai je juste kwh l la le les leur linky lui m ma maison mais me mes moi mon montre montrer montrez"
    " n ne niveau nos notre nous on ont or ou oui par passerelle passe pendant petit petite peut peux peuvent pouvait"
    " veulent quelque chose plait plaît"
    " possible pour"
    " pourrais pourrait pourrez pourriez pouvez pouvons pu puis qu quand que quel quelle quelles quels qui quoi"
    " rappelle"
    " s sa sais sait salut sauriez savez savoir se sera serait ses si sommes son sont souhaite soit stp suis sur svp"
    " t ta"
    " te tes toi ton total totale tout toute tu un une va vais vas vaut venons veut veux vient viens voici voila voir"
    " vont"
    " vos votre voudrais voudrait voulais voulons vous y comme fois entre personne quelqu truc chez cote propos"
    " concernant".split()
)
_PERSON = (
    r"(?:ma|mon|mes|notre|nos|la|le|les|l) ?(?:petite? |grande? |belle |beau )?(?:femme|mari|fille|fils|enfants?|mere"
    r"|pere"
    r"|parents?|copine|copain|compagne|compagnon|conjointe?|epouse|epoux|soeur|frere|grand mere|grand pere|mamie|papi"
    r"|voisine?|voisins|colocs?|colocataires?|amie?|amis|gamins?|gosses?|ados?|famille|cherie?|proprietaire"
    r"|locataires?)"
    r"|maman|papa|mamie|papi|papy|tout le monde"
)
_ASKS = (
    r"(?:se |me |nous |te |vous )?(?:demande(?:nt)?|a demande|ont demande|veut|veulent|voudrait|voudraient|aimerait"
    r"|aimeraient|souhaite|souhaiterait|cherche a|s interroge)(?: (?:a )?(?:savoir|connaitre|voir))?"
    r"|(?:dit|disent|pense|trouve|croit|pretend|affirme)(?: que?)?"
)
_AROUND = re.compile(
    r"^(?:(?:bonjour|bonsoir|salut|coucou|hello|hey|yo|hep|allo|ok|dis|dites|alors|euh|he|eh|oui|bon)(?: (?:ca va|a"
    r" tous|a toi"
    r"|linky|la passerelle|gateway|toi|moi))? )+(?=.)"
    rf"|\b(?:{_PERSON}) (?:{_ASKS})(?: (?:si|a|qu))?(?= )|\b(?:pour|a) (?:{_PERSON})(?= |$)"
    r"|(?<=.)(?: (?:merci(?: (?:beaucoup|d avance|bien))?|s il (?:te|vous) plait|svp|stp))+$"
)
_ELSEWHEN = re.compile(
    r"\b(?:demain|prochaine?s?|matin|midi|soir|soiree|nuit|heures?|\d{1,2} ?h\d*|(?:par|chaque) \w+|hivers?|printemps"
    r"|automne|(?:cet|l|en|d|cette) ete|vacances|noel)\b"
)
_ORDERS = re.compile(
    r"\b(?:plus|pas|arret\w*|stop\w*|retir\w*|annul\w*|suppr\w*|effac\w*|revo[qc]\w*|coup\w*|bloqu\w*)\b"
)
_ELSE = re.compile(r"\b(?:wifi|internet|courant|compteur|chauffage|lumiere|mot)\b")
# As it is typed in a hurry, or heard.
_WRITTEN = {
    "mtn": "maintenant", "mnt": "maintenant", "maint": "maintenant", "tt": "tout", "pr": "pour", "ds": "dans",
    "g": "j ai", "jai": "j ai", "koi": "quoi", "ki": "qui", "kel": "quel", "kelle": "quelle", "kan": "quand",
    "bjr": "bonjour", "bsr": "bonsoir", "slt": "salut", "ke": "que", "kon": "qu on", "pk": "pourquoi",
    "cb": "combien", "cmb": "combien", "cbien": "combien", "combi1": "combien", "bcp": "beaucoup", "auj": "aujourd hui",
    "ajd": "aujourd hui", "ojd": "aujourd hui", "aujourdui": "aujourd hui", "ojourdui": "aujourd hui",
    "jourdhui": "aujourd hui", "sem": "semaine", "qd": "quand", "kk": "quelqu", "quelquun": "quelqu un",
    "jsuis": "je suis", "jme": "je me", "jpeux": "je peux", "chui": "je suis", "yavait": "y avait", "ya": "y a",
    "deux": "2", "trois": "3", "quatre": "4", "cinq": "5", "six": "6", "sept": "7", "huit": "8", "dix": "10",
    "quinze": "15", "vingt": "20", "trente": "30", "conssomation": "consommation", "€uros": "euros", "ete": "ete",
}  # fmt: skip
# What is none of the days that it seems to name.
_JOINED = (
    (re.compile(r"\b(?:toute|dans|pour) la journee\b"), ""),
    (re.compile(r"\bmises? a jour\b"), "misesajour"),
    (re.compile(r"\b(?:le|la) (?:jour|journee)(?= ou .*\bplus\b)"), "queljour"),
    (re.compile(r"\b(?:bon|bonne) (?:week end|journee|soiree|nuit|semaine|annee)\b"), "bonnejournee"),
    (re.compile(r"\b(?:par|chaque) jour\b"), "parjour"),
    (
        re.compile(
            r"\b(?:quel(?:le)?|le|la) (?:est |a ete |etait )?(?:la |le |ma |mon |notre )?(?:jour|journee)(?="
            r" .*\bplus\b)"
        ),
        "queljour",
    ),
    (re.compile(r"\bplus (?:grosse|forte|grande) journee\b|\b(?:jour|journee) record\b"), "grossejournee"),
    (re.compile(r"\bquel jour\b"), "queljour"),
)
_SPELT = frozenset(
    "combien consommation consomme consommer electricite semaine derniere dernier maintenant creuses pleines facture"
    " objectif puissance production panneaux solaire compteur donnees recoit janvier fevrier juillet septembre octobre"
    " novembre decembre mercredi vendredi samedi dimanche depense bonjour budget partage lessive machine aujourd"
    " passerelle probleme moment tarif index budget hier veille bilan".split()
)
FRENCH = Grammar(_RULES, _KNOWN, _AROUND, _ORDERS, _ELSEWHEN, _WRITTEN, _JOINED, _SPELT, _ELSE)
