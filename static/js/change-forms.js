// Forms that change one batch (`data-change` is its API address): saved in place, at the version
// that was seen. What somebody else did meanwhile is shown, and nothing is written over.

import { newOperation, patch } from "./lib/api.js";
import { refresh } from "./lib/refresh.js";
import { toast } from "./lib/toast.js";
import { done, silence } from "./lib/undo.js";

const COUNTS = new Set(["completed_masks", "total_masks"]);
const OWN = /^(csrfmiddlewaretoken|next|act|version|seen-.*)$/;

document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-change]");
  if (!form) return;
  event.preventDefault();
  if (!form.hasAttribute("aria-busy")) save(form);
});

document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-theirs]")) return;
  event.preventDefault();
  refresh(document.getElementById("edit"));
});

async function save(form) {
  const asked = changesIn(form);
  if (!Object.keys(asked).length) {
    toast("No cambiaste nada.", { kind: "warn" });
    return;
  }
  const operation = newOperation();
  const version = Number(form.elements.version.value);
  const revert = showAtOnce(form);
  form.setAttribute("aria-busy", "true");
  const answer = await patch(form.dataset.change, { ...asked, version }, { operation });
  form.removeAttribute("aria-busy");
  if (answer.status === 200) {
    form.closest("dialog")?.close();
    await refresh(form.closest(".conflict") ? document.getElementById("edit") : form);
    done(form.dataset.done || "Hecho. El cambio quedó guardado.", operation, () => refresh());
    return;
  }
  revert();
  if (answer.status === 409 && answer.data.batch) await showConflict(form);
  else showProblem(form, answer);
}

/** What the form asks: fields that differ from what it showed. */
function changesIn(form) {
  const asked = {};
  for (const [name, value] of new FormData(form)) {
    const seen = form.elements[`seen-${name}`];
    if (OWN.test(name) || (seen && plain(seen.value) === plain(value))) continue;
    asked[name] = COUNTS.has(name) && /^\d+$/.test(value) ? Number(value) : plain(value);
  }
  return asked;
}

const plain = (text) => text.replaceAll("\r\n", "\n");

/** Show the status it will have; returns what takes that back. */
function showAtOnce(form) {
  const card = form.closest("[data-batch]");
  if (!card || !("optimistic" in form.dataset)) return () => {};
  const pills = [...card.querySelectorAll("[data-pill]")];
  const before = pills.map((pill) => pill.hidden);
  for (const pill of pills) pill.hidden = pill.dataset.pill !== form.elements.status.value;
  return () => pills.forEach((pill, index) => { pill.hidden = before[index]; });
}

function showProblem(form, { status, data }) {
  const text = data.error ? `${data.error} Nada cambió.` : `${silence(status)} Lo tuyo sigue aquí.`;
  const place = form.querySelector("[data-error]");
  if (!place || !data.error) {
    toast(text);
    return;
  }
  place.textContent = text;
  place.hidden = false;
}

/** The server compares: the same form, not written because its version is old. */
async function showConflict(form) {
  const slot = document.getElementById(form.dataset.conflict || slotOf(form));
  const response = await fetch(form.getAttribute("action"), {
    method: "POST",
    headers: { "HX-Request": "true" },
    body: new FormData(form),
  }).catch(() => null);
  if (response?.status !== 409) {
    toast("Otra persona cambió este batch. Recarga la página para ver cómo quedó.");
    return;
  }
  form.closest("dialog")?.close();
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  slot.replaceChildren(...page.body.children);
  slot.firstElementChild.scrollIntoView({ block: "center" });
  slot.firstElementChild.focus({ preventScroll: true });
}

/** A conflict met while applying again stays where the first was shown. */
const slotOf = (form) => form.closest(".conflict")?.parentElement.id || "conflict";
