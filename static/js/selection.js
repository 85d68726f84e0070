// Selecting rows: the box, a stretch with shift, `x`, the page, all that match.

import * as selection from "./lib/selection.js";
import { number, plural } from "./lib/spanish.js";
import { isTaken } from "./lib/typing.js";

const bar = document.getElementById("actions");
const matchingButton = document.getElementById("pick-matching");
const rows = () => [...document.querySelectorAll(".batches tbody tr[data-id]")];
const total = () => Number(document.getElementById("list-version").dataset.total);
let last = "";
let shift = false;
let filtered = JSON.stringify(selection.filter());

function pick(row, on, stretch) {
  const all = rows();
  const from = all.findIndex((other) => other.dataset.id === last);
  const to = all.indexOf(row);
  const picked = stretch && from >= 0
    ? all.slice(Math.min(from, to), Math.max(from, to) + 1)
    : [row];
  if (selection.isMatching()) selection.clear();
  last = row.dataset.id;
  selection.set(picked.map((one) => one.dataset.id), on);
}

/** A change of a box is not a change of the filters, whose form listens around the table. */
document.addEventListener("change", (event) => {
  const { target } = event;
  if (!target.matches(".pick, #pick-all")) return;
  event.stopPropagation();
  if (target.id === "pick-all") {
    selection.set(rows().map((row) => row.dataset.id), target.checked);
  } else {
    pick(target.closest("tr"), target.checked, shift);
  }
}, { capture: true });

document.addEventListener("click", ({ shiftKey }) => { shift = shiftKey; }, { capture: true });

document.addEventListener("keydown", (event) => {
  const isBox = event.target.matches?.(".pick");
  if (event.key === "Escape" && !event.defaultPrevented && !document.querySelector("dialog[open]")) {
    selection.clear();
  }
  if (event.key.toLowerCase() !== "x" || (isTaken(event) && !isBox)) return;
  const row = document.activeElement?.closest?.(".batches tbody tr[data-id]");
  if (!row) return;
  event.preventDefault();
  pick(row, !selection.has(row.dataset.id), event.shiftKey);
});

matchingButton.addEventListener("click", () => {
  selection.takeMatching(total());
  bar.querySelector("[data-act]").focus(); // the button pressed is gone
});
document.getElementById("pick-none").addEventListener("click", selection.clear);

function show() {
  const listed = rows();
  for (const row of listed) {
    const picked = selection.has(row.dataset.id);
    row.querySelector(".pick").checked = picked;
    row.classList.toggle("is-picked", picked);
  }
  const picked = listed.filter((row) => selection.has(row.dataset.id)).length;
  const all = document.getElementById("pick-all");
  if (all) {
    all.checked = picked > 0 && picked === listed.length;
    all.indeterminate = picked > 0 && picked < listed.length;
  }
  const count = selection.count();
  const left = count === 0 && bar.contains(document.activeElement);
  bar.hidden = count === 0;
  if (left) (listed.find((row) => row.dataset.id === last) ?? listed[0])?.focus({ preventScroll: true });
  document.body.classList.toggle("has-selection", count > 0);
  document.getElementById("actions-count").textContent =
    plural(count, "seleccionado", "seleccionados");
  matchingButton.hidden = selection.isMatching() || count >= total();
  matchingButton.textContent = `Seleccionar los ${number(total())} que coinciden`;
}

/** Another filter is another list: what was selected in the one before does not stay, unseen. */
function follow() {
  const now = JSON.stringify(selection.filter());
  if (now !== filtered) selection.clear();
  else if (selection.isMatching()) selection.takeMatching(total());
  filtered = now;
  show();
}

document.body.addEventListener("selection-changed", show);
document.body.addEventListener("rows-changed", show);
document.body.addEventListener("htmx:afterSettle", ({ detail }) => {
  if (detail.target?.id === "batches") follow();
});
show();
