// Counts down the seconds in which one may think better of an erasure; without it the page shows how many there were.

/** @type {(box: HTMLElement) => void} */
const countDown = (box) => {
  const said = /** @type {HTMLElement} */ (box.querySelector("span"));
  const text = /** @type {HTMLElement} */ (box.querySelector("p"));
  const form = /** @type {HTMLElement} */ (box.querySelector("form"));
  const number = box.dataset.seconds ?? "0";
  const until = performance.now() + Number(number) * 1000;
  const first = said.textContent ?? "";
  const turn = setInterval(() => {
    const left = Math.ceil((until - performance.now()) / 1000);
    // Of one second the sentence is another one: the last number that it is true of stays.
    if (left > 1) said.textContent = first.replace(number, String(left));
    if (left > 0) return;
    clearInterval(turn);
    said.textContent = said.dataset.then ?? "";
    if (form.contains(document.activeElement)) {
      // Who was at the button reads on where it was.
      text.tabIndex = -1;
      text.focus();
    }
    form.remove();
  }, 250);
};

for (const box of document.querySelectorAll("div.undo")) if (box instanceof HTMLElement) countDown(box);
