// Uploading an archive: asks first whether it may be sent, sends it as it is with its progress,
// waits for its verdict, and says what became of it.

import { number } from "./lib/spanish.js";
import { refresh } from "./lib/refresh.js";

const MEGABYTE = 1_048_576;
const form = document.getElementById("upload-form");
const drop = document.getElementById("upload-drop");
const input = document.getElementById("upload-file");
const part = (name) => form.querySelector(`[data-part="${name}"]`);
const csrf = () => document.querySelector('meta[name="csrf-token"]').content;
const ELSEWHERE = "Nada quedó a medias; intenta de nuevo.";
let going = null;

async function upload(file) {
  if (going) return;
  begin(file);
  const address = `${form.dataset.url}?filename=${encodeURIComponent(file.name)}`;
  const answer = (await refusal(address, file)) ?? (await send(address, file));
  end();
  show(answer);
  if (answer.status === 201 || answer.status === 200) await refresh();
}

/** What the server has against this file before a byte of it is sent, or null. */
async function refusal(address, file) {
  try {
    const response = await fetch(`${address}&length=${file.size}`, { signal: going.signal });
    return response.ok ? null : { status: response.status, data: await response.json() };
  } catch {
    return { status: 0, data: {}, cancelled: going.signal.aborted };
  }
}

function send(address, file) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    const finish = (cancelled) => () => {
      resolve({ status: request.status, data: request.response ?? {}, cancelled });
    };
    request.open("PUT", address);
    request.responseType = "json";
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.setRequestHeader("X-CSRFToken", csrf());
    request.upload.addEventListener("progress", ({ loaded }) => progress(loaded, file.size));
    request.upload.addEventListener("load", checking);
    request.addEventListener("load", finish(false));
    request.addEventListener("error", finish(false));
    request.addEventListener("abort", finish(true));
    going.signal.addEventListener("abort", () => request.abort());
    request.send(file);
  });
}

function begin(file) {
  going = new AbortController();
  drop.hidden = true;
  part("going").hidden = false;
  part("result").hidden = true;
  part("name").textContent = file.name;
  part("size").textContent = megabytes(file.size);
  part("bar").hidden = false;
  part("checking").hidden = true;
  part("cancel").hidden = false;
  progress(0, file.size);
}

function progress(sent, size) {
  const share = size ? Math.floor((100 * sent) / size) : 0;
  part("bar").value = share;
  part("state").textContent = `${megabytes(sent)} de ${megabytes(size)} · ${share} %`;
}

function checking() {
  part("bar").hidden = true;
  part("checking").hidden = false;
  part("cancel").hidden = true;
  part("state").textContent = "Verificando el archivo y guardándolo…";
}

function end() {
  going = null;
  input.value = "";
  drop.hidden = false;
  part("going").hidden = true;
}

function show({ status, data, cancelled }) {
  if (status === 401) location.assign(`/login?next=${encodeURIComponent(location.pathname)}`);
  const [tone, mark, title] = look(status, data, cancelled);
  const result = part("result");
  result.className = `notice notice--${tone}`;
  result.querySelector("use").setAttribute("href", `#i-${mark}`);
  part("title").textContent = title;
  part("text").textContent = words(status, data, cancelled);
  result.hidden = false;
  result.focus({ preventScroll: true });
}

function look(status, data, cancelled) {
  if (cancelled) return ["warn", "stop", "Cancelado."];
  if (!data.success) return ["bad", "alert", "No se subió."];
  if (data.duplicate) return ["warn", "done", "Ya estaba."];
  return data.verdict?.kind === "whole" && data.marked
    ? ["good", "done", "Hecho."]
    : ["warn", "alert", "Subido, con avisos."];
}

function words(status, data, cancelled) {
  if (cancelled) return "No se guardó nada.";
  if (data.success || data.error) return data.message || data.error;
  return status ? `El servidor no pudo hacerlo. ${ELSEWHERE}` : `Se perdió la conexión. ${ELSEWHERE}`;
}

const megabytes = (bytes) => `${number(Math.round((bytes / MEGABYTE) * 10) / 10)} MB`;

input.addEventListener("change", () => input.files[0] && upload(input.files[0]));
part("cancel").addEventListener("click", () => going?.abort());
for (const name of ["dragover", "drop"]) {
  document.addEventListener(name, (event) => event.preventDefault());
}
drop.addEventListener("dragover", () => drop.classList.add("is-over"));
drop.addEventListener("dragleave", () => drop.classList.remove("is-over"));
drop.addEventListener("drop", ({ dataTransfer }) => {
  drop.classList.remove("is-over");
  if (dataTransfer.files.length === 1) upload(dataTransfer.files[0]);
  else show({ status: 400, data: { error: "Suelta un archivo, uno solo." } });
});
window.addEventListener("beforeunload", (event) => {
  if (going) event.preventDefault();
});
