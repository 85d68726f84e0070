// «Ver máscaras»: opens the sample of an archive's masks. It is made when first asked for, so the
// dialog opens at once and says that it is being read.

const dialog = document.getElementById("sheet-dialog");
const body = document.getElementById("sheet-body");
let asked = 0;

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-sheet]");
  if (!button) return;
  const turn = ++asked;
  document.getElementById("sheet-title").textContent = button.dataset.name || "Máscaras";
  body.replaceChildren(document.getElementById("sheet-waiting").content.cloneNode(true));
  dialog.showModal();
  const page = await fetched(button.dataset.sheet);
  if (turn === asked) body.replaceChildren(...page);
});

async function fetched(url) {
  try {
    const response = await fetch(url, { headers: { "HX-Request": "true" } });
    if (response.headers.get("HX-Redirect")) location.assign(response.headers.get("HX-Redirect"));
    const type = response.headers.get("Content-Type") ?? "";
    if (type.startsWith("text/html")) {
      return new DOMParser().parseFromString(await response.text(), "text/html").body.childNodes;
    }
    const { error } = await response.json();
    return [notice(error)];
  } catch {
    return [notice("No hay conexión con el servidor. Cierra y vuelve a intentar.")];
  }
}

function notice(text) {
  const box = document.createElement("div");
  box.className = "notice notice--bad";
  box.setAttribute("role", "alert");
  box.textContent = text;
  return box;
}
