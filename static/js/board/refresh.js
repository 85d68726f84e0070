// Follows what changes elsewhere: a tiny question every three seconds, the board when it is due.

import { board, cardOf, cardsIn, columnOf, columns, head } from "./cards.js";
import { show } from "./selection.js";

const SECONDS = 3;
let holds = 0;
let tag = "";
let latest = null;
let pressed = false;

/** Between hold and release the board is not touched: something is being dragged or written. */
export const hold = () => {
  holds += 1;
};
export const release = () => {
  holds -= 1;
};

/** Load counts and columns again, as many cards as are shown; the place of everything stays. */
export async function refresh() {
  const asked = new URLSearchParams(location.search);
  asked.set("size", Math.max(...columns().map((column) => cardsIn(column).length), 0));
  const answer = await ask(`${board.dataset.url}?${asked}`);
  if (answer?.status !== 200 || isBusy()) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (!isBusy()) replace([...page.body.childNodes]);
}

const isBusy = () => holds > 0 || pressed || board.querySelector("details[open]") !== null;

// A press whose element is replaced before it ends would do nothing.
board.addEventListener("pointerdown", () => {
  pressed = true;
});
for (const end of ["pointerup", "pointercancel"]) {
  document.addEventListener(end, () => setTimeout(() => (pressed = false)));
}

function replace(nodes) {
  const places = new Map(columns().map((column) => [column.dataset.assignee, listTop(column)]));
  const across = board.querySelector(".board")?.scrollLeft ?? 0;
  const focused = board.contains(document.activeElement) ? document.activeElement : null;
  board.replaceChildren(...nodes);
  window.htmx.process(board);
  for (const column of columns()) {
    column.querySelector(".column__cards").scrollTop = places.get(column.dataset.assignee) ?? 0;
  }
  if (across) board.querySelector(".board").scrollLeft = across;
  show();
  if (focused) refocus(focused);
}

const listTop = (column) => column.querySelector(".column__cards").scrollTop;

function refocus({ id, dataset }) {
  if (id) document.getElementById(id)?.focus({ preventScroll: true });
  const card = dataset.id && cardOf(dataset.id);
  if (!card) return;
  for (const other of cardsIn(columnOf(card))) other.tabIndex = -1;
  card.tabIndex = 0;
  card.focus({ preventScroll: true });
}

async function ask(url, headers = {}) {
  try {
    const answer = await fetch(url, {
      cache: "no-store",
      headers: { "HX-Request": "true", ...headers },
    });
    if (answer.status === 401) location.reload();
    return answer;
  } catch {
    return null; // no connection: the next beat asks again
  }
}

async function beat() {
  if (!document.hidden) await check();
  setTimeout(beat, SECONDS * 1000);
}

async function check() {
  const answer = await ask(board.dataset.versionUrl, tag ? { "If-None-Match": tag } : {});
  if (answer?.status === 200) {
    tag = answer.headers.get("ETag") ?? "";
    latest = String((await answer.json()).version);
  }
  if (latest !== null && latest !== head().dataset.version && !isBusy()) await refresh();
}

document.addEventListener("visibilitychange", () => document.hidden || check());
document.body.addEventListener("htmx:afterSwap", show);
setTimeout(beat, SECONDS * 1000);
