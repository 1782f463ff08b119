// An invitation that a phone's camera brought behind the # of its link, or that a sign-in came between (page.js).

const box = document.querySelector("textarea[name=link]");
const brought = location.hash || sessionStorage.getItem("invitation");
if (box instanceof HTMLTextAreaElement && brought) {
  if (!box.value) box.value = brought;
  sessionStorage.removeItem("invitation");
  // It is a key: neither the history nor who looks at the address has it.
  history.replaceState(null, "", location.pathname);
}
