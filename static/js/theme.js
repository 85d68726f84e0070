// Before anything is painted: the chosen theme, and that JavaScript runs.
// Not a module on purpose: modules wait for the document, and the page would flash.
(() => {
  const root = document.documentElement;
  root.classList.add("js");
  try {
    const chosen = JSON.parse(localStorage.getItem("adminTheme"));
    if (chosen === "light" || chosen === "dark") root.dataset.theme = chosen;
  } catch {
    // Storage is closed or holds something else: the system decides.
  }
})();
