"""The words with which a household asks in French, by what they hint at (``scores``); small letters, no accents."""

from __future__ import annotations

from gateway.notices.chat.vocabulary import vocabulary

# A star stands for any ending. What is of several concepts stands in several lines.
_CONCEPTS = {
    # What is asked about.
    "energy": "conso* consom* consum* electri* energ* kilowatt* kwh courant jus elec electricite elek cram* bouff*"
    " claqu* gaspill* brul* crach* soutir* aval* pomp* englout* utilis* tire tires tirent tirons tirez tirait tirer"
    " tiree depens* consommation consommations consommer consommons avale manger mange mangent mangee bilan grill*"
    " engloutit",
    "kwh": "kwh kilowattheure kilowattheures kilowatt kilowatts kilowattheur",
    "drawing": "consomme consommes consomment consommons consommez consomm tire tires tirent tirons tirez pompe"
    " pompent bouffe bouffent utilise utilisons utilisent soutire soutirons prend crame depense avale",
    "used": "consomme consommes consommee consommees utilise utilises utilisee utilisees",
    "money": "cout* euro euros € depens* pay* paie paies paient montant prix cher chere chers cheres eur couteuse"
    " couteux revenue revenu revient revenir debours* ruin* prelev* salee douloureuse facture factures factur*",
    "cash": "argent sous balles thune thunes fric",
    "bill": "prelev* facture factures factur* salee echeance mensualite mensualites douloureuse addition",
    "price": "prix cout coute coutent cher chere chers cheres paie paye payons",
    "kwhunit": "lekwh",
    "perhour": "parheure",
    "power": "puissance puissances watt watts kw kva puiss instantanee",
    "trip": "disjonct* plombs plomb sauter saute disjoncteur",
    "subscribed": "souscrit* souscri* abonnement contrat kva reglage regle reglee",
    "limit": "limite limites",
    "near": "marge loin proche depasser depasse pourcent pourcentage bord",
    "solar": "panneau panneaux produi* production productions solaire solaires photovolt* pv inject* injection"
    " reinject* autoconso* surplus revend* vendu vendue vendus vends vendons vend revente renvoy* autoproduction"
    " autoproduit ensoleill* onduleur",
    "grid": "versreseau",
    "sun": "soleil toit toiture",
    "offpeak": "offpeak hc hp creuses creuse pleines pleine hphc",
    "cheap": "moinscher tarifreduit",
    "tariff": "tarif tarifs tarifaire tarifaires horaire horaires periode periodes plage plages",
    "run": "lanc* demarr* recharg* charg* branch* tourn* programm* faire fais mettre mets enclench* allumer laver"
    " utiliser route partir attendre attends attendons attend patienter",
    "chore": "machine machines lave lessive lessives linge vaisselle voiture auto ballon seche cumulus chauffeeau"
    " four aspirateur lavelinge lavevaisselle sechelinge vehicule cuisson",
    "colour": "couleur couleurs tempo",
    "tempo": "tempo",
    "red": "rouge rouges blanc blancs blanche blanches bleu bleus bleue bleues",
    "goal": "objectif objectifs budget budgets clous cible plafond enveloppe",
    "water": "eau eaux litre litres flotte",
    "gas": "gaz",
    "heat": "chaleur calories",
    "average": "moyenne moyennes moyen parjour quotidienne quotidien journaliere journalier",
    "most": "leplus record pire gourmand gourmande gourmands gourmandes",
    "dayword": "queljour grossejournee journee journees jour",
    "topday": "topday",
    "max": "pic pics max maxi maximum maximal maximale pointe pointes record leplushaut maxima plafonne",
    "highest": "leplus plusgros elevee eleve forte haut haute",
    "compare": "plusque compar* rapport habitude augment* diminu* baiss* progress* evolu* evolution difference ecart"
    " versus vs plusoumoins dhabitude mieux hausse grimpe autant moinsque davantage pareil contre",
    "standby": "veille talon residuel* residuelle fond nocturne",
    "asleep": "sommeil dort dorment couche couches couchee dormons repos toutestcoupe ralenti bruit minimale minimum"
    " eteint eteints eteinte eteintes endormi*",
    "night": "nuit nuits",
    "index": "index releve releves indexes relever",
    "meter": "compteur linky compteurs",
    "says": "affiche indique marque chiffre chiffres nombre numero valeur",
    "fault": "panne pannes alerte alertes probleme problemes souci soucis erreur erreurs defaut defauts anomalie"
    " anomalies bug bugs ennui ennuis coince debranche debranchee hs signaler cloche deconne foire plante plantee"
    " bizarre anormal defaill* dysfonction* mauvais",
    "works": "marche marches marchent fonctionne fonctionnent fonctionner roule repond repondent vivant vivante"
    " connecte connectee connectes enligne etat statut branche ordre toutvabien actif active operationnel"
    " operationnelle vivants parle parlent",
    "fine": "ok bon bonne bien normal normale nickel correct correctement",
    "silent": "plusdenouvelles plusdemesures",
    "lastread": "derniermesure",
    "box": "boitier passerelle boite gateway systeme installation appli application logiciel truc machin bidule",
    "all": "tout toutes tous ca rien",
    "days": "jour jours journee journees",
    "data": "donnees donnee infos info informations information mesures mesure releves chiffres courbe courbes vie"
    " historique",
    "see": "recoi* recev* recu recue recus voir vois voit voient voyez voie vu lit lisent lire acce* acces accede"
    " accedent partag* envo* transm* communiqu* recup* regard* consult* surveill* espion* transfer* donne donnes"
    " fournis fournit collect* captent vend",
    "know": "sai* connai* savoir",
    "may": "peux peut puis dois doit faut pouvons devrais devrait attendre attends attend mieux ideal conseilles"
    " patienter moment",
    "go": "partent partie vont va sont arrive arrivent atterri* restent reste sort sortent part stock*",
    "who": "qui quelqu quelquun personne personnes lesquels autres gens aqui abonne abonnes monde",
    "party": "coop cooperative mairie edf enedis voisin voisins voisine syndic commune ville internet exterieur"
    " fournisseur destinataire destinataires bailleur proprietaire dehors tiers installateur",
    "recipient": "destinataire destinataires consentement consentements",
    "share": "partag* partage partages destinataire destinataires consentement consentements accord accords"
    " autorisation autorisations autoris*",
    "request": "demandes demande requete requetes",
    "waiting": "attente attendent cours nouvelles nouvelle recues nouveau",
    "install": "install*",
    "message": "mail mails email sms texto textos",
    "stop": "arret* stop* retir* annul* revoq* revoc* coup* bloqu* desactiv* cess* interdi* suspend* suspendre"
    " enlev* refus* accept* autoris* mettrefin nepas suppr* empech* efface* neplus",
    "delete": "efface* effacer suppr* supprimer detrui* vide vider videz purge* oublie",
    "warn": "previens previent prevenir previendr* prevenez previen* alertemoi alertermoi avertis* averti* avertir"
    " notifi* notification notifications signale signales alertez alerter avertissement prevenu prevenus",
    "cond": "si quand lorsque lorsqu",
    "setting": "mets mettre fixe* fixer change* changer modifi* definis definir regle regler reglage reglages"
    " parametr* configur* choisir augmenter baisser rentre rentrer entrer ajout*",
    "settable": "limite objectif budget alerte alertes plafond seuil notification notifications avertissement",
    "offer": "option options offre offres contrat fournisseur abonnement formule formules tempo base tarif tarifs",
    "gain": "avantageu* economis* moinscher interess* rentable gagn* mieux avantage avantages interet interessant"
    " meilleur meilleure meilleures valoir vautlecoup economies economie",
    "different": "autre autres differente different changer changeant",
    "another": "changer passer prendre autre autres avec chez",
    "forecast": "estim* previ* prevoi* projection fin bientot",
    "send": "envo* transm* communiqu* transfer* partag*",
    "give": "donne donner donnez",
    "backup": "sauvegarde sauvegardes sauvegardee sauvegardees sauvegard* backup backups copiedesecours",
    "update": "misesajour version versions ajour maj",
    "page": "page site adresse lien url appli application graphique graphiques graphe graphes courbes ecran navigateur",
    "where": "adresse lien url ou ouvr* ouvrir trouve trouver acced* acceder connecter aller va voir",
    "hello": "bonjour bonsoir salut coucou hello hey yo allo bjr hola",
    "thanks": "merci mercis remerci*",
    "nice": "bonnejournee super parfait genial bien top gentil sympa cool nickel ok beaucoup infiniment"
    " aimable aimables adorable adorables excellent excellente impeccable formidable utile",
    "help": "aide aider aidez aidemoi commande commandes modedemploi questionspossibles",
    "question": "questions question",
    "ability": "sais sait savez peux peut puis pouvez sers sert fais faire poser demander repondre possible"
    " possibles comprends comprendre fonctionne marche servez",
    "you": "tu toi te vous",
    "what": "que quoi qu quels quelle quelles quel",
    "person": "femme mari fille fils enfant enfants mere pere parents copain copine compagne compagnon conjoint"
    " conjointe epouse epoux soeur frere mamie papi papy maman papa grandmere grandpere coloc colocs colocataire"
    " colocataires ami amie amis gamin gamins gosse gosses ado ados cherie cheri belle bellemere beaupere tante oncle"
    " cousin cousine bebe famille rentre rentrons revient reviens vacances absence technicien madame monsieur",
    # How it is asked.
    "howmuch": "combien total totale quantite quoi chiffres chiffre bilan resultat donne",
    "when": "quand quelleheure combiendetemps jusqu heure horaire horaires prochaine prochaines prochain moment",
    "how": "comment",
    "now": "maintenant encemoment actuel* actuelle instant instantanee instantane direct toutdesuite lala present"
    " immediat immediatement enlive live",
    "tomorrow": "demain lendemain",
    "later": "demain lendemain prochain prochaine prochains prochaines matin matinee midi soir soiree nuit alheure"
    " futur avenir",
    "weather": "froid froide chaud chaude doux",
    "season": "hiver hivers printemps automne vacances noel",
    "neg": "neplus plus pas rien aucun aucune jamais",
    "or": "ou",
    "and": "et",
    "article": "un une de d du des le la les l au aux mon ma mes notre nos son sa ses ce cette cet",
    "electric": "electri* elec courant kwh",
    "status": "etat statut fonctionne fonctionnes marches repond repondent enligne toutvabien connecte connectee"
    " vivant vivante",
    # What an answer about the house as a whole, in figures, would not be true of.
    "thing": "frigo frigos refrigerateur congelateur congel tele tv televiseur television four machine machines lave"
    " lavelinge lavevaisselle sechelinge seche voiture auto vehicule trottinette velo chauffage chaudiere radiateur"
    " radiateurs clim climatisation climatiseur cumulus ballon chauffeeau piscine lampe lampes lumiere lumieres"
    " ampoule ampoules ordinateur ordi wifi bouilloire micro ondes aspirateur appareil appareils plaque plaques"
    " cuisine batterie batteries chambre salon garage bureau cave pac jacuzzi spa imprimante console robot telephone"
    " prise prises fer borne portail volets volet vmc equipement equipements electromenager hotte cafetiere recharge"
    " guirlande sapin aquarium",
    "others": "voisin voisins voisine voisines autrui demamie autres",
    "without": "sans sauf hors hormis excepte exceptee seulement uniquement partir jusqu ht ttc horstaxe taxes taxe"
    " quela quele queles quelen juste desormais onlythat parmois poste postes jusque",
    "around": "entre avant apres",
    "since": "depuis",
    "why": "pourquoi pkoi",
    "advice": "reduire economiser baisser diminuer optimiser",
    "future": "feraplustard sera seront serons serai aura aurons auront fera ferons coutera payera paiera paierai"
    " paierons consommera consommerons depensera depenserai depenserons",
    "else": "meteo pluie pleut pleuvoir neige temperature degres blague blagues musique chanson pizza match film"
    " recette essence gasoil carburant fuite moto train bus medecin restaurant table facteur colis releveur fenetre"
    " porte capitale baguette cafe pain age aime soleille prenom travail ecole football score ejp achet* acheter"
    " achat chat chien ivresse clignote voyant visage impots impot baignoire cle cles clefs rib identite",
}
# What says nothing of what is asked.
_PLAIN = (
    "a absent absente absents afficher affichez ah ai aie aimerais aimerait aimeriez aimerions ait "
    "allait allez allons alors an annee annees ans aout apparemment appart appartement apprendre approximativement as "
    "assez attendu aujourd aujourdhui auquel aura aurais aurait auriez auront aussi avaient avais avait avance "
    "avanthier avez avions avis avoir avons avril ayant bah baraque beau ben bref brouillard c car ceci cela celle "
    "celui certain ces cest chalet chaque chose choses ci comme concernant connait connaitre cote cubes dans date "
    "debut decembre deja dernier derniere dernieres derniers desole detail detaille detaillee details devons dimanche "
    "dire dis dit dites domicile donc donnent electricien electriciens elle elles en encore end ensemble environ "
    "epoque est r z etaient etais etait etant ete eteindre eteins etes etions etre eu euh eux "
    "exact exacte exactement exploser faisait faisons fait faite faites fallait faudra faudrait fera feraient ferais "
    "ferait feras fevrier finalement fini fois font foyer general generale generaux globalement gouter grand grande "
    "gris grise grosso habitation he hein heures hier hop hui hum ici idee il ils indiquer indiquez informe informer "
    "j jai janvier je jeudi juillet juin labas laquelle lequel lesquelles leur leurs locataire logement lors lu lue "
    "lui lundi m m3 mai mais maison malgre mardi mars me meme memes menage mercredi metres mien mienne milieu minuit "
    "mis mise mises modo moi moins mois montre montrer montrez n ne ni niveau niveaux non normalement nous novembre "
    "nuage nuages octobre oh on ont or ouais oui par parait parce parler parties passe passee passees passes pendant "
    "pense pensez personnellement petit petite petits peu peutetre peuvent peuxtu pile plait plutot point posee pour "
    "pourra pourrai pourrais pourrait pourrez pourriez pouvais pouvait precedent precedente precisement prends pres "
    "presque pris proportion propos pu quasi quelque quelques raison rapidement rappel rappeler rappelez rappelle "
    "recap recapitulatif recemment reel reelle renseigner rentree rentres reprendre represente ressenti ressort "
    "restant restants rester resume resumer rythme s samedi saurais sauriez se semaine semaines semble sens separant "
    "separement separer septembre sera serai seraient serait seront seul seule simplement sinon situation soit sommes "
    "sors sortez sortir souhaite souhaiterais souhaiterait souhaitons stp subir suis suite suivant suivi suivre sur "
    "surtout svp t ta tant tard taux tel telle tellement temps tes ti tiens ton tot toujours toute tranche trop uns "
    "vais vas vaut vendredi venons verifie verifier vers veulent veut veux viens vient vite voici voila vos votre "
    "voudrais voudrait voulais voulons vrai vraiment week weekend y ya yavait coule coulent couler bail gros grosse"
    " forte effort efforts"
)
_HURRIED = {
    "mtn": "maintenant", "mnt": "maintenant", "maint": "maintenant", "tt": "tout", "pr": "pour", "ds": "dans",
    "g": "j ai", "jai": "j ai", "gt": "j etais", "koi": "quoi", "kwa": "quoi", "ki": "qui", "kel": "quel",
    "kelle": "quelle", "kan": "quand", "kand": "quand", "bjr": "bonjour", "bsr": "bonsoir", "slt": "salut",
    "cc": "coucou", "ke": "que", "k": "que", "q": "que", "kon": "qu on", "kil": "qu il", "pk": "pourquoi",
    "pq": "pourquoi", "pkoi": "pourquoi", "cb": "combien", "cmb": "combien", "cbien": "combien", "cmbien": "combien",
    "kombien": "combien", "combi1": "combien", "bcp": "beaucoup", "auj": "aujourd hui", "ajd": "aujourd hui",
    "ojd": "aujourd hui", "aujourdui": "aujourd hui", "aujourdhui": "aujourd hui", "aujourd8": "aujourd hui",
    "ojourdui": "aujourd hui", "jourdhui": "aujourd hui", "aujourdhuis": "aujourd hui", "2main": "demain",
    "dem1": "demain", "dmain": "demain", "sem": "semaine", "qd": "quand", "kk": "quelqu", "quelquun": "quelqu un",
    "kelkun": "quelqu un", "qqun": "quelqu un", "qq1": "quelqu un", "qqn": "quelqu un", "jsuis": "je suis",
    "jme": "je me", "jpeux": "je peux", "jveux": "je veux", "jvais": "je vais", "chui": "je suis", "chuis": "je suis",
    "yavait": "y avait", "ya": "y a", "yaura": "y aura", "yen": "y en", "t": "tu", "keske": "qu est ce que",
    "kesk": "qu est ce que", "qqch": "quelque chose", "estce": "est ce", "esk": "est ce que", "eske": "est ce que",
    "questce": "qu est ce", "lundis": "lundi", "ct": "c etait", "cetait": "c etait", "sa": "ca", "sava": "ca va",
    "ms": "mais", "ac": "avec", "vs": "versus", "dsl": "desole", "pls": "svp", "please": "svp", "mdr": "", "lol": "",
    "deux": "2", "trois": "3", "quatre": "4", "cinq": "5", "six": "6", "sept": "7", "huit": "8", "neuf": "9",
    "dix": "10", "quinze": "15", "vingt": "20", "trente": "30", "premier": "1", "1ier": "1er", "we": "week end",
    "wk": "week end", "janv": "janvier", "fev": "fevrier", "avr": "avril", "juil": "juillet", "oct": "octobre",
    "nov": "novembre", "dec": "decembre", "fact": "facture", "prod": "production", "elek": "electricite", "kws": "kwh",
    "kwatt": "kwh",
}  # fmt: skip
# In this order, and each on what the ones before have left.
_IDIOMS = (
    (r"(?:c est quoi|qu est ce (?:que c est )?qu|definition d) (?:un|une) \w+|ca veut dire|que veut dire|signifie",
     "meteo"),
    # "va-t-on": a "t" alone is read as "tu".
    (r"(?:va(?:s|is|nt)?|va tu|allons|allez) (?:[mnts]e |nous |vous |lui |on |ils? |elles? |je |tu )?"
     r"(couter|payer|depenser|consommer|utiliser|produire|revenir|devoir)",
     r"feraplustard \1"),
    (r"(?:tu|vous) trouv\w+|trouv(?:es|ez) (?:tu|vous)", "meteo"),
    (r"a la maison|chez (?:nous|moi)|du foyer", "maison"),
    (r"mises? a jour|nouvelle version", "misesajour"),
    (r"(?:es|est|etes|suis) (?:bien |toujours )?a jour", "ajour"),
    (r"(?:bon|bonne) (?:week end|journee|soiree|semaine|annee|apres midi)", "bonnejournee"),
    (r"mode d emploi", "modedemploi"),
    (r"copie de secours", "copiedesecours"),
    (r"week ?ends?", "week end"),
    (r"chauffe eau|eau chaude sanitaire", "chauffeeau"),
    (r"ballon(?: d eau(?: chaude)?)?|eau chaude", "cumulus"),
    (r"pompe a chaleur", "pac"),
    (r"lave linge", "lavelinge"),
    (r"lave vaisselle", "lavevaisselle"),
    (r"seche linge", "sechelinge"),
    (r"grille pain|seche cheveux|micro ondes?", "frigo"),
    (r"tout a l heure", "alheure"),
    (r"(?:a )?quelle date", "quand"),
    (r"plein tarif|tarif plein", "offpeak"),
    (r"heures? (?:creuses?|pleines?)|tarif de nuit|tarif (?:heures? )?(?:creuses?|pleines?)", "offpeak"),
    (r"creuses? ou (?:en )?pleines?|pleines? ou (?:en )?creuses?|hp ?/ ?hc|hc ?/ ?hp", "offpeak"),
    (r"(?:moins|pas) (?:trop )?chere?s?(?= que la mienne| que le mien| que l actuel\w*)", "moinscher"),
    (r"(?:moins|pas|plus) (?:trop )?chere?(?! que?\b)(?! mois)", "moinscher"),
    (r"tarif (?:reduit|bas|avantageux|nuit)|bas tarif", "tarifreduit"),
    (r"(?:toute|dans|pour) la journee", ""),
    (r"prochaine facture|facture prochaine", "facture"),
    (r"en ce moment|pour le moment|a cet instant|a l instant|tout de suite|a l heure actuelle|a l heure qu il est",
     "encemoment"),
    (r"la(?= encemoment| maintenant|$)", "lala"),
    (r"en direct|en temps reel", "enlive"),
    (r"(?:par|de l|a l|chaque|l|une|d une) heure(?! qu| de pointe| est| d)", "parheure"),
    (r"(?:a |de |jusqu a |vers )?quelle heure|quelles? heures?", "quelleheure"),
    (r"(?:dans |pendant |d ici |depuis )?combien de temps", "combiendetemps"),
    (r"(?:le|un|du|au|par|chaque|d un|ton|mon) (?:kwh|kilowatt ?heure|kilowatts?)", "lekwh"),
    (r"kilowatt heures?|kw h|kw/h", "kwh"),
    (r"(?:en moyenne )?(?:par|chaque|tous les) jours?", "parjour"),
    (r"a quelqu un", "aqui"),
    (r"(?:plus|pas) de nouvelles?", "plusdenouvelles"),
    (r"plus (?:de |aucune? |rien )(?:mesures?|donnees?|releves?|chiffres?)|(?:recoi\w+|remont\w+|affich\w+) (?:plus)",
     "plusdemesures"),
    (r"derniere? (?:lecture|mesure|reception|releve|donnees?|trame|remontee)|derniere? fois .{0,20}(?:compteur|linky)",
     "derniermesure"),
    (r"(bonjour|bonsoir|salut|coucou|hello) ca va(?: bien)?", r"\1"),
    (r"tout (?:va|roule|marche|fonctionne|tourne)(?: bien)?|tout est (?:bon|ok|normal|en ordre)|ca va bien|ca roule"
     r"|(?:boitier|passerelle|boite|compteur|linky|systeme) va (?:bien|mal)", "toutvabien"),
    (r"(?:tu es|t es|es tu|vous etes|etes vous) (?:encore |toujours )?(?:la|lala)", "enligne"),
    (r"qu est ce qui|ce qui", "quoi"),
    (r"(?:ne |n )?(?:veux|veut|voulons|souhaite) plus", "neplus"),
    (r"(?:(?:les|mes|nos|le|la|ma|mon) )?voisin\w* (?:demandent?|veulent|veut|voudrai\w+)(?: savoir)?", ""),
    (r"(?:(?:les|des|nos|mes) )?appareils en veille", "veille"),
    (r"fournisseur d acces|acces internet|aider (?:a|avec)", "meteo"),
    (r"(?:cet|l|en|d|cette) ete", "hiver"),
    (r"en ligne|(?:est|bien) lu", "enligne"),
    (r"comment (?:ca|cela|tu) (?:marche|fonctionne)s?", "modedemploi"),
    (r"mettre fin|met fin|mets fin", "mettrefin"),
    (r"(?:tout|tous|toutes)(?: \w+)?(?: \w+)? (?:eteint|eteints|coupe|arrete|debranche|couches?|dort|dorment)\w*"
     r"|(?:quand|lorsqu\w*|pendant qu\w*) (?:\w+ ){1,3}(?:dort|dorment|dors|dormons|absents?|partis?|au lit)",
     "toutestcoupe"),
    (r"plus ou moins", "plusoumoins"),
    (r"quel(?:le)?s? (?:(?:est|a ete|etait|fut) )?(?:(?:le|la|ma|mon|notre) )?(?:jour|journee)s?|(?:le|la)"
     r" (?:jour|journee)(?: ou| la)?(?= .*\b(?:le|la) plus\b)|jour(?:nee)?(?= (?:ou|la) .*\b(?:le|la) plus\b)",
     "queljour"),
    (r"(?:jour|journee) record|(?:jour|journee)(?= (?:le|la) plus)|(?:plus )?(?:grosse|forte|grande) journee",
     "topday"),
    (r"(?:le|la|les|du|au) plus (?:haut|haute|forte?|elevee?|importante?|grosse?|gros)|plus (?:gros|grosse|forte"
     r"|haute?|elevee?|importante?)(?! que?\b)", "leplushaut"),
    (r"(?:le|la|les) plus|(?:le|la) maximum", "leplus"),
    (r"(?:plus|moins|autant|mieux|pire|davantage|meilleure?|inferieure?|superieure?)(?= (?:\w+ ){0,5}que?\b"
     r"(?! moi\b))", "plusque"),
    (r"(?:plus|moins|mieux|pire|meilleur)(?= que?\b)", "plusque"),
    (r"(?:comme )?d habitude|qu a l ordinaire|que la normale", "dhabitude"),
    (r"il y a (?:une?|\d{1,2}) (?:ans?|semaines?|mois|heures?|minutes?)", "sauf"),
    (r"charge (?:actuelle|electrique|instantanee|de la maison|du moment)", "puissance maintenant"),
    (r"ailleurs", "autre offre"),
    (r"en (?:plein|creux|pleines?|creuses?)|tarif creux", "offpeak"),
    (r"bonne nuit", "bonsoir"),
    (r"etat des lieux", "bail"),
    (r"combien (?:on|nous) (?:etait|etions|sommes|serons|sera)(?! a)", "meteo"),
    (r"(?:quand|lorsqu\w*) (?:on|nous|personne|tout le monde) (?:\w+ ){0,3}(?:pas|absent\w*|dehors)(?: lala)?",
     "toutestcoupe"),
    (r"releves? de (?:conso\w*|la conso\w*)", "consommation"),
    (r"(?:au|en) (?:dessus|dessous)|au dela", "plusque"),
    (r"combien (?:d heures|de (?:fois|minutes|personnes|gens|monde))|(?:est|ete|etait|deja|bien) (?:elle |il )?payees?"
     r"|c est quoi (?:tempo|linky|kva|ejp)$|a quoi ser(?!s)\w+", "meteo"),
    (r"par (?:personne|tete|habitant|piece|appareil)s?", "parmois"),
    (r"(?:devoir|dois|doit|verser) a (?:edf|mon fournisseur)", "facture"),
    (r"(?:maison|appartement|appart|logement) (?:est |reste )?vide|quand (?:il n y a |y a )?personne", "toutestcoupe"),
    (r"(?:en|m en|t en) (?:ai|a|avons|aurai|aura|aurons|avez) (?:eu )?pour combien", "facture combien"),
    (r"(?:un|une) (?:nouveau|nouvelle|autre) (?!offre|contrat|fournisseur|option|formule|version)\w+", "meteo"),
    (r"depuis quand", "quand"),
    (r"(?:max |maximum |maximale |maxi )?(?:autorisee?|contractuelle|disponible)(?= |$)",
     "souscrite"),
    (r"depass\w+ (?:celui|celle|ceux|celles)", "plusque"),
    (r"des qu\w*|au cas ou|si jamais|s il(?! te plait| vous plait)", "si il"),
    (r"que la (?:precedente|derniere|passee)", "que la semaine derniere"),
    (r"que le (?:precedent|dernier|passe)(?! mois)", "que le mois dernier"),
    (r"a part", "hormis"),
    (r"combien (?:est ce qu\w* )?(?:je|on) (?:vous |leur |lui )?do(?:is|it)(?= a edf|$)", "combien facture"),
    (r"mont(?:e|es|ee|ees) (?:jusqu )?a combien", "max combien"),
    (r"vaut le coup|vaudrait le coup", "vautlecoup"),
    (r"vaut mieux|vaudrait mieux|mieux vaut|ferais mieux", "vaut"),
    (r"sur le reseau|au reseau|vers le reseau|a edf(?= |$)(?<=reseau)", "versreseau"),
    (r"(?:mot de passe|temps (?:fait|fera)\w*|quel temps|temps qu il)", "meteo"),
    (r"(?:chez|de|d|pour) (?:ma |mon |la |le |l |mes )?(?:mamie|mere|pere|soeur|frere|tante|belle mere|maman|papa|papi"
     r"|amie?|copine?|oncle|cousine?|fils|fille)(?= |$)", "demamie"),
    (r"(?:par|chaque|tou(?:te)?s les) (?:semaines?|mois|ans?|annees?)", "parmois"),
    (r"\d{1,2} ?h(?:eures?)?(?: ?\d\d)?", "alheure"),
    (r"hors tax\w*", "horstaxe"),
    (r"depuis toujours", "sauf"),
    (r"alert\w* (?:moi|nous)|(?:m|nous) alert\w*", "alertemoi"),
)  # fmt: skip
_DEEDS = (
    r"pay(?:e|er|ez|es)|paie[sz]?|regle[rz]?|pass(?:e|er|ez)|bascul\w+|chang(?:e|er|ez)|mets|mettre|mettez|eteins"
    r"|eteind\w+|allum\w+|coupe[rz]?|appelle|appelez|appeler|commande[rz]?|augment(?:e|er|ez)|monte[rz]?|baisse[rz]?"
    r"|diminue[rz]?|reserve[rz]?|achete[rz]?|acheter|lance[rz]?|demarre[rz]?|recharge[rz]?|charge[rz]?|ouvre[sz]?"
    r"|ouvrir"
    r"|ferme[rz]?|programme[rz]?|active[rz]?|desactive[rz]?|branche[rz]?|debranche[rz]?|resilie[rz]?|souscri[rstv]\w*"
    r"|redemarre[rz]?|relance[rz]?|joue[rz]?|fais|faites|faire tourner|cuis|prends rendez|arrete[rz]?|stoppe[rz]?"
    r"|reduis"
    r"|installe[rz]?|trouve[rz]?[ -](?:moi|nous)|telephone[rz]?|ecris|ecrire|contacte[rz]?|reclame[rz]?"
    r"|rembourse[rz]?|signe[rz]?|tradui\w+|limite[rz]?"
)
_ORDERS = (
    r"(?:^|\b(?:peux|pourrais|peut|vas) tu |\btu (?:peux|pourrais|vas|veux)(?: pas)? |\b(?:pouvez|pourriez|voulez"
    r"|allez) vous "
    r"|\bvous (?:pouvez|pourriez)(?: pas)? |\bmerci de |\bveuillez |\bque (?:tu|vous) |\b(?:je|on|nous) (?:veux"
    r"|voudrais"
    r"|voudrait|voulons|veut|souhaite|aimerais|voulait|souhaiterais) |\bil (?:faut|faudrait) )"
    r"(?:(?:bonjour|bonsoir|salut|coucou|allo|hey|stp|svp|alors|dis|bon|ok|et|donc|bien|juste|vite|me|m|nous|lui|moi|le"
    r"|la|l|les|s il te plait|s il vous plait) )*"
    rf"(?:{_DEEDS})\b"
)
FRENCH = vocabulary(
    _CONCEPTS,
    _PLAIN,
    _HURRIED,
    _IDIOMS,
    r"(d|l|j|n|m|s|c|qu)([aeiouyh].*)",
    _ORDERS,
)
