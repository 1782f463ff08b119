// Follows what the page waits for: whoever stands at the meter sees each step without touching the phone.
(() => {
  const EVERY_MS = 2000;

  /** How far it is, and how often the plug was pulled.
   * @type {(page: Document) => string | undefined} */
  const step = (page) => {
    const said = page.getElementById("presence")?.dataset;
    return said && `${said.step} ${said.done ?? ""}`.trim();
  };

  async function look() {
    const before = step(document);
    if (before === undefined || before === "seen" || before === "late") return;
    try {
      const answer = await fetch(location.pathname, { cache: "no-store" });
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      const [now, then] = [document.getElementById("presence"), fresh.getElementById("presence")];
      // Another step is another page, whose words are read aloud; else only the seconds have gone on.
      if (answer.ok && step(fresh) !== before) document.getElementById("main")?.replaceWith(fresh.getElementById("main") ?? "");
      else if (now && then) now.querySelector(".left")?.replaceWith(then.querySelector(".left") ?? "");
    } catch {
      // The Wi-Fi may be away for a moment, between the living room and the meter.
    }
    setTimeout(look, EVERY_MS);
  }

  setTimeout(look, EVERY_MS);
})();
