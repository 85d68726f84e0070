// Giving cards to somebody: at once on screen, then on the server; what is refused goes back.

import { newOperation, post } from "../lib/api.js";
import { cardOf, cardsIn, columnFor, columnOf, focusCard, holderOf } from "./cards.js";
import { hold, refresh, release } from "./refresh.js";
import { clear } from "./selection.js";
import { tellAssigned } from "./told.js";

/** Give these batches to `target` ("" is nobody). `refocus`: the keyboard goes on from here. */
export async function assign(ids, target, { refocus = false } = {}) {
  const cards = ids.map(cardOf).filter((card) => card && holderOf(card) !== target);
  clear();
  if (!cards.length) return;
  const seen = Object.fromEntries(cards.map((card) => [card.dataset.id, holderOf(card) || null]));
  const next = neighbour(cards);
  hold();
  const places = cards.map((card) => move(card, columnFor(target)));
  if (refocus && next) focusCard(next);
  const answer = await post("/api/batches/bulk", {
    select: { ids: Object.keys(seen) },
    set: { assignee: target || null },
    seen,
  }, { operation: newOperation() });
  const refused = new Set(answer.data.refused?.map(({ id }) => id));
  for (const place of places.reverse()) {
    place.card.classList.remove("is-moving");
    if (!answer.data.success || refused.has(place.card.dataset.id)) putBack(place);
  }
  release();
  tellAssigned(answer, target);
  await refresh();
}

function neighbour(cards) {
  const rest = cardsIn(columnOf(cards.at(-1)));
  const free = (card) => !cards.includes(card);
  const at = rest.indexOf(cards.at(-1));
  return rest.slice(at).find(free) ?? rest.slice(0, at).reverse().find(free);
}

function move(card, column) {
  const from = columnOf(card);
  const place = { card, list: card.parentElement, next: card.nextElementSibling };
  const list = column.querySelector(".column__cards");
  const after = [...list.children].find((other) => (other.dataset.id ?? "~") > card.dataset.id);
  list.insertBefore(card, after ?? null);
  card.classList.add("is-moving");
  card.tabIndex = -1;
  count(from, card, -1);
  count(column, card, 1);
  return place;
}

function putBack({ card, list, next }) {
  count(columnOf(card), card, -1);
  list.insertBefore(card, next?.parentElement === list ? next : null);
  count(columnOf(card), card, 1);
}

/** Keep a column's numbers and bar in line with a card that came (1) or went (-1). */
function count(column, card, step) {
  const { status } = card.dataset;
  for (const part of ["matching", status]) {
    const shown = column.querySelector(`[data-part="${part}"]`);
    if (shown) shown.textContent = add(shown.textContent, step);
  }
  const bar = column.querySelector("progress");
  if (bar && status !== "S") bar.value += step;
}

const add = (text, step) =>
  new Intl.NumberFormat("en-US").format(Number(text.replaceAll(",", "")) + step);
