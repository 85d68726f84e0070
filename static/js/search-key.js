// `/` goes to the search box; Escape leaves it.

import { isTaken } from "./lib/typing.js";

const box = document.getElementById("search");

document.addEventListener("keydown", (event) => {
  if (event.key === "/" && !isTaken(event)) {
    event.preventDefault();
    box.focus();
    box.select();
  } else if (event.key === "Escape" && event.target === box && !box.value) {
    box.blur();
  }
});
