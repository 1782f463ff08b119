// Follows a backup that is brought back: says when the gateway, which stops meanwhile, is there again.
(() => {
  const place = document.getElementById("restoring");
  if (!place) return;
  const question = `/settings/backup/back?asked=${place.dataset.asked ?? ""}`;

  /** @type {() => Promise<boolean>} */
  async function isBack() {
    try {
      const answer = await fetch(question, { cache: "no-store" });
      return answer.ok && (await answer.text()) === "yes";
    } catch {
      return false;
    }
  }

  async function look() {
    if (!(await isBack())) {
      setTimeout(look, 2000);
      return;
    }
    for (const said of document.querySelectorAll("[data-when]")) {
      if (said instanceof HTMLElement) said.hidden = said.dataset.when !== "back";
    }
  }

  look();
})();
