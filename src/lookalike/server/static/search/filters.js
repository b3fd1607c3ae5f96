// Which pictures take part: by folder, day, size, format, label and camera.

import * as api from "../core/api.js";
import { button, byId, icon, make } from "../core/dom.js";
import { baseName, figure, sentence, weight } from "../core/words.js";
import { Months } from "./months.js";

/** @import { Facet, Facets, Where } from "../core/types.js" */

const SIDES = [640, 1280, 1920, 3840];
const MIB = 2 ** 20;
const SIZES = /** @type {const} */ ([
  ["under 100 KiB", { max_bytes: 100 * 1024 }],
  ["100 KiB to 1 MiB", { min_bytes: 100 * 1024, max_bytes: MIB }],
  ["1 to 5 MiB", { min_bytes: MIB, max_bytes: 5 * MIB }],
  ["over 5 MiB", { min_bytes: 5 * MIB }],
]);

/** A file size that is none of these, which an address has set. */
const OTHER = "other";

export class Filters {
  /** @type {Where} */
  #where = {};
  #turn = 0; // what comes late for an earlier filter is dropped

  /** @param {(where: Where) => void} onChange */
  constructor(onChange) {
    this.onChange = onChange;
    this.panel = byId("filters");
    this.toggle = byId("filters-toggle");
    this.months = new Months((days) => {
      const { after: _after, before: _before, ...rest } = this.#where;
      this.onChange({ ...rest, ...days });
    });
    this.toggle.addEventListener("click", () => this.#open(Boolean(this.panel.hidden)));
    this.panel.addEventListener("change", () => this.onChange(this.#read()));
    this.panel.addEventListener("submit", (event) => event.preventDefault());
    this.panel.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      this.#open(false);
      this.toggle.focus();
    });
  }

  /** @param {Where} where */
  show(where) {
    this.#where = where;
    const active = this.#chips();
    byId("filters-count").textContent = active.length ? String(active.length) : "";
    const clear = button("Clear all", { class: "link" }, () => this.onChange({}));
    byId("active-filters").replaceChildren(...active, ...(active.length > 1 ? [make("li", {}, clear)] : []));
    if (!this.panel.hidden) this.#build();
  }

  /** @param {boolean} open */
  #open(open) {
    this.panel.hidden = !open;
    this.toggle.setAttribute("aria-expanded", String(open));
    if (open) this.#build();
  }

  /** What there is to choose from, with its counts as they are under the filters of now. */
  async #build() {
    const mine = ++this.#turn;
    const where = this.#where;
    const body = byId("filters-body");
    try {
      const facets = await api.facets(where);
      if (mine !== this.#turn) return;
      const focused = document.activeElement?.id;
      body.replaceChildren(...this.#fields(facets, where));
      const again = focused && document.getElementById(focused);
      if (again && this.panel.contains(again)) again.focus();
    } catch (error) {
      if (!(error instanceof api.Problem)) throw error;
      if (mine === this.#turn) body.replaceChildren(make("p", { class: "aside" }, sentence(error.message)));
    }
  }

  /** @param {Facets} facets @param {Where} where */
  #fields(facets, where) {
    const folders = withChosen(facets.folders, where.folder ? [where.folder] : []);
    const cameras = withChosen(facets.cameras, where.camera ? [where.camera] : []);
    const labels = withChosen(facets.labels, where.label ?? []);
    const common = commonFolder(folders.map(({ name }) => name));
    const side = make("select", { id: "where-side" }, new Option("any", ""));
    const sides = where.min_width && !SIDES.includes(where.min_width) ? [...SIDES, where.min_width] : SIDES;
    for (const least of sides) side.append(new Option(`at least ${figure.format(least)} px`, String(least)));
    side.value = String(where.min_width ?? "");
    return [
      field("Folder", choice("where-folder", folders, where.folder, (name) => name.slice(common.length) || name)),
      ...(cameras.length ? [field("Camera", choice("where-camera", cameras, where.camera, (name) => name))] : []),
      field("Width", side),
      field("File size", fileSize(where)),
      field("From", make("input", { id: "where-after", type: "date", value: where.after ?? "" })),
      field("Before", make("input", { id: "where-before", type: "date", value: where.before ?? "" })),
      ...(facets.dates.length > 1 || where.after || where.before ? [this.months.draw(facets.dates, where)] : []),
      chips("Format", "format", withChosen(facets.formats, where.format ?? []), where.format ?? []),
      ...(labels.length ? [chips("Label", "label", labels, where.label ?? [])] : []),
    ];
  }

  /** @returns {Where} */
  #read() {
    /** @param {string} id */
    const value = (id) => {
      const found = document.getElementById(id);
      return found instanceof HTMLInputElement || found instanceof HTMLSelectElement ? found.value : "";
    };
    /** @param {string} name */
    const ticked = (name) =>
      [...this.panel.querySelectorAll(`input[name="${name}"]`)].flatMap((box) =>
        box instanceof HTMLInputElement && box.checked ? [box.value] : [],
      );
    const size = value("where-bytes");
    const { min_height, min_bytes, max_bytes } = this.#where;
    const bounds = size === OTHER ? { min_bytes, max_bytes } : (SIZES[Number(size || NaN)]?.[1] ?? {});
    const format = ticked("format");
    const label = ticked("label");
    return {
      ...(value("where-folder") && { folder: value("where-folder") }),
      ...(format.length && { format }),
      ...(label.length && { label }),
      ...(value("where-after") && { after: value("where-after") }),
      ...(value("where-before") && { before: value("where-before") }),
      ...(value("where-side") && { min_width: Number(value("where-side")) }),
      ...(min_height && { min_height }), // only an address sets it
      ...Object.fromEntries(Object.entries(bounds).filter(([, bound]) => bound)),
      ...(value("where-camera") && { camera: value("where-camera") }),
    };
  }

  #chips() {
    return Object.entries(this.#where).map(([name, value]) => {
      const text = chipText(name, value);
      const { [/** @type {keyof Where} */ (name)]: _gone, ...rest } = this.#where;
      const chip = button(`Remove the filter ${text}`, { class: "chip", bare: true }, () => this.onChange(rest));
      chip.append(text, icon("close"));
      return make("li", {}, chip);
    });
  }
}

/** @param {Where} where */
function fileSize(where) {
  const select = make("select", { id: "where-bytes" }, new Option("any", ""));
  SIZES.forEach(([text], at) => select.append(new Option(text, String(at))));
  const at = SIZES.findIndex(([, bounds]) => sameBounds(bounds, where));
  if (at >= 0) select.value = String(at);
  else if (where.min_bytes || where.max_bytes) select.append(new Option("as in the address", OTHER, true, true));
  return select;
}

/** @param {string} name @param {string | number | string[]} value */
function chipText(name, value) {
  const text = Array.isArray(value) ? value.join(" or ") : String(value);
  /** @type {Record<string, string>} */
  const texts = {
    folder: baseName(text),
    after: `from ${text}`,
    before: `before ${text}`,
    min_width: `${text} px wide or more`,
    min_height: `${text} px high or more`,
    min_bytes: `over ${weight(Number(value))}`,
    max_bytes: `under ${weight(Number(value))}`,
  };
  return texts[name] ?? text;
}

/** @param {string} text @param {HTMLElement} control */
const field = (text, control) => make("div", { class: "field" }, make("label", { for: control.id }, text), control);

/** @param {string} id @param {Facet[]} facets @param {string | undefined} value @param {(name: string) => string} say */
function choice(id, facets, value, say) {
  const select = make("select", { id }, new Option("any", ""));
  for (const { name, count } of facets) select.append(new Option(`${say(name)} (${figure.format(count)})`, name));
  // Case does not matter to the server.
  const same = facets.find(({ name }) => name.toLowerCase() === value?.toLowerCase());
  select.value = same?.name ?? "";
  return select;
}

/** @param {string} text @param {string} name @param {Facet[]} facets @param {string[]} chosen */
function chips(text, name, facets, chosen) {
  const lower = chosen.map((each) => each.toLowerCase());
  const boxes = facets.map((facet) => {
    const box = make("input", { type: "checkbox", name, id: `${name}-${facet.name}`, value: facet.name, checked: lower.includes(facet.name.toLowerCase()) });
    return make("label", { class: "chip" }, box, facet.name, make("span", { class: "count" }, figure.format(facet.count)));
  });
  return make("fieldset", { class: "field chips" }, make("legend", {}, text), make("div", { class: "chip-row" }, ...boxes));
}

/**
 * The values with those that are chosen, of which there may be no picture left.
 * @param {Facet[]} facets @param {string[]} chosen
 */
function withChosen(facets, chosen) {
  const known = new Set(facets.map(({ name }) => name.toLowerCase()));
  return [...facets, ...chosen.filter((name) => !known.has(name.toLowerCase())).map((name) => ({ name, count: 0 }))];
}

/** @param {{min_bytes?: number, max_bytes?: number}} bounds @param {Where} where */
const sameBounds = (bounds, where) => bounds.min_bytes === where.min_bytes && bounds.max_bytes === where.max_bytes;

/** The folder that holds all of these, with its separator. @param {string[]} paths */
function commonFolder(paths) {
  if (!paths.length) return "";
  const first = paths.reduce((one, other) => (one < other ? one : other));
  const last = paths.reduce((one, other) => (one > other ? one : other));
  let end = 0;
  while (end < first.length && first[end] === last[end]) end++;
  return first.slice(0, first.slice(0, end).search(/[^\\/]*$/));
}
