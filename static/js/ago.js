// Keeps «hace 5 min» true while the page stays open.

import { elapsed } from "./lib/spanish.js";

function refresh() {
  for (const time of document.querySelectorAll("time[datetime]")) {
    if (!/^(ahora|hace )/.test(time.textContent)) continue;
    time.textContent = elapsed((Date.now() - Date.parse(time.dateTime)) / 1000);
  }
}

setInterval(refresh, 30_000);
document.addEventListener("visibilitychange", () => document.hidden || refresh());
