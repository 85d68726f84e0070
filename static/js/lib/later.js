// What was done on a page that is left at once, kept for the page one lands on.

const KEY = "told-later";
const FRESH_MS = 15_000;

export function tellLater(text, operation) {
  sessionStorage.setItem(KEY, JSON.stringify({ text, operation, at: Date.now() }));
}

/** Return {text, operation} once, or null when there is nothing or it is old. */
export function toldLater() {
  const kept = sessionStorage.getItem(KEY);
  sessionStorage.removeItem(KEY);
  const said = kept ? JSON.parse(kept) : null;
  return said && Date.now() - said.at < FRESH_MS ? said : null;
}
