// The fields that are edited in the table: their names, their choices, what a choice looks like.

export const LABELS = {
  status: "Estatus",
  assignee: "Responsable",
  priority: "Prioridad",
  due_date: "Fecha límite",
};

const MONTHS = "ene feb mar abr may jun jul ago sep oct nov dic".split(" ");

export function choices(field) {
  return document.getElementById(`choose-${field}`).content.firstElementChild.cloneNode(true);
}

/** What the API takes: nobody and no date are null. */
export function asked(field, value) {
  return { [field]: value || null };
}

/** A value in words. */
export function words(field, value) {
  if (field === "assignee" && !value) return "sin asignar";
  if (field === "due_date") return value ? day(value) : "sin fecha";
  return value || "—";
}

/** The value of a field in a batch of the API, as the table keeps it. */
export function valueIn(batch, field) {
  const holder = field === "priority" || field === "due_date" ? batch.metadata : batch;
  return holder[field] ?? "";
}

/** Show a choice in a cell before the server has answered. */
export function show(button, field, value) {
  const choice = field !== "due_date" && [...choices(field).children].find(
    (item) => item.dataset.value === value,
  );
  button.dataset.value = value;
  if (choice) button.innerHTML = choice.innerHTML;
  else button.textContent = value ? words(field, value) : "—";
}

function day(value) {
  const [year, month, date] = value.split("-").map(Number);
  return `${date} ${MONTHS[month - 1]} ${year}`;
}
