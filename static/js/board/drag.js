// Dragging one or many cards to a column; says who would get how many before they are let go.

import { plural } from "../lib/spanish.js";
import { assign } from "./assign.js";
import { board, cardOf, columns, holderOf } from "./cards.js";
import { hold, release } from "./refresh.js";
import { isSelected, selection, selectOnly } from "./selection.js";

const badge = document.getElementById("drag-badge");
let dragged = [];

board.addEventListener("dragstart", (event) => {
  const card = event.target.closest?.(".batch-card");
  if (!card) return;
  if (!isSelected(card.dataset.id)) selectOnly([card.dataset.id]);
  dragged = selection();
  hold();
  badge.textContent = dragged.length > 1 ? plural(dragged.length, "batch", "batches") : dragged[0];
  event.dataTransfer.setData("text/plain", dragged.join("\n"));
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setDragImage(badge, 12, 12);
  for (const id of dragged) cardOf(id).classList.add("is-dragged");
  board.classList.add("is-dragging");
});

board.addEventListener("dragover", (event) => {
  const column = targetOf(event);
  point(column);
  if (!column) return;
  event.preventDefault();
  event.dataTransfer.dropEffect = "move";
});

board.addEventListener("dragleave", (event) => {
  if (!board.contains(event.relatedTarget)) point(null);
});

board.addEventListener("drop", (event) => {
  const column = targetOf(event);
  if (!column) return;
  event.preventDefault();
  assign(dragged, column.dataset.assignee);
});

document.addEventListener("dragend", () => {
  if (!dragged.length) return;
  for (const id of dragged) cardOf(id)?.classList.remove("is-dragged");
  dragged = [];
  point(null);
  board.classList.remove("is-dragging");
  release();
});

function targetOf(event) {
  const column = dragged.length ? event.target.closest?.(".column[data-target]") : null;
  return column && arriving(column) ? column : null;
}

const arriving = (column) =>
  dragged.filter((id) => cardOf(id) && holderOf(cardOf(id)) !== column.dataset.assignee).length;

function point(column) {
  for (const other of columns()) other.classList.toggle("is-target", other === column);
  if (!column) return;
  const who = column.dataset.assignee;
  const count = plural(arriving(column), "batch", "batches");
  column.querySelector(".column__drop").textContent = who
    ? `Asignar ${count} a ${who}`
    : `Dejar ${count} sin asignar`;
}
