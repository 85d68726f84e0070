// `data-opens="id"` opens a dialog, `data-closes` closes its own, `?` opens the help.

import { closeMenuOf } from "./lib/menu.js";
import { isTaken } from "./lib/typing.js";

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-opens]");
  if (opener) {
    event.preventDefault();
    closeMenuOf(opener);
    document.getElementById(opener.dataset.opens).showModal();
  }
  if (event.target.closest("[data-closes]")) event.target.closest("dialog").close();
  if (event.target.matches?.("dialog[open]") && isOutside(event)) event.target.close();
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "?" || isTaken(event)) return;
  event.preventDefault();
  document.getElementById("help").showModal();
});

function isOutside({ target, clientX, clientY }) {
  const box = target.getBoundingClientRect();
  return clientX < box.left || clientX > box.right || clientY < box.top || clientY > box.bottom;
}
