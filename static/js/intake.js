// The page follows the images: asks a tiny address whether anything changed, and only then for
// the content. Without an answer, what is shown stays, and the page says why and asks on.

const EVERY_MS = 2_000;
const LONGEST_MS = 15_000;
const page = document.getElementById("intake");
const trouble = document.getElementById("intake-trouble");
let etag = "";
let wait = EVERY_MS;
let opacity = null;
let masked = true;
let pressed = false;

const shown = () => document.getElementById("intake-version").dataset.version;
const isBusy = () => document.hidden || pressed || document.querySelector("dialog[open]") !== null;

async function check() {
  const response = await fetch(page.dataset.versionUrl, {
    headers: etag ? { "If-None-Match": etag } : {},
    cache: "no-store",
  });
  if (response.redirected || response.status === 401) location.reload();
  if (response.status === 503) throw new Error("down");
  tell("");
  wait = EVERY_MS;
  if (response.status === 304 || !response.ok) return;
  const version = await response.text();
  if (version === shown()) etag = response.headers.get("ETag") ?? "";
  else if (!isBusy()) await refresh();
}

async function refresh() {
  const response = await fetch(page.dataset.url, { headers: { "HX-Request": "true" }, cache: "no-store" });
  if (response.status === 503) throw new Error("down");
  if (!response.ok || isBusy()) return;
  const focused = page.contains(document.activeElement) ? mark(document.activeElement) : "";
  const unfolded = page.querySelector("details[open]") !== null;
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
  page.replaceChildren(...fresh.body.childNodes);
  window.htmx.process(page);
  if (unfolded) page.querySelector("details")?.setAttribute("open", "");
  look();
  if (focused) page.querySelector(focused)?.focus({ preventScroll: true });
  page.dispatchEvent(new CustomEvent("intake-shown", { bubbles: true }));
}

/** How to find again what has the focus: by its id, or as the button of what it does. */
function mark({ id, name, value, dataset }) {
  if (id) return `#${CSS.escape(id)}`;
  if ("run" in dataset) return "[data-run]";
  return name && value ? `button[name="${CSS.escape(name)}"][value="${CSS.escape(value)}"]` : "";
}

/** The mask over the picture as it was chosen, on the picture that is shown now. */
function look() {
  const slider = document.getElementById("mask-opacity");
  const toggle = document.getElementById("mask-shown");
  if (!slider || !toggle) return;
  if (opacity !== null) slider.value = opacity;
  toggle.checked = masked;
  page.querySelector("[data-mask]").style.opacity = slider.value / 100;
}

function tell(text) {
  trouble.hidden = text === "";
  trouble.querySelector('[data-part="text"]').textContent = text;
}

function down(error) {
  tell(
    error.message === "down"
      ? "MongoDB no responde. Ninguna imagen se perdió: la que está en proceso se conserva en images_sources. La página sigue en cuanto responda."
      : "No hay conexión con el servidor. Ninguna imagen se perdió. La página sigue en cuanto vuelva.",
  );
  wait = Math.min(LONGEST_MS, wait * 1.5);
}

async function turn() {
  try {
    if (!isBusy()) await check();
  } catch (error) {
    down(error);
  }
  setTimeout(turn, wait);
}

page.addEventListener("input", ({ target }) => {
  if (target.id === "mask-opacity") opacity = target.value;
  if (target.id === "mask-shown") masked = target.checked;
  look();
});
// A slider or button whose element is replaced before it is let go would do nothing.
page.addEventListener("pointerdown", () => {
  pressed = true;
});
for (const end of ["pointerup", "pointercancel"]) {
  document.addEventListener(end, () => setTimeout(() => (pressed = false)));
}
document.addEventListener("visibilitychange", () => document.hidden || check().catch(down));
document.addEventListener("intake-changed", () => refresh().catch(down));
look();
setTimeout(turn, EVERY_MS);
