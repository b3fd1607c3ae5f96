// Draws the map: dots from afar, pictures from small sheets where there is room for them.

import * as api from "../core/api.js";
import { apartAt, DEEPEST, levelsOf } from "./levels.js";
import { spread } from "./spread.js";

/** @import { Layout } from "../core/types.js" */
/** @import { Camera } from "./camera.js" */

const SIDE = 44; // of a picture with what is around it, in pixels
const GAP = 4;
const LARGEST = 120;
const SHEET_TRIES = 60;
const AGAIN_MS = 1000;
const REACH = 14; // how near to a dot counts as on it

export class Drawing {
  /** @type {Map<number, HTMLImageElement>} */
  #sheets = new Map();
  /** @type {Map<number, number>} */
  #places;
  #missing = false; // whether a sheet is still to come
  #whole = false; // whether all of it has been drawn once

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {Layout} layout
   * @param {() => void} onNews called when more can be drawn
   */
  constructor(canvas, layout, onNews) {
    this.canvas = canvas;
    this.context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    this.layout = layout;
    this.onNews = onNews;
    this.x = spread(layout.x);
    this.y = spread(layout.y);
    this.levels = levelsOf(this.x, this.y);
    this.deepest = this.levels.reduce((most, level) => Math.max(most, level), 0);
    this.#places = new Map(layout.ids.map((id, at) => [id, at]));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", onNews);
  }

  get count() {
    return this.layout.ids.length;
  }

  /** @param {number} id */
  indexOf(id) {
    return this.#places.get(id) ?? null;
  }

  /** @param {number} at */
  idOf(at) {
    return this.layout.ids[at] ?? 0;
  }

  /** @param {number} at */
  placeOf(at) {
    return { x: this.x[at] ?? 0, y: this.y[at] ?? 0 };
  }

  /**
   * The point at a place of the window: a picture that covers it, or a dot close to it.
   * @param {Camera} camera
   * @param {number} px
   * @param {number} py
   */
  at(camera, px, py) {
    const { level, side } = this.#detail(camera);
    const found = this.nearest(camera, px, py, level);
    if (found !== null && this.#distance(camera, found, px, py) <= side / 2) return found;
    const dot = this.nearest(camera, px, py);
    return dot !== null && this.#distance(camera, dot, px, py) <= REACH ? dot : null;
  }

  /**
   * @param {Camera} camera
   * @param {number} px
   * @param {number} py
   * @param {number} [level] only points that are pictures at this level
   */
  nearest(camera, px, py, level = DEEPEST) {
    const { x, y } = camera.toMap(px, py);
    const { wide, high } = camera;
    let found = null;
    let least = Infinity;
    for (let at = 0; at < this.count; at++) {
      if ((this.levels[at] ?? 0) > level) continue;
      const distance = Math.max(Math.abs((this.x[at] ?? 0) - x) * wide, Math.abs((this.y[at] ?? 0) - y) * high);
      if (distance < least) {
        least = distance;
        found = at;
      }
    }
    return found;
  }

  /** @param {Camera} camera @param {number} at @param {number} px @param {number} py */
  #distance(camera, at, px, py) {
    const there = this.#windowPlace(camera, at);
    return Math.max(Math.abs(there.px - px), Math.abs(there.py - py));
  }

  /** @param {Camera} camera @param {number} at */
  #windowPlace(camera, at) {
    return camera.toWindow(this.x[at] ?? 0, this.y[at] ?? 0);
  }

  /** Which points are pictures at this zoom, and how large they are. @param {Camera} camera */
  #detail(camera) {
    const level = Math.min(this.deepest, Math.max(0, Math.floor(2 * Math.log2(camera.scale / SIDE))));
    return { level, side: Math.min(LARGEST, camera.scale * apartAt(level) - GAP) };
  }

  /**
   * @param {Camera} camera
   * @param {{over: number | null, wanted: number | null, cross: boolean}} marks
   */
  draw(camera, { over, wanted, cross }) {
    const { context, canvas } = this;
    const style = getComputedStyle(canvas);
    const ratio = canvas.width / Math.max(1, camera.width);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, camera.width, camera.height);
    const { level, side } = this.#detail(camera);
    this.#missing = false;
    const { wide, high } = camera;
    const { px: left, py: top } = camera.toWindow(0, 0);
    /** @type {number[]} */
    const pictures = [];
    context.fillStyle = style.getPropertyValue("--dot");
    for (let at = 0; at < this.count; at++) {
      const px = left + (this.x[at] ?? 0) * wide;
      const py = top + (this.y[at] ?? 0) * high;
      if (px < -side || py < -side || px > camera.width + side || py > camera.height + side) continue;
      if ((this.levels[at] ?? 0) <= level) pictures.push(at);
      else context.fillRect(px - 1.5, py - 1.5, 3, 3);
    }
    const sunken = style.getPropertyValue("--sunken");
    for (const at of pictures) this.#picture(at, left + (this.x[at] ?? 0) * wide, top + (this.y[at] ?? 0) * high, side, sunken);
    for (const [at, grown] of /** @type {[number | null, number][]} */ ([[wanted, 1.6], [over, 1.6]])) {
      if (at === null) continue;
      const large = Math.max(side, SIDE) * grown;
      const { px, py } = this.#windowPlace(camera, at);
      this.#picture(at, px, py, large, sunken);
      context.strokeStyle = style.getPropertyValue("--accent");
      context.lineWidth = 3;
      context.strokeRect(px - large / 2, py - large / 2, large, large);
    }
    if (cross) {
      context.strokeStyle = style.getPropertyValue("--ink");
      context.lineWidth = 1.5;
      context.beginPath();
      context.moveTo(camera.width / 2 - 12, camera.height / 2);
      context.lineTo(camera.width / 2 + 12, camera.height / 2);
      context.moveTo(camera.width / 2, camera.height / 2 - 12);
      context.lineTo(camera.width / 2, camera.height / 2 + 12);
      context.stroke();
    }
    if (!this.#missing && !this.#whole) performance.mark("map-drawn");
    this.#whole ||= !this.#missing;
  }

  /** @param {number} at @param {number} px @param {number} py its middle @param {number} side @param {string} blank */
  #picture(at, px, py, side, blank) {
    const { side: cell, columns, rows } = this.layout.cells;
    const sheet = this.#sheet(Math.floor(at / (columns * rows)));
    const place = at % (columns * rows);
    const x = px - side / 2;
    const y = py - side / 2;
    if (!sheet.complete || !sheet.naturalWidth) {
      this.#missing = true;
      this.context.fillStyle = blank;
      this.context.fillRect(x, y, side, side);
      return;
    }
    this.context.drawImage(sheet, (place % columns) * cell, Math.floor(place / columns) * cell, cell, cell, x, y, side, side);
  }

  /** @param {number} number */
  #sheet(number) {
    const known = this.#sheets.get(number);
    if (known) return known;
    const sheet = new Image();
    this.#sheets.set(number, sheet);
    const source = api.address(`/api/map/sheets/${number}`, { version: this.layout.version });
    let tries = 0;
    sheet.addEventListener("load", this.onNews);
    sheet.addEventListener("error", () => {
      // It is being made; the address stays the same, so it is asked for anew.
      tries += 1;
      if (tries < SHEET_TRIES) setTimeout(() => (sheet.src = `${source}#${tries}`), AGAIN_MS);
    });
    sheet.src = source;
    return sheet;
  }
}
