// «Crear batches que faltan»: says which and how many, asks, creates, and tells how it went.

import { newOperation, post } from "./lib/api.js";
import { number, plural } from "./lib/spanish.js";
import { toast } from "./lib/toast.js";
import { silence } from "./lib/undo.js";

const SHOWN = 20;
const PATIENCE_SECONDS = 120;
const dialog = document.getElementById("create-dialog");
const part = (name) => dialog.querySelector(`[data-part="${name}"]`);
const submit = dialog.querySelector("[type=submit]");
let operation = "";

document.addEventListener("click", async (event) => {
  if (!event.target.closest("#create-batches")) return;
  operation = newOperation();
  part("text").textContent = "Buscando…";
  part("ids").hidden = true;
  submit.disabled = true;
  dialog.showModal();
  const answer = await post(dialog.dataset.url, { dry_run: true }, { seconds: PATIENCE_SECONDS });
  if (answer.data.success) propose(answer.data);
  else part("text").textContent = answer.data.error || silence(answer.status);
});

function propose({ proposed, remaining }) {
  const count = proposed.length;
  const now = plural(count, "batch", "batches");
  const later = remaining ? ` ${plural(remaining, "queda", "quedan")} para la siguiente vez.` : "";
  part("text").textContent = count
    ? `Se crearán ${now} que tienen archivos en el almacén y aquí no están.${later}`
    : "Ya no falta ninguno.";
  const lines = proposed.slice(0, SHOWN).map(
    ({ id, files }) => `${id} · ${plural(files, "archivo", "archivos")}`,
  );
  if (count > SHOWN) lines.push(`… y ${number(count - SHOWN)} más`);
  part("ids").replaceChildren(...lines.map((line) => {
    const item = document.createElement("li");
    item.textContent = line;
    return item;
  }));
  part("ids").hidden = count === 0;
  submit.disabled = count === 0;
  submit.textContent = count ? `Crear ${now}` : "Crear";
  submit.focus();
}

dialog.querySelector("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  submit.disabled = true;
  part("text").textContent = "Creando…";
  const { status, data } = await post(dialog.dataset.url, {}, {
    seconds: PATIENCE_SECONDS, operation,
  });
  dialog.close();
  if (!data.success) {
    toast(data.error || silence(status));
    return;
  }
  const marks = data.marks_pending ? ` Sus marcas se ponen en la próxima sincronización: ${data.marks_pending}` : "";
  toast(`Hecho. ${data.message}.${marks}`, { kind: data.marks_pending ? "warn" : "good" });
  document.body.dispatchEvent(new CustomEvent("sync-ended", { detail: {} }));
  const here = location.pathname + location.search;
  await window.htmx.ajax("GET", here, { target: "#files", swap: "innerHTML show:none" });
});
