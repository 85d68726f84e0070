// When the dashboard opens it asks for a sync. The list is already there and stays useful.

import { sync } from "./lib/sync.js";

const strip = document.getElementById("sync-strip");
const text = strip.querySelector(".sync-strip__text");
const icon = strip.querySelector(".icon");
const lastGood = strip.querySelector("[data-last-good]")?.textContent.trim() ?? "";

const MARKS = { done: "done", busy: "done", empty: "clock" };
const WORDS = {
  done: (outcome) => `Sincronizado: ${outcome.text}`,
  busy: (outcome) => outcome.text,
  empty: (outcome) => `Todavía no hay qué sincronizar. ${outcome.text}`,
  refused: (outcome) => `La sincronización se frenó: ${outcome.text}`,
  failed: (outcome) => `No se pudo sincronizar: ${outcome.text}`,
  timeout: (outcome) => `Sin respuesta de la sincronización. ${outcome.text}`,
};

function say(kind, words, mark) {
  strip.dataset.kind = kind;
  text.textContent = words;
  text.title = words;
  icon.querySelector("use").setAttribute("href", `#i-${mark}`);
  icon.classList.toggle("spinning", kind === "running");
}

function show(outcome) {
  const good = outcome.kind === "done";
  const calm = good || outcome.kind === "busy" || outcome.kind === "empty";
  const known = lastGood ? `Última buena: ${lastGood}.` : "Todavía no hay una buena.";
  const words = WORDS[outcome.kind](outcome);
  say(good ? "done" : calm ? "busy" : "failed", calm ? words : `${words} ${known}`, MARKS[outcome.kind] ?? "alert");
}

say("running", "Sincronizando con el almacén de máscaras…", "sync");
const outcome = await sync(strip.dataset.url, { quiet: true, seconds: 30 });
show(outcome);
if (outcome.changes) {
  const here = location.pathname + location.search;
  window.htmx.ajax("GET", here, { target: "#batches", swap: "innerHTML show:none" });
}
