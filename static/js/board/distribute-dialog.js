// «Repartir»: who gets how many by open load and weight, shown as it is chosen, then done.

import { newOperation, post } from "../lib/api.js";
import { number, plural } from "../lib/spanish.js";
import { toast } from "../lib/toast.js";
import { done, silence } from "../lib/undo.js";
import { board, head } from "./cards.js";
import { refresh } from "./refresh.js";
import { clear, selection } from "./selection.js";
import { refusals } from "./told.js";

const PAUSE_MS = 250;
const dialog = document.getElementById("distribute-dialog");
const form = document.getElementById("distribute-form");
const part = (name) => form.querySelector(`[data-part="${name}"]`);
const rows = () => [...form.querySelectorAll(".share")];
const button = form.querySelector("[type=submit]");
let timer = 0;
let turn = 0;

function body(dryRun) {
  const chosen = rows().filter((row) => row.querySelector("[name=person]").checked);
  const weights = chosen.map((row) => [
    row.dataset.person,
    row.querySelector("[name=weight]").valueAsNumber || 0,
  ]);
  const select = form.elements.scope.value === "selection"
    ? { ids: selection() }
    : { filter: { ...JSON.parse(head().dataset.select), assignee: "" } };
  return { select, weights: Object.fromEntries(weights), dry_run: dryRun };
}

async function preview() {
  turn += 1;
  const mine = turn;
  const { status, data } = await post("/api/distribute", body(true));
  if (mine !== turn) return;
  part("error").hidden = data.success === true;
  part("error").textContent = data.success ? "" : data.error || silence(status);
  const shares = new Map((data.shares ?? []).map((share) => [share.person, share]));
  for (const row of rows()) {
    row.querySelector("output").textContent = gets(shares.get(row.dataset.person));
  }
  button.disabled = !data.success || !data.matched;
  button.textContent = data.matched ? `Repartir ${number(data.matched)}` : "Repartir";
}

const gets = (share) => (share ? `+${number(share.count)} → ${number(share.after)}` : "—");

function previewSoon() {
  button.disabled = true;
  clearTimeout(timer);
  timer = setTimeout(preview, PAUSE_MS);
}

async function apply() {
  button.disabled = true;
  const { status, data } = await post("/api/distribute", body(false), {
    operation: newOperation(),
  });
  dialog.close();
  if (!data.success) {
    toast(data.error || silence(status));
    return;
  }
  const given = data.shares.filter(({ count }) => count > 0);
  const got = given.map(({ person, count }) => `${person} ${number(count)}`);
  const count = plural(data.changed, "batch repartido", "batches repartidos");
  if (data.changed) done(`${count}: ${got.join(", ")}.`, data.operation, refresh);
  if (data.refused.length) toast(refusals(data.refused), { kind: "warn" });
  clear();
  await refresh();
}

form.addEventListener("input", previewSoon);
form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (!button.disabled) apply();
});
board.addEventListener("click", (event) => {
  if (!event.target.closest("#open-distribute")) return;
  const count = selection().length;
  part("unassigned").textContent = number(Number(head().dataset.unassigned));
  part("selection").textContent = number(count);
  form.querySelector("[value=selection]").disabled = count === 0;
  form.elements.scope.value = count ? "selection" : "unassigned";
  dialog.showModal();
  form.querySelector("[name=scope]:checked").focus();
  preview();
});
