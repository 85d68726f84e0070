// Forms that add a comment (`data-comment` is where it is sent).

import { newOperation, post } from "./lib/api.js";
import { refresh } from "./lib/refresh.js";
import { toast } from "./lib/toast.js";
import { silence } from "./lib/undo.js";

document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-comment]");
  if (!form) return;
  event.preventDefault();
  if (!form.hasAttribute("aria-busy")) send(form);
});

async function send(form) {
  form.setAttribute("aria-busy", "true");
  const text = form.elements.text.value;
  const answer = await post(form.dataset.comment, { text }, { operation: newOperation() });
  form.removeAttribute("aria-busy");
  if (answer.status !== 201) {
    toast(answer.data.error || `${silence(answer.status)} Tu texto sigue aquí.`);
    return;
  }
  form.reset();
  await refresh(form);
  toast("Hecho. Tu comentario quedó en el batch.", { kind: "good" });
}
