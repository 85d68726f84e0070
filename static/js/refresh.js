// The table follows the data: asks a tiny address whether anything changed, and only then for
// the rows. It waits while somebody is in the middle of something.

import { isOpen } from "./lib/popover.js";

const EVERY_SECONDS = 3;
const LONGEST_SECONDS = 60;
const table = document.getElementById("batches");
let etag = "";
let wait = EVERY_SECONDS;

const shown = () => document.getElementById("list-version").dataset.version;

function isBusy() {
  return document.hidden || isOpen() || table.classList.contains("htmx-request")
    || document.querySelector("dialog[open]") !== null
    || document.activeElement?.matches("#batches select");
}

async function check() {
  const response = await fetch("/dashboard/version", {
    headers: etag ? { "If-None-Match": etag } : {},
    cache: "no-store",
  });
  if (response.redirected) throw new Error("the session ended");
  wait = EVERY_SECONDS;
  if (response.status === 304 || !response.ok) return;
  const version = await response.text();
  if (version === shown()) etag = response.headers.get("ETag") ?? "";
  else if (!isBusy()) await refresh();
}

async function refresh() {
  table.classList.add("is-quiet");
  const here = location.pathname + location.search;
  try {
    await window.htmx.ajax("GET", here, { target: "#batches", swap: "innerHTML show:none" });
  } finally {
    table.classList.remove("is-quiet");
  }
}

async function turn() {
  try {
    if (!isBusy()) await check();
  } catch {
    // No connection: what is shown stays; asked less often until it comes back.
    wait = Math.min(LONGEST_SECONDS, wait * 2);
  }
  setTimeout(turn, wait * 1000);
}

// Hidden, it does not ask; seen again, it asks at once.
document.addEventListener("visibilitychange", () => {
  if (!isBusy()) check().catch(() => {});
});
document.body.addEventListener("batches-changed", refresh);

// Who goes back before the page's scripts run changes the address, and nobody hears it.
const plain = (query) => new URLSearchParams(query).toString();
function catchUp() {
  const { query } = document.getElementById("list-version").dataset;
  if (plain(query) !== plain(location.search)) refresh();
}
if (document.readyState === "complete") catchUp();
else window.addEventListener("load", catchUp);
setTimeout(turn, EVERY_SECONDS * 1000);
