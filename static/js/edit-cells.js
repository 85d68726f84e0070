// Editing one cell: by a click, or from the row with `e`, Enter, `s` and `a`. It shows at once;
// when somebody else was first, it says what they did, what was asked, and offers to insist.

import { newOperation, patch } from "./lib/api.js";
import { LABELS, asked, choices, show, valueIn, words } from "./lib/fields.js";
import { popover } from "./lib/popover.js";
import { toast } from "./lib/toast.js";
import { isTaken } from "./lib/typing.js";
import { done, silence } from "./lib/undo.js";

const KEYS = { s: "status", a: "assignee" };
const rowOf = (element) => element?.closest?.(".batches tbody tr[data-id]");
const cell = (row, field) => row.querySelector(`[data-edit="${field}"]`);
const rowNow = (id) => document.getElementById(`row-${id}`);

document.addEventListener("click", (event) => {
  const button = event.target.closest(".edit[data-edit]");
  if (button) edit(rowOf(button), button.dataset.edit);
});

document.addEventListener("keydown", (event) => {
  const row = rowOf(document.activeElement);
  if (!row || isTaken(event) || selectionActs(event)) return;
  if (event.key === "Enter" && document.activeElement !== row) return;
  const field = KEYS[event.key];
  if (!field && event.key !== "e" && event.key !== "Enter") return;
  event.preventDefault();
  if (field) edit(row, field);
  else chooseField(row);
});

/** With a selection, `s` and `a` are the action bar's. */
function selectionActs(event) {
  return event.key in KEYS && !document.getElementById("actions").hidden;
}

function chooseField(row) {
  popover(row.querySelector(".cell-id"), choices("field"), {
    back: row,
    onChoose: (field) => edit(row, field),
  });
}

function edit(row, field) {
  const button = cell(row, field);
  const anchor = button.checkVisibility() ? button : row;
  popover(anchor, choices(field), {
    value: button.dataset.value,
    back: row,
    onChoose: (value) => value !== button.dataset.value && change(row.dataset.id, field, value),
  });
}

// Changes of one batch go one after another: the next is made on what the one before left.
const turns = new Map();

function change(id, field, value, version = rowNow(id)?.dataset.version) {
  shown(id, field, value);
  const turn = save(id, field, value, version, turns.get(id));
  turns.set(id, turn);
  turn.finally(() => turns.get(id) === turn && turns.delete(id));
}

/** Save when its turn comes; the version it made, none when it was refused. */
async function save(id, field, value, version, before) {
  const left = await before;
  if (left) shown(id, field, value);
  const operation = newOperation();
  const url = `/api/batches/${encodeURIComponent(id)}`;
  const body = { ...asked(field, value), version: Number(left ?? version) };
  const { status, data } = await patch(url, body, { operation });
  await reload(id);
  if (data.success) {
    done(`${id}: ${LABELS[field]}, ${words(field, value)}.`, operation, changed);
  } else if (status === 409 && data.batch) {
    conflict(id, field, value, data.batch);
  } else {
    toast(data.error || silence(status));
  }
  return data.success ? data.batch.version : undefined;
}

function shown(id, field, value) {
  const row = rowNow(id);
  if (row) show(cell(row, field), field, value);
}

function conflict(id, field, value, batch) {
  const theirs = words(field, valueIn(batch, field));
  const text = `Otra persona cambió ${id} antes que tú. ${LABELS[field]} está en «${theirs}»; `
    + `tú pediste «${words(field, value)}». No se cambió nada.`;
  const run = () => change(id, field, value, batch.version);
  toast(text, { kind: "warn", action: { label: `Poner «${words(field, value)}»`, run } });
}

/** Put the row as the server has it now, in its place and with the focus it had. */
async function reload(id) {
  const row = rowNow(id);
  if (!row) return;
  try {
    const response = await fetch(row.dataset.url, { headers: { "HX-Request": "true" } });
    if (!response.ok || response.redirected) return changed();
    const focused = row.contains(document.activeElement);
    const fresh = document.createElement("template");
    fresh.innerHTML = (await response.text()).trim();
    rowNow(id)?.replaceWith(fresh.content.firstElementChild);
    if (focused) rowNow(id)?.focus({ preventScroll: true });
    document.body.dispatchEvent(new CustomEvent("rows-changed"));
  } catch {
    changed();
  }
}

function changed() {
  document.body.dispatchEvent(new CustomEvent("batches-changed"));
}
