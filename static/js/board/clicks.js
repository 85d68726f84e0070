// Selecting with the pointer: click, ctrl and shift; with a finger each touch adds or takes away.

import { board, cardsIn, columnOf, focusCard } from "./cards.js";
import { clear, extendTo, selectOnly, toggle } from "./selection.js";

const coarse = matchMedia("(pointer: coarse)");

board.addEventListener("click", (event) => {
  const card = event.target.closest(".batch-card");
  if (card) pick(card, event);
  const all = event.target.closest("[data-selects]");
  if (!all) return;
  all.closest("details").open = false;
  selectOnly(cardsIn(columnOf(all)).map(({ dataset }) => dataset.id));
});

function pick(card, event) {
  const { id } = card.dataset;
  const adds = event.ctrlKey || event.metaKey || event.target.closest(".tick");
  if (event.shiftKey) extendTo(id);
  else if (adds || event.pointerType === "touch" || coarse.matches) toggle(id);
  else selectOnly([id]);
  focusCard(card);
}

document.querySelector("[data-clears]").addEventListener("click", clear);
