// The button that prints the page; what is left out is said in the CSS.

for (const button of document.querySelectorAll("[data-print]")) {
  button.addEventListener("click", () => window.print());
}
