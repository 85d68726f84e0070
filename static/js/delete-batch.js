// Deleting asks for the word; what was done is told where one lands, with the way back.

import { newOperation, send } from "./lib/api.js";
import { tellLater } from "./lib/later.js";
import { toast } from "./lib/toast.js";
import { silence } from "./lib/undo.js";

const form = document.getElementById("delete-form");

form?.addEventListener("input", ({ target }) => {
  form.querySelector("[type=submit]").disabled = target.value.trim() !== target.dataset.word;
});

form?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = form.querySelector("[type=submit]");
  const operation = newOperation();
  button.disabled = true;
  const { status, data } = await send("DELETE", form.dataset.delete, {}, { operation });
  button.disabled = false;
  if (!data.success) {
    form.closest("dialog").close();
    toast(data.error || silence(status));
    return;
  }
  tellLater(`Hecho. ${form.dataset.id} está en la papelera.`, data.operation);
  location.assign(form.dataset.then);
});
