// The filters: a clean URL, each button naming its choice, and both always in agreement.

const form = document.getElementById("filters");
const search = document.getElementById("search");
const list = form.getAttribute("hx-target").slice(1);
const firstSort = form.dataset.sort ?? "id";

/** Leave out what is empty; an empty assignee alone means unassigned. */
document.body.addEventListener("htmx:configRequest", (event) => {
  if (event.detail.elt !== form) return;
  const { parameters } = event.detail;
  for (const name of [...new Set(parameters.keys())]) {
    const isDefault = (name === "sort" && parameters.get(name) === firstSort) ||
      (name === "per_page" && parameters.get(name) === "50");
    const isEmpty = name !== "assignee" && !parameters.getAll(name).some(Boolean);
    if (isDefault || isEmpty) parameters.delete(name);
  }
});

/** Set the controls to what the URL says, after a chip or a counter changed it. */
function followUrl() {
  const asked = new URLSearchParams(location.search);
  for (const input of form.querySelectorAll("input[type=checkbox]")) {
    input.checked = asked.getAll(input.name).includes(input.value);
  }
  for (const input of form.querySelectorAll("input[type=radio]")) {
    input.checked = (asked.get(input.name) ?? "") === input.value;
  }
  for (const input of form.querySelectorAll("input[type=date]")) {
    input.value = asked.get(input.name) ?? "";
  }
  if (document.activeElement !== search) search.value = asked.get("q") ?? "";
  nameChoices();
}

function nameChoices() {
  for (const menu of form.querySelectorAll("details.filter")) {
    const chosen = [...menu.querySelectorAll("input:checked")].filter(
      (input) => input.type === "checkbox" || input.value,
    );
    const first = chosen[0]?.closest("label").textContent.trim() ?? "";
    menu.querySelector(".filter__value").textContent = chosen.length > 1 ? chosen.length : first;
  }
}

document.body.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.target?.id !== list) return;
  followUrl();
  const count = document.getElementById("list-count");
  document.getElementById("announce").textContent = count.textContent.trim();
});
form.addEventListener("change", nameChoices);
nameChoices();
