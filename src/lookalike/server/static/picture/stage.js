// One picture, large, with room for a crop's outline and a heat map over it.

import { make } from "../core/dom.js";
import { paint } from "./heat.js";

/** @import { Crop, Heat } from "../core/types.js" */

export class Stage {
  #source = "";
  #large = "";

  /** @param {HTMLElement} figure holds an element of class `stage` */
  constructor(figure) {
    this.box = /** @type {HTMLElement} */ (figure.querySelector(".stage"));
    this.image = make("img", { alt: "" });
    this.canvas = make("canvas", { class: "heat", role: "img" });
    this.outline = make("span", { class: "outline" });
    this.outline.hidden = true;
    this.box.append(this.image, this.canvas, this.outline);
    this.canvas.hidden = true;
    this.image.addEventListener("load", () => {
      this.box.classList.remove("missing");
      // Where the size is not known from elsewhere, it is now.
      if (!this.box.dataset.sized) this.#shape(this.image.naturalWidth, this.image.naturalHeight);
    });
    this.image.addEventListener("error", () => this.box.classList.add("missing"));
  }

  /**
   * Show a picture: its small copy at once, and in its place, once it has come, a copy for as many
   * pixels as there are on its longest side. Of a `crop` the rest is darkened; a `part` is outlined.
   * @param {{source: string, name: string, width?: number, height?: number, largeOf?: (pixels: number) => string, crop?: Crop | null, part?: Crop | null}} what
   */
  show({ source, name, width, height, largeOf, crop = null, part = null }) {
    this.image.alt = name;
    this.box.dataset.sized = width && height ? "true" : "";
    if (width && height) this.#shape(width, height);
    const outlined = crop ?? part;
    this.outline.hidden = outlined === null;
    this.outline.classList.toggle("part", part !== null);
    if (outlined) this.#outline(outlined, width && height ? width / height : 1);
    if (this.#source !== source) {
      this.#source = source;
      this.#large = "";
      this.heat(null);
      this.box.classList.remove("missing");
      this.image.src = source;
    }
    const large = largeOf?.(Math.max(this.box.clientWidth, this.box.clientHeight) * devicePixelRatio);
    if (large && this.#large !== large) {
      this.#large = large;
      const loader = new Image();
      loader.src = large;
      loader.decode().then(
        () => {
          if (this.#large === large && this.#source === source) this.image.src = large;
        },
        () => {}, // the small copy stays
      );
    }
  }

  clear() {
    this.#source = "";
    this.image.removeAttribute("src");
    this.heat(null);
    this.box.classList.add("missing");
  }

  /**
   * Lay a heat map over the picture; null takes it off.
   * @param {Heat | null} map
   * @param {string} [text] what a screen reader says of it
   */
  heat(map, text = "") {
    this.canvas.hidden = !map;
    if (!map) return;
    this.canvas.setAttribute("aria-label", text);
    paint(this.canvas, map);
  }

  /** @param {number} width @param {number} height */
  #shape(width, height) {
    this.box.style.setProperty("--ratio", String(boxed(width / height)));
  }

  /** @param {Crop} part @param {number} ratio of the picture, whose middle is that of the box */
  #outline({ x, y, w, h }, ratio) {
    const across = Math.min(1, ratio / boxed(ratio));
    const down = Math.min(1, boxed(ratio) / ratio);
    Object.assign(this.outline.style, {
      left: `${100 * (0.5 + (x - 0.5) * across)}%`,
      top: `${100 * (0.5 + (y - 0.5) * down)}%`,
      width: `${100 * w * across}%`,
      height: `${100 * h * down}%`,
    });
  }
}

/** The ratio of the box for a picture of this one. @param {number} ratio */
const boxed = (ratio) => Math.min(4, Math.max(0.25, ratio));
