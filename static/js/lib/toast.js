// A short message at the edge of the screen that leaves by itself, with one thing to do at most.

const SECONDS = 10;

const MARKS = { good: "done", bad: "alert", warn: "alert" };

/** `action` is {label, run}: a button that does it and takes the message away. */
export function toast(text, { kind = "bad", action = null } = {}) {
  const box = document.getElementById("toasts");
  const same = [...box.children].find((other) => other.dataset.text === text);
  if (same && !action) return;
  same?.remove();
  const item = document.createElement("div");
  item.className = `toast toast--${kind}`;
  item.dataset.text = text;
  const words = document.createElement("p");
  words.className = "toast__text";
  words.textContent = text;
  item.append(icon(MARKS[kind]), words);
  if (action) item.append(actor(item, action));
  item.append(closer(item));
  box.append(item);
  setTimeout(() => item.remove(), SECONDS * 1000);
}

function actor(item, { label, run }) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "toast__action";
  button.textContent = label;
  button.addEventListener("click", () => {
    item.remove();
    run();
  });
  return button;
}

function closer(item) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "toast__close";
  button.setAttribute("aria-label", "Cerrar");
  button.append(icon("x"));
  button.addEventListener("click", () => item.remove());
  return button;
}

export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(space, "use");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}
