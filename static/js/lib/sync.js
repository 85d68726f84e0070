// One request of the sync and what it came to, in words.

import { post } from "./api.js";
import { plural } from "./spanish.js";

/**
 * Ask for a sync. Returns {kind, text, changes, cleared}; kind is done, refused (the brakes),
 * empty (no batches, no files, as on the first day), busy, failed or timeout. Tells the page with `sync-ended`, however it went. A quiet one leaves no
 * record when nothing was new.
 */
export async function sync(url, { force = false, quiet = false, seconds = 30 } = {}) {
  const answer = await post(url, { force, quiet }, { seconds });
  const outcome = outcomeOf(answer, seconds);
  document.body.dispatchEvent(new CustomEvent("sync-ended", { detail: outcome }));
  return outcome;
}

function outcomeOf({ status, data, timedOut }, seconds) {
  if (status === 200 && data.success) return done(data);
  if (status === 409 && data.cleared !== undefined) {
    const empty = data.total_batches === 0 && document.querySelector("[data-nothing-yet]");
    return { kind: empty ? "empty" : "refused", text: data.error, changes: 0, cleared: data.cleared };
  }
  const text = data.error || silence(status, timedOut, seconds);
  const kind = timedOut ? "timeout" : status === 409 ? "busy" : "failed";
  return { kind, text, changes: 0 };
}

function done(data) {
  const marked = data.batches_updated + data.already_updated;
  const changes = data.batches_updated + data.cleared;
  const found = plural(marked, "batch con máscaras", "batches con máscaras");
  return { kind: "done", text: `${found}, ${plural(changes, "cambio", "cambios")}`, changes };
}

function silence(status, timedOut, seconds) {
  if (timedOut) {
    return `Tarda más de ${seconds} s. Puede terminar por su cuenta; nada se perdió.`;
  }
  if (status === 0) return "No hay conexión con el servidor. Nada cambió.";
  return "El servidor no pudo hacerlo. Nada se perdió; intenta de nuevo.";
}
