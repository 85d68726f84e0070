// What `title` says, shown at once on hover and also on focus, where the keyboard can reach it.

const GAP = 6;
const tip = document.createElement("div");
tip.className = "tooltip";
tip.id = "tooltip";
tip.setAttribute("role", "tooltip");
tip.hidden = true;
document.body.append(tip);
let shownFor = null;

function show(element) {
  if (element.title) {
    element.dataset.tip = element.title;
    element.removeAttribute("title");
  }
  tip.textContent = element.dataset.tip;
  tip.hidden = false;
  shownFor = element;
  if (element.tabIndex >= 0) element.setAttribute("aria-describedby", tip.id);
  place(element.getBoundingClientRect());
}

function place(box) {
  const { width, height } = tip.getBoundingClientRect();
  const room = document.documentElement.clientWidth - width - GAP;
  const left = Math.max(GAP, Math.min(box.left + box.width / 2 - width / 2, room));
  const below = box.bottom + GAP;
  const fits = below + height < window.innerHeight;
  tip.style.left = `${left}px`;
  tip.style.top = `${fits ? below : Math.max(GAP, box.top - height - GAP)}px`;
}

function hide() {
  if (shownFor?.getAttribute("aria-describedby") === tip.id) {
    shownFor.removeAttribute("aria-describedby");
  }
  tip.hidden = true;
  shownFor = null;
}

/** A finger asks by touching what does nothing else; a pointer by staying; the keyboard by focus. */
function wantsIt(event, element) {
  if (event.type === "focusin") return element.matches(":focus-visible");
  return event.pointerType !== "touch" || element.hasAttribute("tabindex");
}

function turn(event) {
  const element = event.target.closest?.("[title], [data-tip]");
  if (element === shownFor) return;
  hide();
  if (element && wantsIt(event, element)) show(element);
}

document.addEventListener("pointerover", turn);
document.addEventListener("focusin", turn);
document.addEventListener("focusout", hide);
document.addEventListener("scroll", hide, { capture: true, passive: true });
document.addEventListener("keydown", (event) => event.key === "Escape" && hide());
document.addEventListener("click", (event) => shownFor?.hasAttribute("tabindex") || hide());
document.body.addEventListener("htmx:afterSwap", hide);
