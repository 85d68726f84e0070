// The sync state of the top bar: asked for again after a sync, and now and then.

const EVERY_SECONDS = 120;
const chip = document.getElementById("sync-state");

async function refresh() {
  try {
    const response = await fetch(chip.dataset.url, { headers: { "HX-Request": "true" } });
    if (response.ok && !response.redirected) chip.innerHTML = await response.text();
  } catch {
    // No connection: the last state stays, with its time.
  }
}

document.body.addEventListener("sync-ended", refresh);
setInterval(() => document.hidden || refresh(), EVERY_SECONDS * 1000);
