// What the action bar does to all that is selected: change a field, or move to the trash.

import { newOperation, post } from "./lib/api.js";
import { LABELS, asked, choices, words } from "./lib/fields.js";
import { isOpen, popover } from "./lib/popover.js";
import * as selection from "./lib/selection.js";
import { number, plural } from "./lib/spanish.js";
import { toast } from "./lib/toast.js";
import { isTaken } from "./lib/typing.js";
import { done, silence } from "./lib/undo.js";

const MANY = 50;
const SHOWN = 100;
const PATIENCE_SECONDS = 120;
const KEYS = { s: "status", a: "assignee" };
const bar = document.getElementById("actions");

bar.addEventListener("click", (event) => {
  const button = event.target.closest("[data-act]");
  if (!button) return;
  if (button.dataset.act === "delete") remove();
  else choose(button, button.dataset.act);
});

document.addEventListener("keydown", (event) => {
  const field = KEYS[event.key];
  if (!field || bar.hidden || isOpen()) return;
  if (isTaken(event) && !event.target.matches?.(".pick")) return;
  event.preventDefault();
  const row = document.activeElement?.closest(".batches tbody tr[data-id]");
  choose(bar.querySelector(`[data-act="${field}"]`), field, row ?? undefined);
});

function choose(anchor, field, back = anchor) {
  popover(anchor, choices(field), {
    value: null,
    back,
    onChoose: (value) => change(field, value),
  });
}

async function change(field, value) {
  const body = { select: selection.select(), set: asked(field, value) };
  if (selection.count() > MANY && !(await confirmed(body, field, value))) return;
  const operation = newOperation();
  const { status, data } = await send({ ...body, operation });
  if (data.success) {
    const said = data.changed
      ? `${plural(data.changed, "batch cambió", "batches cambiaron")}: ${LABELS[field]}, ${words(field, value)}.`
      : "Nada que cambiar: ya estaban así.";
    ended(data, said);
  } else toast(data.error || silence(status));
}

/** Show how many would change and how many would not, and why, and ask. */
async function confirmed(body, field, value) {
  const { status, data } = await send({ ...body, dry_run: true });
  if (!data.success) {
    toast(data.error || silence(status));
    return false;
  }
  const dialog = document.getElementById("bulk-confirm");
  dialog.querySelector("h2").textContent = `${LABELS[field]}: ${words(field, value)}`;
  const kept = data.matched - data.changed - data.refused.length;
  const verb = data.changed === 1 ? "Cambia" : "Cambian";
  const all = plural(data.matched, "batch", "batches");
  const parts = [`${verb} ${number(data.changed)} de ${all}.`];
  if (kept > 0) parts.push(`${plural(kept, "ya está así", "ya están así")}.`);
  if (data.refused.length) {
    parts.push(`${plural(data.refused.length, "no se puede", "no se pueden")} cambiar:`);
  }
  dialog.querySelector('[data-part="text"]').textContent = parts.join(" ");
  list(dialog, data.refused);
  dialog.querySelector("[type=submit]").disabled = data.changed === 0;
  return (await answerOf(dialog)) === "yes";
}

async function remove() {
  const dialog = document.getElementById("bulk-delete");
  const count = selection.count();
  dialog.querySelector("h2").textContent = `Eliminar ${plural(count, "batch", "batches")}`;
  const text = dialog.querySelector('[data-part="text"]');
  text.textContent = count === 1 ? text.dataset.one : text.dataset.many;
  dialog.querySelector("form").reset();
  dialog.querySelector("[type=submit]").disabled = true;
  if ((await answerOf(dialog)) !== "yes") return;
  const operation = newOperation();
  const body = { select: selection.select(), word: "ELIMINAR", count, operation };
  const { status, data } = await post("/api/batches/bulk/delete", body, {
    seconds: PATIENCE_SECONDS,
    operation,
  });
  if (data.success) {
    ended(data, `${plural(data.changed, "batch está", "batches están")} en la papelera.`);
  } else toast(data.error || silence(status));
}

document.getElementById("bulk-delete")?.addEventListener("input", ({ target }) => {
  const submit = target.form.querySelector("[type=submit]");
  submit.disabled = target.value.trim() !== target.dataset.word;
});

function ended(data, text) {
  selection.clear();
  if (data.changed) done(text, data.operation, changed);
  else toast(text, { kind: "warn" });
  if (data.refused.length) {
    const dialog = document.getElementById("bulk-refused");
    dialog.querySelector("h2").textContent =
      plural(data.refused.length, "batch no cambió", "batches no cambiaron");
    list(dialog, data.refused);
    dialog.showModal();
  }
  changed();
}

function list(dialog, refused) {
  const box = dialog.querySelector('[data-part="refused"]');
  const shown = refused.slice(0, SHOWN).map(({ id, error }) => `${id}: ${error}`);
  if (refused.length > SHOWN) shown.push(`… y ${number(refused.length - SHOWN)} más.`);
  box.replaceChildren(...shown.map((text) => {
    const item = document.createElement("li");
    item.textContent = text;
    return item;
  }));
  box.hidden = shown.length === 0;
}

function answerOf(dialog) {
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue), { once: true });
  });
}

const send = (body) =>
  post("/api/batches/bulk", body, { seconds: PATIENCE_SECONDS, operation: body.operation });

function changed() {
  document.body.dispatchEvent(new CustomEvent("batches-changed"));
}
