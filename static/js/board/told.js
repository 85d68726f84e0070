// What a change came to, in words, with its undo.

import { number, plural } from "../lib/spanish.js";
import { toast } from "../lib/toast.js";
import { done, silence } from "../lib/undo.js";
import { refresh } from "./refresh.js";

/** Tell how giving batches to somebody went: what changed, what was refused and why. */
export function tellAssigned({ status, data }, target) {
  if (!data.success) {
    toast(data.error ? `${data.error} Nada cambió.` : silence(status));
    return;
  }
  if (data.changed) done(assigned(data.changed, target), data.operation, refresh);
  if (data.refused.length) toast(refusals(data.refused), { kind: "warn" });
  else if (!data.changed) toast("Nada que cambiar: ya estaban así.", { kind: "warn" });
}

export function assigned(count, target) {
  if (target) return `${plural(count, "batch asignado", "batches asignados")} a ${target}.`;
  return `${plural(count, "batch quedó", "batches quedaron")} sin asignar.`;
}

const SHOWN = 2;

export function refusals(refused) {
  const reasons = refused.slice(0, SHOWN).map(({ id, error }) => `${id}: ${error}`);
  const more = refused.length > SHOWN ? ` (y ${number(refused.length - SHOWN)} más)` : "";
  const count = plural(refused.length, "batch no cambió", "batches no cambiaron");
  return `${count}. ${reasons.join("; ")}${more}`;
}
