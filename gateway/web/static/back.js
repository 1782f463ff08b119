// Says when the gateway, which stops for a backup or an update, is there again.
(() => {
  const place = document.getElementById("coming-back");
  if (!place) return;
  const question = place.dataset.question ?? "";

  /** @type {() => Promise<boolean>} */
  async function isBack() {
    try {
      const answer = await fetch(question, { cache: "no-store" });
      // An older version that does not know the question leads to its entrance: it is there.
      return answer.redirected || (answer.ok && (await answer.text()) === "yes");
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
