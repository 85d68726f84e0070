// Leaving a menu for a dialog.

/** Close the menu around this, and stand on what opened it: a dialog closed later returns there. */
export function closeMenuOf(element) {
  const menu = element.closest("details.menu");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
}
