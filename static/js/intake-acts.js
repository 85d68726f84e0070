// What the buttons of the intake do: one step, all of them in turns, another attempt, by force.

import { plural } from "./lib/spanish.js";
import { toast } from "./lib/toast.js";
import { silence } from "./lib/undo.js";

const PATIENCE_MS = 180_000;
const PAUSE_MS = 3_000;
const LONGEST_PAUSE_MS = 30_000;
const page = document.getElementById("intake");
const going = document.getElementById("intake-going");
const dialog = document.getElementById("force-archive");
const part = (name) => going.querySelector(`[data-part="${name}"]`);
let running = false;

/** Send a form; returns {status, data}, status 0 when no answer came. */
async function send(fields) {
  const token = document.querySelector('meta[name="csrf-token"]').content;
  try {
    const response = await fetch(page.dataset.url, {
      method: "POST",
      headers: { Accept: "application/json", "X-CSRFToken": token },
      body: new URLSearchParams(fields),
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    if (response.status === 401) location.reload();
    return { status: response.status, data: await response.json() };
  } catch {
    return { status: 0, data: {} };
  }
}

const changed = () => document.dispatchEvent(new CustomEvent("intake-changed"));

document.addEventListener("submit", async (event) => {
  const form = event.target.closest("form[data-intake]");
  if (!form) return;
  event.preventDefault();
  const button = event.submitter;
  const fields = new FormData(form, button); // before: a disabled button is no part of it
  button.disabled = true;
  const { status, data } = await send(fields);
  button.disabled = false;
  if (data.success) toast(data.message, { kind: "good" });
  else toast(kept(status, data));
  if (form.closest("dialog")) dialog.close();
  changed();
});

/** Why it did not go, as a sentence, and that the image is safe. */
function kept(status, data) {
  return status === 503 ? `${why(status, data)} Ninguna imagen se perdió.` : data.error || silence(status);
}

function why(status, data) {
  if (status === 0) return "No hay conexión con el servidor.";
  if (!data.error || data.error === "DB no disponible") return "MongoDB no responde.";
  return data.error.replace(/\.?$/, ".");
}

async function runAll() {
  running = true;
  let done = 0;
  let failed = 0;
  let pause = PAUSE_MS;
  let refused = false;
  show(0, 1, "Empezando…", "");
  while (running) {
    const { status, data } = await send({ action: "run" });
    if (data.success) {
      done += data.archived;
      failed += data.failed.length;
      pause = PAUSE_MS;
      const count = plural(done, "imagen archivada", "imágenes archivadas");
      const left = data.remaining ? `, faltan ${data.remaining}` : "";
      show(done, done + data.remaining, `${count}${left}`, data.retrying[0]?.error ?? "");
      changed();
      if (!data.remaining) break;
      if (data.archived || data.failed.length) continue;
    } else if (status === 503 || status === 0 || data.busy) {
      const seconds = Math.round(pause / 1000);
      const again = `La imagen se conserva; se intenta otra vez en ${seconds} s.`;
      show(null, null, null, `${why(status, data)} ${again}`);
      pause = Math.min(LONGEST_PAUSE_MS, pause * 1.5);
    } else {
      toast(kept(status, data));
      refused = true;
      break;
    }
    await rest(pause);
  }
  if (!refused) tell(done, failed, !running);
  running = false;
  going.hidden = true;
  offer();
  changed();
}

/** Wait, unless it is to stop. */
async function rest(milliseconds) {
  const until = Date.now() + milliseconds;
  while (running && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 200));
}

function tell(done, failed, stopped) {
  const archived = `${plural(done, "imagen archivada", "imágenes archivadas")}.`;
  if (failed) toast(`${archived} ${plural(failed, "tiene", "tienen")} problemas: mira «Con problema».`, { kind: "warn" });
  else toast(`${stopped ? "Detenido." : "Hecho."} ${archived}`, { kind: "good" });
}

function show(done, total, text, why) {
  going.hidden = false;
  if (text !== null) {
    part("text").textContent = text;
    part("bar").max = Math.max(total, 1);
    part("bar").value = done;
  }
  part("why").textContent = why;
  part("why").hidden = why === "";
  offer();
}

/** While all are worked through, the buttons that would be in its way are not offered. */
function offer() {
  for (const button of page.querySelectorAll(".intake-acts button")) button.disabled = running;
}

document.addEventListener("click", ({ target }) => {
  if (target.closest("[data-run]") && !running) runAll();
  if (target.closest("#intake-stop")) {
    running = false;
    part("text").textContent = "Se detiene al acabar la imagen en proceso…";
  }
  const opener = target.closest('[data-opens="force-archive"]');
  if (opener) ask(opener.dataset.image);
});
page.addEventListener("intake-shown", offer);

function ask(name) {
  const form = dialog.querySelector("form");
  form.reset();
  form.elements.image.value = name;
  form.querySelector('[data-part="name"]').textContent = name;
  form.querySelector("[type=submit]").disabled = true;
}

dialog?.addEventListener("input", ({ target }) => {
  if (!target.dataset.word) return;
  dialog.querySelector("[type=submit]").disabled = target.value.trim() !== target.dataset.word;
});
