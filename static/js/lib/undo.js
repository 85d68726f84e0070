// «Hecho. Deshacer»: what an act answers with, and undoing it.

import { newOperation, post } from "./api.js";
import { plural } from "./spanish.js";
import { toast } from "./toast.js";

/** Say that something is done and offer to undo it; `after` runs when it was undone. */
export function done(text, operation, after = () => {}) {
  toast(text, { kind: "good", action: { label: "Deshacer", run: () => undo(operation, after) } });
}

/** Undo an operation, say how it went, and offer to do it again. */
export async function undo(operation, after = () => {}) {
  const { status, data } = await post(`/api/undo/${encodeURIComponent(operation)}`, {}, {
    operation: newOperation(),
  });
  if (!data.success) {
    toast(data.error || silence(status));
    return;
  }
  const { restored, refused } = data;
  if (refused.length) {
    const [first] = refused;
    const kept = plural(refused.length, "batch quedó como está", "batches quedaron como están");
    const why = `${first.id}: ${first.error}${refused.length > 1 ? "…" : "."}`;
    toast(`${restoredText(restored)} ${kept} (${why})`, { kind: "warn" });
  } else {
    const redo = { label: "Rehacer", run: () => undo(data.operation, after) };
    toast(restoredText(restored), { kind: "good", action: redo });
  }
  after();
}

/** What to say when an answer has no words of its own. */
export function silence(status) {
  if (status === 0) return "No hay conexión con el servidor. Nada se perdió; intenta de nuevo.";
  return "El servidor no pudo hacerlo. Nada se perdió; intenta de nuevo.";
}

function restoredText(count) {
  return `Deshecho: ${plural(count, "batch volvió a como estaba", "batches volvieron a como estaban")}.`;
}
