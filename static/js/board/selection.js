// Which cards are selected, shown on them and in the bar at the bottom.

import { number } from "../lib/spanish.js";
import { board, cardOf, cardsIn, columnOf } from "./cards.js";

const selected = new Set();
const bar = document.getElementById("selection-bar");
let anchor = null;

export const selection = () => [...selected];
export const isSelected = (id) => selected.has(id);

export function selectOnly(ids) {
  selected.clear();
  for (const id of ids) selected.add(id);
  anchor = ids.at(-1) ?? null;
  show();
}

export function toggle(id) {
  if (!selected.delete(id)) selected.add(id);
  anchor = id;
  show();
}

/** Select from the last card touched to this one, when both are of one column. */
export function extendTo(id) {
  const card = cardOf(id);
  const cards = cardsIn(columnOf(card));
  const from = cards.findIndex((other) => other.dataset.id === anchor);
  const to = cards.indexOf(card);
  if (from < 0) {
    toggle(id);
    return;
  }
  const between = cards.slice(Math.min(from, to), Math.max(from, to) + 1);
  for (const other of between) selected.add(other.dataset.id);
  show();
}

export const clear = () => selectOnly([]);

/** Show what is selected; what is not on the board any more is not selected either. */
export function show() {
  for (const id of selected) if (!cardOf(id)) selected.delete(id);
  for (const card of board.querySelectorAll(".batch-card")) {
    card.setAttribute("aria-selected", String(selected.has(card.dataset.id)));
  }
  if (!bar) return;
  bar.hidden = selected.size === 0;
  bar.querySelector('[data-part="count"]').textContent = number(selected.size);
  bar.querySelector('[data-part="noun"]').textContent =
    selected.size === 1 ? "seleccionado" : "seleccionados";
}
