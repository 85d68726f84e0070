// A fragment that did not come is told, with what to do. Nothing on the page is replaced.

import { toast } from "./lib/toast.js";

document.body.addEventListener("htmx:responseError", (event) => {
  const { status } = event.detail.xhr;
  if (status === 503) {
    toast("La base de datos no responde. Nada se perdió; intenta de nuevo en un momento.");
  } else if (status === 400) {
    toast("Ese filtro no se entiende. La lista quedó como estaba.");
  } else if (status !== 401) {
    toast("No se pudo cargar. Nada se perdió; intenta de nuevo.");
  }
});

document.body.addEventListener("htmx:sendError", () => {
  toast("No hay conexión con el servidor. Nada se perdió; intenta de nuevo.");
});
