// `data-copy="id"` copies the value of a field, says so, and selects it when copying is refused.

import { toast } from "./lib/toast.js";

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const field = document.getElementById(button.dataset.copy);
  field.select();
  try {
    await navigator.clipboard.writeText(field.value);
    toast(button.dataset.copied, { kind: "good" });
  } catch {
    toast("El navegador no dejó copiar. Está seleccionado: cópialo con el teclado.", { kind: "warn" });
  }
});
