// `j` and `k` move over the rows.

import { isTaken } from "./lib/typing.js";

document.addEventListener("keydown", (event) => {
  const step = { j: 1, k: -1 }[event.key];
  if (!step || isTaken(event)) return;
  const rows = [...document.querySelectorAll(".batches tbody tr")];
  const here = rows.indexOf(document.activeElement?.closest(".batches tbody tr"));
  const next = here < 0 ? rows[step > 0 ? 0 : rows.length - 1] : rows[here + step];
  if (!next) return;
  event.preventDefault();
  next.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
});
