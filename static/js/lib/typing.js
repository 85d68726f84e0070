// Whether a key belongs to a field, a dialog or the browser rather than to a shortcut.

export function isTaken(event) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return true;
  if (document.querySelector("dialog[open]")) return true;
  return event.target.closest?.("input, select, textarea, [contenteditable]") !== null;
}
