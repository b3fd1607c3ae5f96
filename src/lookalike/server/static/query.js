// The panel with the picture that was asked about.

import { canShow, original, thumbnail } from "./api.js";
import { baseName, byId, icon, make, say } from "./dom.js";

let blobAddress = null;

/** Shows the question at once; `answer`, when it is there, adds what only the server knows. */
export function showQuery(question, answer = null) {
  byId("query").hidden = false;
  byId("query").dataset.kind = question.kind;
  const own = question.kind === "id" ? (question.picture ?? answer?.self ?? null) : null;
  const name = nameOf(question, own);
  const bytes = question.kind === "file" ? weight(question.file.size) : "";
  const size = own ? `${own.width} × ${own.height} pixels` : bytes;
  byId("query-name").textContent = name;
  byId("query-path").replaceChildren(...breakable(own?.path ?? question.url ?? ""));
  byId("query-size").textContent = size;
  showPicture(question, answer?.preview, name);
  byId("query-actions").replaceChildren(...(own ? actions(own) : []));
  return name;
}

export function hideQuery() {
  byId("query").hidden = true;
  setBlob(null);
}

function nameOf(question, own) {
  if (question.kind === "file") return question.file.name || "Pasted picture";
  if (question.kind === "url") return baseName(new URL(question.url).pathname) || new URL(question.url).host;
  return own ? baseName(own.path) : `Picture ${question.id}`;
}

function showPicture(question, preview, name) {
  let source = preview ?? null;
  if (question.kind === "id") source = thumbnail(question.id, 640);
  if (question.kind === "file" && canShow(question.file)) source = setBlob(question.file);
  else setBlob(null);
  const box = byId("query-picture");
  const image = box.querySelector("img");
  if (source && image?.dataset.source === source) return; // already there: no flicker
  if (!source) {
    box.replaceChildren(icon("picture"));
    return;
  }
  const shown = make("img", { src: source, alt: name, "data-source": source });
  shown.addEventListener("error", () => box.replaceChildren(icon("picture")));
  box.replaceChildren(shown);
}

/** One address for the file on show; the one before is given back. */
function setBlob(file) {
  if (blobAddress?.file === file) return blobAddress?.address;
  if (blobAddress) URL.revokeObjectURL(blobAddress.address);
  blobAddress = file && { file, address: URL.createObjectURL(file) };
  return blobAddress?.address;
}

function actions(picture) {
  const open = make(
    "a",
    { class: "link", href: original(picture.id), target: "_blank", rel: "noopener" },
    icon("open"),
    "Open original",
  );
  const label = make("span", {}, "Copy path");
  const copy = make("button", { class: "link", type: "button" }, icon("copy"), label);
  copy.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(picture.path);
      label.textContent = "Copied";
      say("Path copied");
    } catch {
      label.textContent = "Copying is not allowed here";
    }
  });
  return [open, copy];
}

/** A path that may break into lines after its separators. */
function breakable(path) {
  return !path ? [] : path.split(/(?<=[\\/])/).flatMap((part) => [part, make("wbr")]);
}

function weight(bytes) {
  if (bytes >= 2 ** 20) return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
  return `${Math.max(1, Math.round(bytes / 1024))} KiB`;
}
