// «Asignar a…»: a list of people for the selection, or for everything that matches the filter.

import { newOperation, post } from "../lib/api.js";
import { number, plural } from "../lib/spanish.js";
import { assign } from "./assign.js";
import { board, columns, head } from "./cards.js";
import { refresh } from "./refresh.js";
import { selection } from "./selection.js";
import { tellAssigned } from "./told.js";

const dialog = document.getElementById("assign-dialog");
const part = (name) => dialog.querySelector(`[data-part="${name}"]`);
const people = () => [...part("people").querySelectorAll("button")];
let ids = null;

/** Ask to whom these batches go; null asks for all that match the filter. */
export function openAssign(chosen) {
  ids = chosen;
  part("scope").hidden = ids !== null;
  document.getElementById("assign-title").textContent = ids
    ? `Asignar ${plural(ids.length, "batch", "batches")} a…`
    : "Asignar los que coinciden a…";
  for (const name of ["unassigned", "matching"]) {
    part(name).textContent = number(Number(head().dataset[name]));
  }
  for (const column of columns()) showLoad(column.dataset);
  dialog.showModal();
  people()[0].focus();
}

function showLoad({ assignee, open }) {
  const shown = assignee && dialog.querySelector(`[data-load="${CSS.escape(assignee)}"]`);
  if (shown) shown.textContent = plural(Number(open), "abierto", "abiertos");
}

async function assignMatching(target) {
  const filter = JSON.parse(head().dataset.select);
  if (dialog.querySelector("[name=scope]:checked").value === "unassigned") filter.assignee = "";
  const answer = await post("/api/batches/bulk", {
    select: { filter },
    set: { assignee: target || null },
  }, { operation: newOperation() });
  tellAssigned(answer, target);
  await refresh();
}

part("people").addEventListener("click", (event) => {
  const button = event.target.closest("[data-to]");
  if (!button) return;
  dialog.close();
  if (ids) assign(ids, button.dataset.to, { refocus: true });
  else assignMatching(button.dataset.to);
});

dialog.addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const here = people().indexOf(document.activeElement);
  if (here < 0) return;
  const named = event.key.length === 1 && people().find((button) => startsWith(button, event.key));
  if (!step && !named) return;
  event.preventDefault();
  (named || people()[(here + step + people().length) % people().length]).focus();
});

const startsWith = (button, key) =>
  button.dataset.to.toLocaleLowerCase("es").startsWith(key.toLocaleLowerCase("es"));

document.querySelector("[data-assigns]").addEventListener("click", () => openAssign(selection()));
board.addEventListener("click", (event) => {
  if (event.target.closest("#open-matching")) openAssign(null);
});
