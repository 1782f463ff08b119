// What the page says, in French and English.

export const WORDS = {
  fr: {
    title: "Mesures reçues", other: "English", language: "Read this page in English",
    day: "Jour", week: "Semaine", before: "Avant", after: "Après",
    about: "Ce navigateur reçoit les mesures lui-même et les garde ici. Le mot de passe n’est pas gardé par la page.",
    jid: "Votre adresse XMPP", password: "Mot de passe", server: "Adresse WebSocket de son serveur", gateway: "Adresse complète de la passerelle du foyer",
    branch: "Série ou branche à recevoir", receive: "Recevoir",
    nothing: "Rien n’a encore été reçu. Les mesures s’affichent ici dès qu’elles arrivent.",
    unreadable: "Les mesures ne se lisent pas pour le moment. Vérifiez que le programme tourne toujours ; la page réessaie seule.",
    noneHere: "Aucune mesure sur cette période.", last: "Dernière mesure", lowest: "le moins", highest: "le plus", total: "Total", value: "Valeur",
    raw: "au fil de l’eau", PT1M: "par minute", PT15M: "par quart d’heure", PT30M: "par demi-heure", P1D: "par jour",
    perHour: "par heure", perDay: "par jour",
    roof: "Ma part d’un toit", held: "Mes parts", of: "Parts en tout", own: "Ma consommation", myPart: "Ma part", drawn: "Soutiré du réseau", covered: "couvert",
    sharesMissing: "Écrivez combien de parts vous avez, et combien il y en a en tout.",
    tooManyInverters: "Plus de {most} onduleurs sont reçus : cette page n’en additionne pas autant, et sans les autres le total serait faux.",
    sharesUnknown: "La production et votre consommation ne sont connues ensemble pour aucune demi-heure de ce jour.",
    online: "Connecté. En attente de la passerelle.", offline: "Pas de connexion. La page réessaie seule.", subscribed: "Connecté : les mesures arrivent.",
    "no consent": "Le foyer n’a pas donné son accord pour cette série. Demandez-le-lui ; la page réessaie seule.",
    "not subscribed": "La passerelle ne répond pas. La page réessaie seule.",
    "not stored": "Une mesure n’a pas pu être gardée : la mémoire de ce navigateur est peut-être pleine. Elle sera envoyée à nouveau.",
    "not read": "Un message de la passerelle n’est pas compris. Mettez cette page à jour.",
    elsewhere: "Cette page reçoit déjà dans un autre onglet.",
    "consent-withdrawn": "Le foyer a retiré son accord : ce qu’il demande d’effacer est effacé.", "data-erased": "Le foyer a effacé des mesures : elles sont effacées ici aussi.",
    "data-rectified": "Le foyer a corrigé des mesures : elles sont remplacées.", "consent-limited": "Le foyer suspend son accord : ses mesures sont gardées sans être montrées.",
    "consent-resumed": "Le foyer lève la suspension.", "access-granted": "Le foyer a donné son accord.",
    "access-refused": "Le foyer a refusé l’accès demandé.",
    "recipient-suspended": "Pendant quatorze jours rien n’a pu être remis. Ce qui attendait arrive maintenant.",
    wrong: "Adresse incomplète : ",
  },
  en: {
    title: "Readings received", other: "Français", language: "Lire cette page en français",
    day: "Day", week: "Week", before: "Earlier", after: "Later",
    about: "This browser receives the readings itself and keeps them here. The page does not keep the password.",
    jid: "Your XMPP address", password: "Password", server: "WebSocket address of its server", gateway: "Full address of the household’s gateway",
    branch: "Series or branch to receive", receive: "Receive",
    nothing: "Nothing has been received yet. Readings are shown here as they arrive.",
    unreadable: "The readings cannot be read at the moment. See that the program still runs; the page tries again by itself.",
    noneHere: "No readings in this period.", last: "Last reading", lowest: "lowest", highest: "highest", total: "Total", value: "Value",
    raw: "as measured", PT1M: "by minute", PT15M: "by quarter hour", PT30M: "by half hour", P1D: "by day",
    perHour: "by hour", perDay: "by day",
    roof: "My part of a roof", held: "My shares", of: "Shares in all", own: "My consumption", myPart: "My part", drawn: "Drawn from the grid", covered: "covered",
    sharesMissing: "Write how many shares you hold, and how many there are in all.",
    tooManyInverters: "More than {most} inverters are received: this page does not add up so many, and without the others the sum would be wrong.",
    sharesUnknown: "Production and your consumption are not known together for any half hour of this day.",
    online: "Connected. Waiting for the gateway.", offline: "No connection. The page tries again by itself.", subscribed: "Connected: readings arrive.",
    "no consent": "The household has not consented to this series. Ask it; the page tries again by itself.",
    "not subscribed": "The gateway does not answer. The page tries again by itself.",
    "not stored": "A reading could not be kept: this browser’s storage may be full. It will be sent again.",
    "not read": "A message of the gateway is not understood. Update this page.",
    elsewhere: "This page receives in another tab already.",
    "consent-withdrawn": "The household has withdrawn its consent: what it asks to erase is erased.", "data-erased": "The household has erased readings: they are erased here as well.",
    "data-rectified": "The household has corrected readings: they are replaced.", "consent-limited": "The household suspends its consent: its readings are kept and not shown.",
    "consent-resumed": "The household ends the suspension.", "access-granted": "The household has given its consent.",
    "access-refused": "The household has refused the access asked for.",
    "recipient-suspended": "For fourteen days nothing could be delivered. What was waiting comes now.",
    wrong: "Incomplete address: ",
  },
};

const KEPT = "language";
/** @type {"fr" | "en"} */
let language = (localStorage.getItem(KEPT) ?? navigator.language).startsWith("fr") ? "fr" : "en";

/** @param {string} key */
export function words(key) {
  const all = /** @type {Record<string, string>} */ (WORDS[language]);
  return all[key] ?? key;
}

export function spoken() {
  return language;
}

/** Say everything in the other language from now on. */
export function turn() {
  language = language === "fr" ? "en" : "fr";
  localStorage.setItem(KEPT, language);
}

/** Put the words where the page wants them. */
export function say() {
  document.documentElement.lang = language;
  document.title = words("title");
  for (const place of document.querySelectorAll("[data-words]")) {
    place.textContent = words(/** @type {HTMLElement} */ (place).dataset.words ?? "");
  }
  for (const place of document.querySelectorAll("[data-label]")) {
    place.setAttribute("aria-label", words(/** @type {HTMLElement} */ (place).dataset.label ?? ""));
  }
  const button = /** @type {HTMLElement} */ (document.getElementById("language"));
  button.textContent = words("other");
  button.title = words("language");
  button.lang = language === "fr" ? "en" : "fr";
}
