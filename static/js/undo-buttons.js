// A button that undoes an operation (`data-undo`), and then shows the page as it is.

import { refresh } from "./lib/refresh.js";
import { undo } from "./lib/undo.js";

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-undo]");
  if (!button || button.disabled) return;
  button.disabled = true;
  await undo(button.dataset.undo, () => refresh());
  button.disabled = false;
});
