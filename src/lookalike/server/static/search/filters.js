// Which pictures take part: by folder, day, size, format, label and camera.

import * as api from "../core/api.js";
import { button, byId, icon, make } from "../core/dom.js";
import { baseName, figure } from "../core/words.js";

/** @import { Facet, Facets, Where } from "../core/types.js" */

const SIDES = [640, 1280, 1920, 3840];
const MIB = 2 ** 20;
const SIZES = /** @type {const} */ ([
  ["under 100 KiB", { max_bytes: 100 * 1024 }],
  ["100 KiB to 1 MiB", { min_bytes: 100 * 1024, max_bytes: MIB }],
  ["1 to 5 MiB", { min_bytes: MIB, max_bytes: 5 * MIB }],
  ["over 5 MiB", { min_bytes: 5 * MIB }],
]);

export class Filters {
  /** @type {Where} */
  #where = {};
  /** @type {Facets | null} */
  #facets = null;
  #of = "";

  /** @param {(where: Where) => void} onChange */
  constructor(onChange) {
    this.onChange = onChange;
    this.panel = byId("filters");
    this.toggle = byId("filters-toggle");
    this.toggle.addEventListener("click", () => this.#open(Boolean(this.panel.hidden)));
    this.panel.addEventListener("change", () => this.onChange(this.#read()));
    this.panel.addEventListener("submit", (event) => event.preventDefault());
  }

  /** @param {Where} where */
  show(where) {
    this.#where = where;
    const count = Object.keys(where).length;
    byId("filters-count").textContent = count ? String(count) : "";
    byId("active-filters").replaceChildren(...this.#chips());
    if (!this.panel.hidden) this.#build();
  }

  /** @param {boolean} open */
  #open(open) {
    this.panel.hidden = !open;
    this.toggle.setAttribute("aria-expanded", String(open));
    if (open) this.#build();
  }

  async #build() {
    const of = api.chosenCollection() ?? "";
    if (!this.#facets || this.#of !== of) {
      try {
        this.#facets = await api.facets({});
        this.#of = of;
      } catch (error) {
        if (!(error instanceof api.Problem)) throw error;
        byId("filters-body").replaceChildren(make("p", { class: "aside" }, error.message));
        return;
      }
    }
    const focused = document.activeElement?.id;
    byId("filters-body").replaceChildren(...this.#fields(this.#facets));
    if (focused && this.panel.contains(document.getElementById(focused))) document.getElementById(focused)?.focus();
  }

  /** Forget what there is to choose from: the collection has changed. */
  forget() {
    this.#facets = null;
  }

  /** @param {Facets} facets */
  #fields({ folders, formats, labels, cameras }) {
    const where = this.#where;
    const common = commonFolder(folders.map(({ name }) => name));
    const side = make("select", { id: "where-side" }, new Option("any", ""));
    for (const least of SIDES) side.append(new Option(`at least ${figure.format(least)} px wide`, String(least)));
    side.value = String(where.min_width ?? "");
    const size = make("select", { id: "where-bytes" }, new Option("any", ""));
    SIZES.forEach(([text], at) => size.append(new Option(text, String(at))));
    size.value = String(SIZES.findIndex(([, bounds]) => sameBounds(bounds, where)));
    if (size.selectedIndex < 0) size.value = "";
    return [
      field("Folder", choice("where-folder", folders, where.folder, (name) => name.slice(common.length) || name)),
      field("From", make("input", { id: "where-after", type: "date", value: where.after ?? "" })),
      field("Before", make("input", { id: "where-before", type: "date", value: where.before ?? "" })),
      field("Width", side),
      field("File size", size),
      ...(cameras.length ? [field("Camera", choice("where-camera", cameras, where.camera, (name) => name))] : []),
      chips("Format", "format", formats, where.format ?? []),
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
    const bounds = SIZES[Number(value("where-bytes") || NaN)]?.[1] ?? {};
    const format = ticked("format");
    const label = ticked("label");
    return {
      ...(value("where-folder") && { folder: value("where-folder") }),
      ...(format.length && { format }),
      ...(label.length && { label }),
      ...(value("where-after") && { after: value("where-after") }),
      ...(value("where-before") && { before: value("where-before") }),
      ...(value("where-side") && { min_width: Number(value("where-side")) }),
      ...bounds,
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
    min_bytes: `over ${Math.round(Number(value) / 1024)} KiB`,
    max_bytes: `under ${Math.round(Number(value) / 1024)} KiB`,
  };
  return texts[name] ?? text;
}

/** @param {string} text @param {HTMLElement} control */
const field = (text, control) => make("div", { class: "field" }, make("label", { for: control.id }, text), control);

/** @param {string} id @param {Facet[]} facets @param {string | undefined} value @param {(name: string) => string} say */
function choice(id, facets, value, say) {
  const select = make("select", { id }, new Option("any", ""));
  for (const { name, count } of facets) select.append(new Option(`${say(name)} (${figure.format(count)})`, name));
  select.value = value ?? "";
  return select;
}

/** @param {string} text @param {string} name @param {Facet[]} facets @param {string[]} chosen */
function chips(text, name, facets, chosen) {
  const boxes = facets.map((facet) => {
    const box = make("input", { type: "checkbox", name, id: `${name}-${facet.name}`, value: facet.name, checked: chosen.includes(facet.name) });
    return make("label", { class: "chip" }, box, facet.name, make("span", { class: "count" }, figure.format(facet.count)));
  });
  return make("fieldset", { class: "field chips" }, make("legend", {}, text), make("div", { class: "chip-row" }, ...boxes));
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
