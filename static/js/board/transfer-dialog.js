// Passing all open work of a person to another, or evenly to several.

import { newOperation, post } from "../lib/api.js";
import { closeMenuOf } from "../lib/menu.js";
import { number, plural } from "../lib/spanish.js";
import { toast } from "../lib/toast.js";
import { done, silence } from "../lib/undo.js";
import { board, columnOf } from "./cards.js";
import { refresh } from "./refresh.js";
import { refusals } from "./told.js";

const dialog = document.getElementById("transfer-dialog");
const form = document.getElementById("transfer-form");
const part = (name) => form.querySelector(`[data-part="${name}"]`);
const button = form.querySelector("[type=submit]");
const chosen = () => [...form.querySelectorAll("[name=to]:checked")].map(({ value }) => value);
let person = "";

board.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-transfers]");
  if (!opener) return;
  closeMenuOf(opener);
  open(opener.dataset.transfers, Number(columnOf(opener).dataset.open));
});

function open(name, count) {
  person = name;
  form.reset();
  button.disabled = true;
  part("error").hidden = true;
  const held = plural(count, "batch abierto", "batches abiertos");
  part("what").textContent =
    `${name} tiene ${held} (NS e In). Lo segmentado (S) se queda a su nombre.`;
  for (const box of form.querySelectorAll("[name=to]")) {
    box.closest("label").hidden = box.value === name;
  }
  dialog.showModal();
  form.querySelector("label:not([hidden]) > [name=to]")?.focus();
}

async function apply() {
  button.disabled = true;
  const to = chosen();
  const { status, data } = await post(
    "/api/transfer",
    { from_person: person, to },
    { operation: newOperation() },
  );
  if (!data.success) {
    part("error").hidden = false;
    part("error").textContent = `${data.error || silence(status)} Nada cambió.`;
    return;
  }
  dialog.close();
  const what = data.changed === 1 ? "1 batch pasó" : `${number(data.changed)} batches pasaron`;
  if (data.changed) done(`${what} de ${person} a ${to.join(", ")}.`, data.operation, refresh);
  if (data.refused.length) toast(refusals(data.refused), { kind: "warn" });
  await refresh();
}

form.addEventListener("change", () => {
  button.disabled = chosen().length === 0;
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  apply();
});
