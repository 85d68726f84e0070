// The button that prints the page; what is left out is said in the CSS. On paper nothing can be
// opened: what is marked for it (data-on-paper) is opened before, and closed again.

const folded = "details[data-on-paper]:not([open])";
let opened = [];

for (const button of document.querySelectorAll("[data-print]")) {
  button.addEventListener("click", () => window.print());
}

window.addEventListener("beforeprint", () => {
  opened = [...document.querySelectorAll(folded)];
  for (const details of opened) details.open = true;
});

window.addEventListener("afterprint", () => {
  for (const details of opened) details.open = false;
});
