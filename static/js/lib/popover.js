// A small panel beside what was pressed. One at a time; Escape or a press elsewhere closes it.

const GAP = 4;
let open = null;

export const isOpen = () => open !== null;

/**
 * Show `content` beside `anchor`. `onChoose` gets what was chosen: an item's `data-value`, or the
 * date of a form. Focus comes back to `back` (or the anchor).
 */
export function popover(anchor, content, { value = "", onChoose, back = anchor }) {
  close();
  const panel = document.createElement("div");
  panel.className = "pop";
  panel.append(content);
  document.body.append(panel);
  open = { panel, back };
  mark(panel, value);
  place(panel, anchor.getBoundingClientRect());
  panel.addEventListener("click", (event) => {
    const item = event.target.closest("[data-value]");
    if (item) finish(onChoose, item.dataset.value);
  });
  panel.addEventListener("submit", (event) => {
    event.preventDefault();
    const date = event.target.elements.date.value;
    if (date) finish(onChoose, date);
  });
  panel.addEventListener("keydown", move);
}

export function close({ refocus = false } = {}) {
  if (!open) return;
  const { panel, back } = open;
  open = null;
  panel.remove();
  if (refocus) back.focus({ preventScroll: true });
}

function finish(onChoose, value) {
  close({ refocus: true });
  onChoose(value);
}

function mark(panel, value) {
  const items = [...panel.querySelectorAll("[role^=menuitem]")];
  for (const item of items) {
    if (item.getAttribute("role") === "menuitemradio") {
      item.setAttribute("aria-checked", String(item.dataset.value === value));
    }
  }
  const date = panel.querySelector("input[type=date]");
  if (date) date.value = value;
  (date ?? items.find((item) => item.dataset.value === value) ?? items[0])?.focus();
}

function place(panel, box) {
  const { width, height } = panel.getBoundingClientRect();
  const room = document.documentElement.clientWidth - width - GAP;
  const below = box.bottom + GAP;
  const fits = below + height < window.innerHeight - GAP;
  panel.style.left = `${Math.max(GAP, Math.min(box.left, room))}px`;
  panel.style.top = `${fits ? below : Math.max(GAP, box.top - height - GAP)}px`;
}

function move(event) {
  const items = [...open.panel.querySelectorAll("[role^=menuitem]")];
  const here = items.indexOf(document.activeElement);
  const step = { ArrowDown: 1, ArrowUp: -1, j: 1, k: -1 }[event.key];
  if (!step || here < 0) return;
  event.preventDefault();
  items[(here + step + items.length) % items.length].focus();
}

document.addEventListener("pointerdown", ({ target }) => {
  if (open && !open.panel.contains(target)) close();
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !open) return;
  event.preventDefault();
  close({ refocus: true });
});
window.addEventListener("scroll", ({ target }) => {
  const within = open?.panel.contains(target);
  if (!within && matchMedia("(width >= 640px)").matches) close();
}, { capture: true });
window.addEventListener("resize", () => close());
