// Saved views: keep the filters of now under a name, change or delete one's own, choose which
// one the dashboard opens with.

import { send } from "./lib/api.js";
import { closeMenuOf } from "./lib/menu.js";
import { silence } from "./lib/undo.js";
import { toast } from "./lib/toast.js";

const menu = document.getElementById("views");
const dialog = document.getElementById("view-dialog");
const form = dialog.querySelector("form");
const part = (name) => form.querySelector(`[data-part="${name}"]`);
const title = document.getElementById("view-dialog-title");
let key = "";

menu.addEventListener("click", (event) => {
  const button = event.target.closest("[data-view]");
  if (!button) return;
  const view = button.closest(".view");
  if (button.dataset.view === "default") choose(view, button);
  else open(view, button);
});

function open(view, button) {
  closeMenuOf(button);
  key = view?.dataset.key ?? "";
  form.reset();
  title.textContent = key ? title.dataset.edit : title.dataset.new;
  form.elements.name.value = view?.dataset.name ?? "";
  form.elements.shared.checked = button.dataset.shared === "true";
  part("default").hidden = key !== "";
  part("query").hidden = key === "";
  form.querySelector("[data-view=delete]").hidden = key === "";
  part("error").hidden = true;
  dialog.showModal();
  form.elements.name.select();
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const { name, shared, replace } = form.elements;
  const query = location.search.slice(1);
  const body = { name: name.value, shared: shared.checked };
  if (key) {
    if (replace.checked) body.query = query;
    await act("PATCH", `/api/views/${key}`, body);
  } else {
    body.default = form.elements.default.checked;
    await act("POST", "/api/views", { ...body, query });
  }
});

form.querySelector("[data-view=delete]").addEventListener("click", () => {
  act("DELETE", `/api/views/${key}`, {});
});

async function choose(view, button) {
  const on = button.getAttribute("aria-pressed") !== "true";
  const { status, data } = await send("PUT", "/api/views/default", {
    key: on ? view.dataset.key : null,
  });
  if (!data.success) {
    toast(data.error || silence(status));
    return;
  }
  await reload();
  const text = on ? `Tu tablero abre con «${view.dataset.name}».` : "Tu tablero abre con todos los batches.";
  toast(text, { kind: "good" });
}

async function act(method, url, body) {
  const { status, data } = await send(method, url, body);
  if (!data.success) {
    part("error").textContent = data.error || silence(status);
    part("error").hidden = false;
    return;
  }
  dialog.close();
  await reload();
  toast(method === "DELETE" ? "Vista eliminada." : `Vista «${data.view.name}» guardada.`, {
    kind: "good",
  });
}

/** Ask for the menu alone, as it is now. */
async function reload() {
  const response = await fetch(menu.dataset.url);
  if (response.ok && !response.redirected) menu.innerHTML = await response.text();
}
