// Assigning by a range or a pasted list: shows what it would do, then does it.

import { newOperation, post } from "../lib/api.js";
import { number, plural } from "../lib/spanish.js";
import { silence } from "../lib/undo.js";
import { board } from "./cards.js";
import { refresh } from "./refresh.js";
import { tellAssigned } from "./told.js";

const RANGE = /^\s*\S*\d\S*?\s*(?:-|–|—|\.\.|\sa\s)\s*\S*\d\S*\s*$/i;
const SHOWN = 50;
const dialog = document.getElementById("list-dialog");
const form = document.getElementById("list-form");
const part = (name) => form.querySelector(`[data-part="${name}"]`);

function select() {
  const text = form.elements.text.value;
  if (RANGE.test(text) && !text.trim().includes("\n")) return { range: text.trim() };
  return { ids: text.split(/[\s,;|]+/).filter(Boolean) };
}

const send = (dryRun) =>
  post("/api/batches/bulk", {
    select: select(),
    set: { assignee: form.elements.to.value || null },
    dry_run: dryRun,
  }, { operation: newOperation() });

async function preview() {
  const { status, data } = await send(true);
  const good = data.success === true;
  part("preview").hidden = false;
  part("preview").classList.toggle("notice--bad", !good);
  part("said").textContent = good ? said(data) : data.error || silence(status);
  list(good ? data.refused : []);
  part("apply").disabled = !good || data.changed === 0;
  part("apply").textContent = good && data.changed ? `Asignar ${number(data.changed)}` : "Asignar";
  if (good && data.changed) part("apply").focus();
}

function said({ matched, changed, refused }) {
  const found = plural(matched, "batch encontrado", "batches encontrados");
  const left = refused.length ? `; ${plural(refused.length, "no se puede", "no se pueden")}:` : ".";
  return `${found}, ${plural(changed, "cambiaría", "cambiarían")}${left}`;
}

function list(refused) {
  const items = refused.slice(0, SHOWN).map(({ id, error }) => `${id}: ${error}`);
  if (refused.length > SHOWN) items.push(`y ${number(refused.length - SHOWN)} más`);
  part("refused").replaceChildren(
    ...items.map((text) => Object.assign(document.createElement("li"), { textContent: text })),
  );
}

function forget() {
  part("preview").hidden = true;
  part("apply").disabled = true;
  part("apply").textContent = "Asignar";
}

async function apply() {
  const target = form.elements.to.value;
  part("apply").disabled = true;
  const answer = await send(false);
  dialog.close();
  tellAssigned(answer, target);
  await refresh();
}

form.addEventListener("input", forget);
form.addEventListener("submit", (event) => {
  event.preventDefault();
  preview();
});
part("apply").addEventListener("click", apply);
board.addEventListener("click", (event) => {
  if (!event.target.closest("#open-list")) return;
  form.reset();
  forget();
  dialog.showModal();
});
