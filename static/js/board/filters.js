// The board's filters: a clean URL, and each button naming its choice.

const form = document.getElementById("filters");

document.body.addEventListener("htmx:configRequest", (event) => {
  if (event.detail.elt !== form) return;
  const { parameters } = event.detail;
  for (const name of [...new Set(parameters.keys())]) {
    if (!parameters.getAll(name).some(Boolean)) parameters.delete(name);
  }
});

function nameChoices() {
  for (const menu of form.querySelectorAll("details.filter")) {
    const chosen = [...menu.querySelectorAll("input:checked")].filter(({ value }) => value);
    const first = chosen[0]?.closest("label").textContent.trim() ?? "";
    menu.querySelector(".filter__value").textContent = chosen.length > 1 ? chosen.length : first;
  }
}

document.body.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.target?.id !== "board") return;
  const count = document.getElementById("board-count").textContent.trim().replace(/\s+/g, " ");
  document.getElementById("announce").textContent = count;
});
form.addEventListener("change", nameChoices);
nameChoices();
