// Notices on this device itself: offered where the platform allows them, and nowhere else.

const place = /** @type {HTMLElement} */ (document.getElementById("device"));
const form = place.querySelector("form");

/** @type {(answer: string) => void} */
function show(answer) {
  for (const said of place.querySelectorAll("[data-when]")) {
    if (said instanceof HTMLElement) said.hidden = said.dataset.when !== answer;
  }
}

// On an iPhone only an app on the home screen may; Safari alone says whether it is one. The service of its maker takes
// nothing from a gateway whose own maker is not named.
/** @type {() => string} */
function platform() {
  if (place.dataset.apple === "no" && "standalone" in navigator) return "no-apple";
  if (!("PushManager" in window)) return "standalone" in navigator && !navigator.standalone ? "install" : "";
  return Notification.permission === "denied" ? "blocked" : "yes";
}

async function subscribed() {
  const registration = await navigator.serviceWorker.ready;
  return registration.pushManager.getSubscription();
}

// What the gateway knows no more of is no good to the browser either.
async function offer() {
  const known = place.dataset.here === "yes";
  const found = platform() === "yes" ? await subscribed() : null;
  if (found && !known) await found.unsubscribe();
  if (!known || !found) show(platform());
}

/** @type {(text: string) => Uint8Array<ArrayBuffer>} */
function bytes(text) {
  const raw = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(raw, (letter) => letter.charCodeAt(0));
}

/** @type {(asking: HTMLFormElement) => Promise<string>} */
async function subscribe(asking) {
  // First, while the press is what the browser goes by.
  if (await Notification.requestPermission() !== "granted") return "blocked";
  await (await subscribed())?.unsubscribe();
  const { pushManager } = await navigator.serviceWorker.ready;
  /** @type {(name: string) => HTMLInputElement} */
  const field = (name) => /** @type {HTMLInputElement} */ (asking.elements.namedItem(name));
  const made = (await pushManager.subscribe({
    userVisibleOnly: true,
    applicationServerKey: bytes(field("key").value),
  })).toJSON();
  field("endpoint").value = made.endpoint ?? "";
  for (const name of ["p256dh", "auth"]) field(name).value = made.keys?.[name]?.replace(/=+$/, "") ?? "";
  return "";
}

if (form) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    subscribe(form).catch(() => "failed").then((why) => {
      show(why);
      if (!why) form.submit();
    });
  });
} else {
  // Said by page.js: whether this browser has taken the worker, by which it is told.
  document.addEventListener("worker", (event) => {
    if (event instanceof CustomEvent && event.detail) offer().catch(() => {});
    else if (["install", "no-apple"].includes(platform())) show(platform());
  });
}
