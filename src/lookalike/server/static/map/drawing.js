// Draws the map: dots from afar, pictures from small sheets where there is room for them.

import * as api from "../core/api.js";
import { DEEPEST, levelsOf } from "./levels.js";

/** @import { Layout } from "../core/types.js" */
/** @import { Camera } from "./camera.js" */

const SIDE = 40; // of a picture, in pixels
const LARGEST = 120;
const SHEET_TRIES = 60;
const AGAIN_MS = 1000;
const REACH = 14; // how near to a dot counts as on it

export class Drawing {
  /** @type {Map<number, HTMLImageElement>} */
  #sheets = new Map();
  /** @type {Map<number, number>} */
  #places;

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
    this.x = Float32Array.from(layout.x);
    this.y = Float32Array.from(layout.y);
    this.levels = levelsOf(this.x, this.y);
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
    let found = null;
    let least = Infinity;
    for (let at = 0; at < this.count; at++) {
      if ((this.levels[at] ?? 0) > level) continue;
      const distance = Math.max(Math.abs((this.x[at] ?? 0) - x), Math.abs((this.y[at] ?? 0) - y));
      if (distance < least) {
        least = distance;
        found = at;
      }
    }
    return found;
  }

  /** @param {Camera} camera @param {number} at @param {number} px @param {number} py */
  #distance(camera, at, px, py) {
    const { x, y } = camera.toMap(px, py);
    return Math.max(Math.abs((this.x[at] ?? 0) - x), Math.abs((this.y[at] ?? 0) - y)) * camera.scale;
  }

  /** Which points are pictures at this zoom, and how large they are. @param {Camera} camera */
  #detail(camera) {
    const level = Math.min(DEEPEST, Math.floor(Math.log2(camera.scale / SIDE)));
    const room = camera.scale * 0.5 / Math.sqrt(this.count || 1);
    return { level, side: Math.min(LARGEST, Math.max(SIDE - 4, room)) };
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
    const left = camera.width / 2 - camera.x * camera.scale;
    const top = camera.height / 2 - camera.y * camera.scale;
    /** @type {number[]} */
    const pictures = [];
    context.fillStyle = style.getPropertyValue("--dot");
    for (let at = 0; at < this.count; at++) {
      const px = left + (this.x[at] ?? 0) * camera.scale;
      const py = top + (this.y[at] ?? 0) * camera.scale;
      if (px < -side || py < -side || px > camera.width + side || py > camera.height + side) continue;
      if ((this.levels[at] ?? 0) <= level) pictures.push(at);
      else context.fillRect(px - 1.5, py - 1.5, 3, 3);
    }
    const sunken = style.getPropertyValue("--sunken");
    for (const at of pictures) this.#picture(at, left + (this.x[at] ?? 0) * camera.scale, top + (this.y[at] ?? 0) * camera.scale, side, sunken);
    for (const [at, grown] of /** @type {[number | null, number][]} */ ([[wanted, 1.6], [over, 1.6]])) {
      if (at === null) continue;
      const large = Math.max(side, SIDE) * grown;
      const px = left + (this.x[at] ?? 0) * camera.scale;
      const py = top + (this.y[at] ?? 0) * camera.scale;
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
  }

  /** @param {number} at @param {number} px @param {number} py its middle @param {number} side @param {string} blank */
  #picture(at, px, py, side, blank) {
    const { side: cell, columns, rows } = this.layout.cells;
    const sheet = this.#sheet(Math.floor(at / (columns * rows)));
    const place = at % (columns * rows);
    const x = px - side / 2;
    const y = py - side / 2;
    if (!sheet.complete || !sheet.naturalWidth) {
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
