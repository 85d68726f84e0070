// The board by keyboard: arrows (or j, k) move, x selects, a and Enter assign, Escape lets go.

import { isTaken } from "../lib/typing.js";
import { openAssign } from "./assign-dialog.js";
import { board, cardsIn, columnOf, columns, focusCard } from "./cards.js";
import { clear, extendTo, selection, toggle } from "./selection.js";

const STEPS = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1, J: 1, K: -1 };
const ASIDE = { ArrowRight: 1, ArrowLeft: -1 };

document.addEventListener("keydown", (event) => {
  if (isTaken(event)) return;
  const here = document.activeElement?.closest(".batch-card");
  const inside = here || document.activeElement === document.body;
  if (event.key === "Escape") clear();
  else if (event.key === "a" && (here || selection().length)) assignHere(event, here);
  else if (event.key === "Enter" && here) assignHere(event, here);
  else if (here && "x ".includes(event.key)) act(event, () => toggle(here.dataset.id));
  else if (here && ASIDE[event.key]) act(event, () => aside(here, ASIDE[event.key]));
  else if (inside && STEPS[event.key]) {
    act(event, () => step(here, STEPS[event.key], event.shiftKey));
  }
});

function act(event, run) {
  event.preventDefault();
  run();
}

function assignHere(event, here) {
  event.preventDefault();
  openAssign(selection().length ? selection() : [here.dataset.id]);
}

function step(here, direction, extends_) {
  const cards = here ? cardsIn(columnOf(here)) : [...board.querySelectorAll(".batch-card")];
  const next = here ? cards[cards.indexOf(here) + direction] : cards[0];
  if (!next) return;
  if (extends_) {
    extendTo(here.dataset.id);
    extendTo(next.dataset.id);
  }
  focusCard(next);
}

/** Go to the nearest column on that side that has cards, at the same height. */
function aside(here, direction) {
  const all = columns();
  const height = cardsIn(columnOf(here)).indexOf(here);
  for (let at = all.indexOf(columnOf(here)) + direction; all[at]; at += direction) {
    const cards = cardsIn(all[at]);
    if (cards.length) return focusCard(cards[Math.min(height, cards.length - 1)]);
  }
  return undefined;
}
