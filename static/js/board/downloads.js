// «Descargas y Respaldos»: the two links follow the person chosen; the card stays as it was left.

const card = document.getElementById("downloads");
const person = document.getElementById("download-person");
const KEY = "downloads-open";

function follow() {
  for (const link of card.querySelectorAll("[data-download]")) {
    link.href = person.value + link.dataset.download;
  }
}

card.open = localStorage.getItem(KEY) === "yes";
card.addEventListener("toggle", () => {
  if (card.open && localStorage.getItem(KEY) !== "yes") card.scrollIntoView({ block: "nearest" });
  localStorage.setItem(KEY, card.open ? "yes" : "no");
});
person?.addEventListener("change", follow);
if (person) follow();
