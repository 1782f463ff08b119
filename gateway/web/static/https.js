// The steps to the encrypted page: says whether this browser believes its certificate, and leads on to it if it does.
(() => {
  const place = document.getElementById("encrypted");
  if (!place) return;
  const there = place.dataset.there ?? "";
  const wanted = place.dataset.wanted ?? "";

  /** @type {(answer: string) => void} */
  function show(answer) {
    for (const said of document.querySelectorAll("[data-when]")) {
      if (said instanceof HTMLElement) said.hidden = said.dataset.when !== answer;
    }
  }

  // In spite of a warning a page may be read, but nothing of it is kept: by that the two are told apart.
  if (location.protocol === "https:") {
    document.addEventListener("worker", (event) => show(event instanceof CustomEvent && event.detail ? "yes" : "no"));
    return;
  }
  fetch(`${there}/https/seen`, { cache: "no-store" }).then(() => {
    show("yes");
    if (wanted) location.replace(there + wanted);
  }, () => {});
})();
