// The page of the system follows it: its content again every few seconds, and a word when the
// server does not answer, so that old good news is not taken for new.

const EVERY_SECONDS = 10;
const place = document.getElementById("system");
const lost = document.getElementById("system-lost");

/** Somebody marks text to copy, or moves through the content by keyboard: it stays. */
function isInUse() {
  const selection = getSelection();
  const marked = selection && !selection.isCollapsed && place.contains(selection.anchorNode);
  return document.hidden || marked || place.contains(document.activeElement);
}

async function bring() {
  const response = await fetch(place.dataset.url, { cache: "no-store" });
  if (response.status === 401 || response.redirected) return location.reload();
  if (!response.ok) throw new Error(`answered ${response.status}`);
  const text = await response.text();
  lost.hidden = true;
  if (!isInUse()) place.innerHTML = text;
}

async function turn() {
  try {
    if (!document.hidden) await bring();
  } catch {
    lost.hidden = false;
  }
  setTimeout(turn, EVERY_SECONDS * 1000);
}

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) bring().catch(() => { lost.hidden = false; });
});
setTimeout(turn, EVERY_SECONDS * 1000);
