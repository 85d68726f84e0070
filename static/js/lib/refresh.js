// Brings the part of the page marked `data-refresh` again, keeping what somebody is writing in it.

/** `form` is the one just saved: its fields take what the server says. */
export async function refresh(form = null) {
  const place = document.querySelector("[data-refresh]");
  const drafts = draftsOf(place, form);
  const focusAgain = focusIn(place);
  const { scrollY } = window;
  await window.htmx.ajax("GET", place.dataset.refresh, { target: place, swap: "innerHTML show:none" });
  for (const [id, value] of drafts) {
    const field = document.getElementById(id);
    if (!field) continue;
    field.value = value;
    field.closest("details")?.setAttribute("open", "");
  }
  focusAgain();
  window.scrollTo(0, scrollY);
}

/** A button is found again by its words, in the part it was in; fields with an id, htmx finds. */
function focusIn(place) {
  const focused = document.activeElement;
  const part = place.contains(focused) ? focused.closest("[id]").id : "";
  const { tagName, textContent } = focused;
  return () => {
    if (!part || document.activeElement !== document.body) return;
    const same = document.getElementById(part)?.querySelectorAll(tagName) ?? [];
    [...same].find((one) => one.textContent === textContent)?.focus({ preventScroll: true });
  };
}

function draftsOf(place, form) {
  const fields = [...place.querySelectorAll("input[id], textarea[id], select[id]")];
  const written = fields.filter((field) => !form?.contains(field) && isDirty(field));
  return written.map((field) => [field.id, field.value]);
}

function isDirty(field) {
  if (field.tagName !== "SELECT") return field.value !== field.defaultValue;
  return [...field.options].some((option) => option.selected !== option.defaultSelected);
}
