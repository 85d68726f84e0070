// «Dame el siguiente batch»: takes it, or says why there is none.

import { newOperation, post } from "./lib/api.js";
import { refresh } from "./lib/refresh.js";
import { toast } from "./lib/toast.js";
import { done, silence } from "./lib/undo.js";

const answerBox = document.getElementById("next-answer");

document.addEventListener("submit", async (event) => {
  const form = event.target.closest("form[data-next]");
  if (!form) return;
  event.preventDefault();
  const button = form.querySelector("[type=submit]");
  const operation = newOperation();
  button.disabled = true;
  const { status, data } = await post(form.dataset.next, {}, { operation });
  button.disabled = false;
  answerBox.hidden = true;
  if (data.success) {
    await refresh();
    done(`Hecho. ${data.batch.id} es tuyo.`, operation, () => refresh());
  } else if (data.error) {
    answerBox.className = "notice notice--warn";
    answerBox.textContent = data.error;
    answerBox.hidden = false;
  } else {
    toast(silence(status));
  }
});
