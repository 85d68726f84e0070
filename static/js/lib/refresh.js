// Brings the part of the page marked `data-refresh` again, keeping what somebody is writing in it.

/** `form` is the one just saved: its fields take what the server says. */
export async function refresh(form = null) {
  const place = document.querySelector("[data-refresh]");
  const drafts = draftsOf(place, form);
  const { scrollY } = window;
  await window.htmx.ajax("GET", place.dataset.refresh, { target: place, swap: "innerHTML show:none" });
  for (const [id, value] of drafts) {
    const field = document.getElementById(id);
    if (!field) continue;
    field.value = value;
    field.closest("details")?.setAttribute("open", "");
  }
  window.scrollTo(0, scrollY);
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
