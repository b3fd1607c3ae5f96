// A box on the picture that is asked by, so that only this part is searched. By mouse and touch:
// draw, move, pull at a side or corner. By keyboard: arrows move, with Shift they resize.

import { make, say } from "../core/dom.js";

/** @import { Crop } from "../core/types.js" */

const LEAST = 0.04;
const STEP = 0.02;
const SIDES = ["nw", "n", "ne", "e", "se", "s", "sw", "w"];

export class CropBox {
  /** @type {Crop | null} */
  #crop = null;
  #drawing = false;

  /**
   * @param {HTMLElement} stage lies over the picture and has its size
   * @param {(crop: Crop | null, done: boolean) => void} onChange called while the box moves, and
   *   with `done` when it rests
   */
  constructor(stage, onChange) {
    this.stage = stage;
    this.onChange = onChange;
    this.box = make("div", {
      class: "crop-box",
      role: "group",
      tabIndex: 0,
      "aria-roledescription": "crop box",
      "aria-describedby": "crop-help",
    });
    this.box.append(...SIDES.map((side) => make("span", { class: `crop-handle ${side}`, "data-side": side })));
    this.box.hidden = true;
    stage.append(this.box);
    stage.addEventListener("pointerdown", (event) => this.#press(event));
    this.box.addEventListener("keydown", (event) => this.#key(event));
  }

  get crop() {
    return this.#crop;
  }

  /** Draws the box, without telling anybody. @param {Crop | null} crop */
  set crop(crop) {
    this.#crop = crop;
    this.box.hidden = crop === null;
    this.stage.classList.toggle("cropped", crop !== null);
    if (!crop) return;
    const { style } = this.box;
    style.left = `${crop.x * 100}%`;
    style.top = `${crop.y * 100}%`;
    style.width = `${crop.w * 100}%`;
    style.height = `${crop.h * 100}%`;
    this.box.setAttribute("aria-label", `Searched part: ${inWords(crop)}`);
  }

  /** Whether a finger on the picture draws a box, instead of scrolling the page. */
  set drawing(/** @type {boolean} */ on) {
    this.#drawing = on;
    this.stage.classList.toggle("drawing", on);
  }

  /** A box in the middle, ready for the keyboard. */
  begin() {
    this.#set({ x: 0.2, y: 0.2, w: 0.6, h: 0.6 }, true);
    this.box.focus({ preventScroll: true });
  }

  clear() {
    this.#set(null, true);
  }

  /** @param {Crop | null} crop @param {boolean} done */
  #set(crop, done) {
    this.crop = crop;
    this.onChange(crop, done);
    if (done) say(crop ? `Searching the part ${inWords(crop)}` : "Searching the whole picture");
  }

  /** @param {PointerEvent} event */
  #press(event) {
    if (event.button !== 0 || !(event.target instanceof Element)) return;
    const onBox = this.box.contains(event.target);
    if (!onBox && event.pointerType === "touch" && !this.#drawing) return;
    event.preventDefault();
    const before = this.#crop;
    const side = event.target instanceof HTMLElement ? event.target.dataset.side : undefined;
    const { left, top, width, height } = this.stage.getBoundingClientRect();
    const start = { x: (event.clientX - left) / width, y: (event.clientY - top) / height };
    let moved = false;

    /** @param {PointerEvent} move */
    const follow = (move) => {
      const x = (move.clientX - left) / width;
      const y = (move.clientY - top) / height;
      // A click alone draws nothing.
      moved ||= Math.hypot((x - start.x) * width, (y - start.y) * height) > 4;
      if (!moved) return;
      if (!onBox || !before) this.#set(between(start.x, start.y, x, y), false);
      else if (side) this.#set(pulled(before, side, x, y), false);
      else this.#set(shifted(before, x - start.x, y - start.y), false);
    };
    const end = new AbortController();
    /** @param {boolean} keep */
    const finish = (keep) => {
      end.abort();
      if (!keep) this.#set(before, true);
      else if (moved) this.#set(this.#crop, true);
    };
    this.stage.setPointerCapture(event.pointerId);
    const { signal } = end;
    this.stage.addEventListener("pointermove", follow, { signal });
    this.stage.addEventListener("pointerup", () => finish(true), { signal });
    this.stage.addEventListener("pointercancel", () => finish(false), { signal });
    if (onBox) this.box.focus({ preventScroll: true });
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const crop = this.#crop;
    if (!crop || event.ctrlKey || event.metaKey) return;
    if (event.key === "Escape" || event.key === "Delete" || event.key === "Backspace") {
      event.preventDefault();
      event.stopPropagation();
      this.clear();
      return;
    }
    const step = event.altKey ? STEP / 4 : STEP;
    /** @type {Record<string, [number, number]>} */
    const steps = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] };
    const by = steps[event.key];
    if (!by) return;
    event.preventDefault();
    event.stopPropagation();
    const [dx, dy] = by;
    if (event.shiftKey) this.#set(pulled(crop, "se", crop.x + crop.w + dx, crop.y + crop.h + dy), true);
    else this.#set(shifted(crop, dx, dy), true);
  }
}

/** @param {number} value @param {number} [low] @param {number} [high] */
const clamp = (value, low = 0, high = 1) => Math.min(high, Math.max(low, value));

/** @param {number} x0 @param {number} y0 @param {number} x1 @param {number} y1 @returns {Crop} */
function between(x0, y0, x1, y1) {
  const left = clamp(Math.min(x0, x1), 0, 1 - LEAST);
  const top = clamp(Math.min(y0, y1), 0, 1 - LEAST);
  const right = clamp(Math.max(x0, x1), left + LEAST);
  const bottom = clamp(Math.max(y0, y1), top + LEAST);
  return { x: left, y: top, w: right - left, h: bottom - top };
}

/** @param {Crop} crop @param {number} dx @param {number} dy @returns {Crop} */
const shifted = (crop, dx, dy) => ({ ...crop, x: clamp(crop.x + dx, 0, 1 - crop.w), y: clamp(crop.y + dy, 0, 1 - crop.h) });

/** @param {Crop} crop @param {string} side @param {number} x @param {number} y @returns {Crop} */
function pulled(crop, side, x, y) {
  let { x: left, y: top } = crop;
  let right = left + crop.w;
  let bottom = top + crop.h;
  if (side.includes("w")) left = clamp(x, 0, right - LEAST);
  if (side.includes("e")) right = clamp(x, left + LEAST);
  if (side.includes("n")) top = clamp(y, 0, bottom - LEAST);
  if (side.includes("s")) bottom = clamp(y, top + LEAST);
  return { x: left, y: top, w: right - left, h: bottom - top };
}

/** @param {Crop} crop */
function inWords({ x, y, w, h }) {
  /** @param {number} share */
  const percent = (share) => `${Math.round(share * 100)}%`;
  return `${percent(w)} wide and ${percent(h)} high, ${percent(x)} from the left and ${percent(y)} from the top`;
}
