// «Deshacer» on a row of the history; the list is asked for again when it is done.

import { undo } from "./lib/undo.js";

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-undo]");
  if (!button) return;
  button.disabled = true;
  await undo(button.dataset.undo, refresh);
  button.disabled = false;
});

function refresh() {
  const here = location.pathname + location.search;
  window.htmx.ajax("GET", here, { target: "#ops", swap: "innerHTML show:none" });
}
