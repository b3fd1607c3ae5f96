// The ways to ask: choose a file, drop, paste, or give an address.

import { byId } from "./dom.js";

/**
 * Listens for all of them. `onAsk` gets a question as in api.js, `onProblem` a sentence.
 */
export function listen(onAsk, onProblem) {
  const file = byId("file");
  const address = byId("address");

  byId("pick").addEventListener("click", () => file.click());
  file.addEventListener("change", () => {
    if (file.files.length) onAsk(fromFile(file.files[0]));
    file.value = ""; // so that choosing the same file again is a change
  });

  byId("ask").addEventListener("submit", (event) => {
    event.preventDefault();
    const question = fromAddress(address.value);
    if (question) onAsk(question);
    else {
      onProblem("give the address of a picture, starting with http:// or https://");
      address.focus();
    }
  });

  document.addEventListener("paste", (event) => {
    const question = fromTransfer(event.clipboardData);
    const typing = event.target === address;
    if (!question || (typing && question.kind !== "file")) return;
    event.preventDefault();
    onAsk(question);
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target instanceof HTMLInputElement) return;
    event.preventDefault();
    address.focus();
  });

  listenForDrops(onAsk, onProblem);
}

/** A question from an address: one of this page's own pictures is asked for by id. */
export function fromAddress(text) {
  let url;
  try {
    url = new URL(text.trim());
  } catch {
    return null;
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") return null;
  if (url.origin === location.origin) {
    const id = /^\/api\/images\/(\d+)/.exec(url.pathname)?.[1] ?? url.searchParams.get("id");
    return /^\d+$/.test(id ?? "") ? { kind: "id", id: Number(id) } : null;
  }
  return { kind: "url", url: url.href };
}

const fromFile = (file) => ({ kind: "file", file, key: crypto.randomUUID() });

function fromTransfer(transfer) {
  const files = [...(transfer?.files ?? [])];
  const link = (transfer?.getData("text/uri-list") || transfer?.getData("text/plain") || "").split("\n")[0];
  const named = link ? fromAddress(link) : null;
  // A picture dragged from this page carries both; its id keeps the whole original.
  if (named?.kind === "id") return named;
  const file = files.find((each) => each.type.startsWith("image/")) ?? files[0];
  return file ? fromFile(file) : named;
}

function listenForDrops(onAsk, onProblem) {
  const dropper = byId("dropper");
  const usable = (event) =>
    ["Files", "text/uri-list"].some((type) => event.dataTransfer?.types.includes(type));

  document.addEventListener("dragover", (event) => {
    if (!usable(event)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
    dropper.hidden = false;
  });
  document.addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) dropper.hidden = true; // left the window, not an element
  });
  document.addEventListener("dragend", () => {
    dropper.hidden = true;
  });
  document.addEventListener("drop", (event) => {
    dropper.hidden = true;
    if (!usable(event)) return;
    event.preventDefault(); // otherwise the browser would leave this page for the file
    const question = fromTransfer(event.dataTransfer);
    if (question) onAsk(question);
    else onProblem("nothing in what you dropped is a picture: drop a picture file");
  });
}
