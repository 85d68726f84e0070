// Which batches are selected: some ids, or all that match the URL's filter.

const PLACE = new Set(["page", "per_page", "sort", "cursor"]);
const ids = new Set();
let matching = null;

/** The URL's filter as the API takes it. */
export function filter() {
  const found = {};
  for (const [name, value] of new URLSearchParams(location.search)) {
    if (PLACE.has(name) || (!value && name !== "assignee")) continue;
    (found[name] ??= []).push(value);
  }
  return found;
}

export const has = (id) => matching !== null || ids.has(id);
export const count = () => matching?.total ?? ids.size;
export const isMatching = () => matching !== null;
export const select = () => (matching ? { filter: matching.filter } : { ids: [...ids] });

export function set(wanted, on) {
  matching = null;
  for (const id of wanted) {
    if (on) ids.add(id);
    else ids.delete(id);
  }
  tell();
}

export function takeMatching(total) {
  matching = { filter: filter(), total };
  tell();
}

export function clear() {
  ids.clear();
  matching = null;
  tell();
}

function tell() {
  document.body.dispatchEvent(new CustomEvent("selection-changed"));
}
