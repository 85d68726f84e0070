// The theme: system, light or dark. Kept where the admin's theme keeps its own, so both agree.

const KEY = "adminTheme";
const root = document.documentElement;
const darkSystem = matchMedia("(prefers-color-scheme: dark)");

function show() {
  const chosen = root.dataset.theme ?? "auto";
  for (const button of document.querySelectorAll("[data-theme-set]")) {
    button.setAttribute("aria-pressed", String(button.dataset.themeSet === chosen));
  }
}

function choose(theme) {
  if (theme === "auto") delete root.dataset.theme;
  else root.dataset.theme = theme;
  try {
    localStorage.setItem(KEY, JSON.stringify(theme));
  } catch {
    // Storage is closed: the choice lasts as long as this page.
  }
  show();
}

document.addEventListener("click", (event) => {
  const set = event.target.closest("[data-theme-set]");
  if (set) choose(set.dataset.themeSet);
  if (event.target.closest("[data-theme-toggle]")) {
    const dark = (root.dataset.theme ?? (darkSystem.matches ? "dark" : "light")) === "dark";
    choose(dark ? "light" : "dark");
  }
});

show();
