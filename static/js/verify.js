// Buttons that verify archives: `data-verify` is outstanding, batch (data-batch-id) or file
// (data-file-id; read again although it has a verdict; data-verify-again does that for a batch).
// Asks again and again, a few seconds each, with a bar; can be left at any time.

import { post } from "./lib/api.js";
import { refresh } from "./lib/refresh.js";
import { number, plural } from "./lib/spanish.js";
import { toast } from "./lib/toast.js";

const URL = "/api/masks/verify";
const CALL_SECONDS = 60;
const TURN_SECONDS = 3;
const TURNS = 20;

const ASKS = {
  outstanding: () => ({ outstanding: true }),
  batch: ({ batchId, verifyAgain }) => ({ batch: batchId, again: verifyAgain !== undefined }),
  file: ({ fileId }) => ({ file: fileId, again: true }),
};

const wait = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000));

async function run(button) {
  const panel = open(button);
  const seen = { done: 0, remaining: 0, doubtful: [], last: null };
  let error = "";
  try {
    error = await loop(ASKS[button.dataset.verify](button.dataset), seen, panel);
  } finally {
    panel.close();
  }
  tell(seen, error, panel.stopped());
  document.body.dispatchEvent(new CustomEvent("verify-ended", { detail: seen }));
  if (seen.done) show();
}

/** Ask until nothing is left, the person stops it, or it fails; return why it failed, or "". */
async function loop(asked, seen, panel) {
  let skip = 0;
  let turns = 0;
  while (!panel.stopped()) {
    const { status, data } = await post(URL, { ...asked, skip }, { seconds: CALL_SECONDS });
    if (status === 409 && ++turns <= TURNS) {
      panel.say("Otra verificación está en curso; esperando turno…");
      await wait(TURN_SECONDS);
      continue;
    }
    if (status !== 200) return data.error || "No hay conexión con el servidor.";
    note(data, seen);
    panel.move(seen.done, data.remaining, seen.doubtful.length);
    if (!data.remaining || !data.verified.length) return "";
    skip += data.verified.filter(({ kind }) => !asked.outstanding || kind === null).length;
  }
  return "";
}

function note({ verified, remaining }, seen) {
  seen.remaining = remaining;
  seen.done += verified.length;
  seen.doubtful.push(...verified.filter(({ kind }) => kind !== "whole"));
  seen.last = verified.at(-1) ?? seen.last;
}

function tell({ done, remaining, doubtful, last }, error, stopped) {
  if (error) {
    toast(`${error} ${done ? `Quedaron guardados ${plural(done, "veredicto", "veredictos")}.` : "Nada cambió."}`);
  } else if (done === 1) {
    const good = last.kind === "whole";
    toast(`${last.filename}: ${last.label}. ${last.reason}`, { kind: good ? "good" : "warn" });
  } else {
    const words = doubtful.length ? `, ${number(doubtful.length)} con algo que revisar` : ", sin novedad";
    const many = plural(done, "archivo verificado", "archivos verificados");
    const rest = remaining ? ` ${plural(remaining, "queda pendiente", "quedan pendientes")}.` : "";
    if (done) toast(`${many}${words}.${rest}`, { kind: doubtful.length ? "warn" : "good" });
    else toast(stopped ? "No se verificó nada." : "No hay archivos por verificar.", { kind: "good" });
  }
}

/** Bring the page's content again: a batch's page as a whole, else the list of files. */
function show() {
  if (document.querySelector("[data-refresh]")) refresh();
  const files = document.getElementById("files");
  const here = location.pathname + location.search;
  if (files) window.htmx.ajax("GET", here, { target: files, swap: "innerHTML show:none" });
}

function open(button) {
  let stop = false;
  const { panel, text, bar, ender } = build();
  ender.addEventListener("click", () => {
    stop = true;
    ender.disabled = true;
    text.textContent = "Terminando el que está abierto…";
  });
  button.disabled = true;
  return {
    stopped: () => stop,
    say: (words) => {
      text.textContent = words;
    },
    move: (done, remaining, doubtful) => {
      bar.max = done + remaining;
      bar.value = done;
      if (stop) return;
      const odd = doubtful ? ` · ${number(doubtful)} con algo que revisar` : "";
      text.textContent = `${number(done)} de ${plural(done + remaining, "archivo", "archivos")}${odd}`;
    },
    close: () => {
      panel.remove();
      button.disabled = false;
    },
  };
}

/** Put the panel into the page's place for it (`#verify-panel`), or floating over the page. */
function build() {
  const panel = document.createElement("div");
  panel.className = "verify";
  const text = panel.appendChild(document.createElement("p"));
  text.className = "verify__text";
  text.setAttribute("role", "status");
  text.textContent = "Verificando…";
  const bar = panel.appendChild(document.createElement("progress"));
  bar.className = "bar verify__bar";
  bar.setAttribute("aria-label", "Archivos verificados");
  const ender = panel.appendChild(document.createElement("button"));
  ender.type = "button";
  ender.className = "button button--small button--quiet";
  ender.textContent = "Detener";
  const place = document.getElementById("verify-panel");
  panel.classList.toggle("verify--floating", !place);
  (place ?? document.body).append(panel);
  return { panel, text, bar, ender };
}

document.addEventListener("click", ({ target }) => {
  const button = target.closest?.("[data-verify]");
  if (button && ASKS[button.dataset.verify] && !button.disabled) run(button);
});
