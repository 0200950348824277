// One line above the banner, for what has no other place.

const BRIEF_MS = 6_000;

const line = document.getElementById("notice");
let pending;

/** Say *text* until it is closed or something else is said; if brief, for a while. */
export function say(text, { brief = false } = {}) {
  clearTimeout(pending);
  const close = document.createElement("button");
  close.type = "button";
  close.textContent = "Close";
  close.addEventListener("click", clear);
  line.replaceChildren(text, close);
  pending = brief ? setTimeout(clear, BRIEF_MS) : undefined;
}

function clear() {
  line.replaceChildren();
}
