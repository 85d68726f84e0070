// «Sincronizar ahora»: shows that it runs and for how long, then how it ended and why.

import { sync } from "./lib/sync.js";
import { plural } from "./lib/spanish.js";

const PATIENCE_SECONDS = 300;
const panel = document.getElementById("sync-panel");
const button = document.getElementById("sync-now");
const answer = document.getElementById("sync-answer");
const part = (name) => answer.querySelector(`[data-part="${name}"]`);
const forceForm = document.getElementById("force-form");

const LOOK = {
  done: ["good", "done", "Hecha."],
  refused: ["warn", "stop", "Frenada."],
  empty: ["info", "clock", "Todavía no hay qué sincronizar."],
  busy: ["warn", "clock", "Sin empezar otra."],
  failed: ["bad", "alert", "Falló."],
  timeout: ["bad", "clock", "Sin respuesta."],
};

async function run(force) {
  const stop = start();
  const outcome = await sync(panel.dataset.url, { force, seconds: PATIENCE_SECONDS });
  stop();
  show(outcome);
  const content = document.getElementById("masks-content");
  await window.htmx.ajax("GET", content.dataset.url, { target: content, swap: "innerHTML show:none" });
  const here = location.pathname + location.search;
  window.htmx.ajax("GET", here, { target: "#files", swap: "innerHTML show:none" });
}

function start() {
  const began = Date.now();
  const tick = () => {
    part("elapsed").textContent = `${Math.floor((Date.now() - began) / 1000)} s`;
  };
  button.disabled = true;
  answer.hidden = false;
  part("running").hidden = false;
  part("result").hidden = true;
  if (part("force")) part("force").hidden = true;
  tick();
  const timer = setInterval(tick, 1000);
  return () => {
    clearInterval(timer);
    button.disabled = false;
    part("running").hidden = true;
  };
}

function show(outcome) {
  const [tone, mark, title] = LOOK[outcome.kind];
  const result = part("result");
  result.className = `notice notice--${tone}`;
  result.querySelector("use").setAttribute("href", `#i-${mark}`);
  part("title").textContent = title;
  part("text").textContent = outcome.text;
  result.hidden = false;
  if (outcome.kind === "refused" && forceForm) offerForce(outcome.cleared);
}

function offerForce(cleared) {
  part("force").hidden = false;
  const what = plural(cleared, "batch dejará", "batches dejarán");
  forceForm.querySelector('[data-part="cleared"]').textContent =
    `${what} de aparecer como «Cargado a Mongo».`;
  forceForm.reset();
  forceForm.querySelector("[type=submit]").disabled = true;
}

button.addEventListener("click", () => run(false));
forceForm?.addEventListener("input", ({ target }) => {
  const typed = target.value.trim() === target.dataset.word;
  forceForm.querySelector("[type=submit]").disabled = !typed;
});
forceForm?.addEventListener("submit", () => run(true));
