// Where cards and columns are on the board.

export const board = document.getElementById("board");

export const head = () => document.getElementById("board-head");
export const columns = () => [...board.querySelectorAll(".column")];
export const columnFor = (assignee) =>
  columns().find((column) => column.dataset.assignee === assignee);
export const cardsIn = (column) => [...column.querySelectorAll(".batch-card")];
export const cardOf = (id) => board.querySelector(`.batch-card[data-id="${CSS.escape(id)}"]`);
export const columnOf = (card) => card.closest(".column");
export const holderOf = (card) => columnOf(card).dataset.assignee;

/** Give a card the one tab stop of its column, and the focus. */
export function focusCard(card) {
  for (const other of cardsIn(columnOf(card))) other.tabIndex = -1;
  card.tabIndex = 0;
  card.focus({ preventScroll: true });
  card.scrollIntoView({ block: "nearest", inline: "nearest" });
}
