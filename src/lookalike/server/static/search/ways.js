// The ways to ask by picture: choose a file, drop, paste, give an address, use the camera.

import { byId, isTyping } from "../core/dom.js";
import { takePicture } from "./camera.js";

/**
 * What was given: a file to send, an address for the server to fetch, or a picture of its own.
 * @typedef {{file: File} | {url: string} | {id: number}} Given
 * @typedef {"only" | "like" | "unlike"} Use
 */

/**
 * Listen for all of them.
 * @param {(given: Given, use: Use) => void} onGiven
 * @param {(sentence: string) => void} onProblem
 */
export function listen(onGiven, onProblem) {
  const file = byId("file", HTMLInputElement);
  const field = byId("address", HTMLInputElement);
  /** @type {Use} */
  let use = "only";

  for (const each of /** @type {Use[]} */ (["only", "like", "unlike"])) {
    byId(`pick-${each}`).addEventListener("click", () => {
      use = each;
      file.click();
    });
  }
  file.addEventListener("change", () => {
    const given = file.files?.[0];
    if (given) onGiven({ file: given }, use);
    file.value = ""; // so that choosing the same file again is a change
  });
  byId("pick-camera").addEventListener("click", async () => {
    const taken = await takePicture(onProblem);
    if (taken) onGiven({ file: taken }, "only");
  });

  byId("ask").addEventListener("submit", (event) => {
    event.preventDefault();
    const given = fromAddress(field.value);
    if (given) {
      onGiven(given, "only");
    } else {
      onProblem("give the address of a picture, starting with http:// or https://");
      field.focus();
    }
  });

  document.addEventListener("paste", (event) => {
    const given = fromTransfer(event.clipboardData);
    if (!given || (isTyping(event.target) && !("file" in given))) return;
    event.preventDefault();
    onGiven(given, "only");
  });
  listenForDrops(onGiven, onProblem);
}

/**
 * What an address names: one of this page's own pictures is asked for by id.
 * @param {string} text
 * @returns {Given | null}
 */
export function fromAddress(text) {
  let url;
  try {
    url = new URL(text.trim());
  } catch {
    return null;
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") return null;
  if (url.origin !== location.origin) return { url: url.href };
  const asked = url.pathname === "/" ? url.searchParams.get("like") : null;
  const id = /^\/(?:api\/images|picture)\/(\d{1,15})/.exec(url.pathname)?.[1] ?? /^\d{1,15}/.exec(asked ?? "")?.[0];
  return id ? { id: Number(id) } : null;
}

/** @param {DataTransfer | null} transfer @returns {Given | null} */
function fromTransfer(transfer) {
  const files = [...(transfer?.files ?? [])];
  const link = (transfer?.getData("text/uri-list") || transfer?.getData("text/plain") || "").split("\n")[0];
  const named = link ? fromAddress(link) : null;
  // A picture dragged from this page carries both; its id keeps the whole original.
  if (named && "id" in named) return named;
  const file = files.find((each) => /^(image|video)\//.test(each.type)) ?? files[0];
  return file ? { file } : named;
}

/**
 * @param {(given: Given, use: Use) => void} onGiven
 * @param {(sentence: string) => void} onProblem
 */
function listenForDrops(onGiven, onProblem) {
  const dropper = byId("dropper");
  /** @param {DragEvent} event */
  const usable = ({ dataTransfer }) =>
    ["Files", "text/uri-list"].some((type) => dataTransfer?.types.includes(type));
  /** @param {DragEvent} event */
  const zoneOf = ({ target }) => (target instanceof Element ? target.closest(".drop-zone") : null);

  document.addEventListener("dragover", (event) => {
    if (!usable(event)) return;
    event.preventDefault();
    if (event.dataTransfer) event.dataTransfer.dropEffect = "copy";
    dropper.hidden = false;
    const over = zoneOf(event);
    for (const zone of dropper.querySelectorAll(".drop-zone")) zone.classList.toggle("over", zone === over);
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
    performance.mark("dropped");
    const zone = zoneOf(event);
    const use = /** @type {Use} */ (zone instanceof HTMLElement ? zone.dataset.use : "only");
    const given = fromTransfer(event.dataTransfer);
    if (given) onGiven(given, use);
    else onProblem("nothing in what you dropped is a picture: drop a picture file");
  });
}
