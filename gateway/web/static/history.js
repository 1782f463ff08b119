// Follows the bars that the server has drawn: what one reads of a bar stands where the finger is, the arrows walk from
// bar to bar, a swipe or an arrow leads to the period before or after. Without it each bar is a link all the same.
const SWIPE_PX = 60;
const SWIPE_MS = 500;
const ABOVE_PX = 20;

/** @type {(root: ParentNode, selector: string) => HTMLElement} */
function find(root, selector) {
  const found = root.querySelector(selector);
  if (found instanceof HTMLElement) return found;
  throw new Error(`the page has no ${selector}`);
}

// --- a chart ----------------------------------------------------------------------------------------------------

/** @type {(chart: HTMLElement) => void} */
function follow(chart) {
  const drawing = chart.querySelector(".drawing");
  if (!drawing) return;
  const bubble = find(chart, ".bubble");
  const bars = [...drawing.querySelectorAll(".hit")].map((hit) => {
    const title = hit.parentElement?.querySelector("title");
    const text = title?.textContent ?? "";
    // The browser would show it a second time, and later.
    title?.remove();
    const link = hit.closest("a");
    link?.setAttribute("aria-label", text.replaceAll("\n", ", "));
    return { hit, text, link };
  });
  const links = bars.flatMap(({ link }) => (link ? [link] : []));
  // One stop of the tabulator for all of them; from there the arrows.
  links.forEach((link, n) => link.setAttribute("tabindex", n ? "-1" : "0"));

  const hide = () => {
    bubble.hidden = true;
    bars.forEach(({ hit }) => hit.classList.remove("on"));
  };
  /** @type {(n: number, x: number, y: number) => void} */
  const show = (n, x, y) => {
    bars.forEach(({ hit }, m) => hit.classList.toggle("on", m === n));
    bubble.textContent = bars[n].text;
    bubble.hidden = false;
    const box = chart.getBoundingClientRect();
    const left = x - box.left - bubble.offsetWidth / 2;
    bubble.style.left = `${Math.min(Math.max(left, 0), box.width - bubble.offsetWidth)}px`;
    bubble.style.top = `${Math.max(y - box.top - bubble.offsetHeight - ABOVE_PX, -bubble.offsetHeight)}px`;
  };
  /** @type {(x: number, y: number) => void} */
  const showAt = (x, y) => {
    const { left, width } = drawing.getBoundingClientRect();
    const n = Math.floor(((x - left) / width) * bars.length);
    if (n >= 0 && n < bars.length) show(n, x, y);
  };
  /** @type {(n: number) => void} */
  const showBar = (n) => {
    const { left, width, top } = bars[n].hit.getBoundingClientRect();
    show(n, left + width / 2, top + ABOVE_PX);
  };

  chart.addEventListener("pointermove", (event) => { if (event.pointerType === "mouse") showAt(event.clientX, event.clientY); });
  chart.addEventListener("pointerleave", (event) => { if (event.pointerType === "mouse") hide(); });
  for (const kind of /** @type {const} */ (["touchstart", "touchmove"])) {
    chart.addEventListener(kind, ({ touches: [finger] }) => showAt(finger.clientX, finger.clientY), { passive: true });
  }
  chart.addEventListener("focusin", (event) => {
    const n = bars.findIndex(({ link }) => link === event.target);
    if (n >= 0 && links.some((link) => link.matches(":focus-visible"))) showBar(n);
  });
  chart.addEventListener("focusout", hide);
  chart.addEventListener("keydown", (event) => {
    const now = links.findIndex((link) => link === event.target);
    const next = { ArrowLeft: now - 1, ArrowRight: now + 1, Home: 0, End: links.length - 1 }[event.key];
    if (event.key === "Escape") hide();
    if (now < 0 || next === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    if (!links[next]) return;
    links[now].setAttribute("tabindex", "-1");
    links[next].setAttribute("tabindex", "0");
    links[next].focus();
  });
  chart.dataset.followed = "yes";
}

// --- the period before, the period after ------------------------------------------------------------------------

/** @type {(way: "prev" | "next") => void} */
function step(way) {
  const link = document.querySelector(`.steps a[rel=${way}]`);
  if (link instanceof HTMLElement) link.click();
}

/** @type {(event: KeyboardEvent) => boolean} */
function isElsewhere({ target, ctrlKey, altKey, metaKey, shiftKey }) {
  const place = target instanceof Element && target.closest("input, select, textarea, .plot, .wide, .bars");
  return Boolean(place) || ctrlKey || altKey || metaKey || shiftKey;
}

/** @type {(main: HTMLElement) => void} */
function swipes(main) {
  /** @type {Maybe<{ x: number, y: number, time: number }>} */
  let begun = null;
  main.addEventListener("touchstart", (event) => {
    const { touches: [finger], timeStamp: time, target } = event;
    const moves = target instanceof Element && target.closest(".wide, input, select");
    begun = event.touches.length > 1 || moves ? null : { x: finger.clientX, y: finger.clientY, time };
  }, { passive: true });
  main.addEventListener("touchcancel", () => { begun = null; });
  main.addEventListener("touchend", ({ changedTouches: [finger], timeStamp }) => {
    if (!begun) return;
    const [x, y] = [finger.clientX - begun.x, finger.clientY - begun.y];
    const quick = timeStamp - begun.time < SWIPE_MS;
    begun = null;
    if (quick && Math.abs(x) >= SWIPE_PX && Math.abs(x) > 2 * Math.abs(y)) step(x > 0 ? "prev" : "next");
  });
}

document.querySelectorAll(".bars").forEach((chart) => { if (chart instanceof HTMLElement) follow(chart); });
if (document.querySelector(".steps")) {
  swipes(find(document, "main"));
  document.addEventListener("keydown", (event) => {
    if (isElsewhere(event)) return;
    if (event.key === "ArrowLeft") step("prev");
    if (event.key === "ArrowRight") step("next");
  });
}
