// A heat map over a picture: smooth between its cells, in colours that colour-blind people can read.

/** @import { Heat } from "../core/types.js" */

const SIDE = 256; // pixels of the longer side that is painted; the browser stretches the rest

/**
 * Cividis, from least to most: it rises in lightness all the way, and is read alike by people with
 * and without colour blindness. Source: Nuñez, Anderton and Renslow 2018.
 */
const CIVIDIS = /** @type {const} */ ([
  [0, 34, 78],
  [18, 53, 112],
  [59, 73, 108],
  [87, 93, 109],
  [112, 113, 115],
  [138, 134, 120],
  [165, 156, 116],
  [195, 179, 105],
  [225, 204, 85],
  [254, 232, 56],
]);

/** Opacity of the least and of the most: what matters stays recognisable. */
const OPACITY = /** @type {const} */ ([0.72, 0.38]);

/**
 * @param {HTMLCanvasElement} canvas becomes as wide and high as the picture, in its proportions
 * @param {Heat} map
 */
export function paint(canvas, { width, height, part: [left, top, across, down], heat }) {
  const wide = width / across;
  const high = height / down;
  const scale = SIDE / Math.max(wide, high);
  canvas.width = Math.max(1, Math.round(wide * scale));
  canvas.height = Math.max(1, Math.round(high * scale));
  const context = canvas.getContext("2d");
  if (!context) return;
  const w = Math.max(1, Math.round(canvas.width * across));
  const h = Math.max(1, Math.round(canvas.height * down));
  const pixels = context.createImageData(w, h);
  for (let y = 0; y < h; y++) {
    for (let x = 0; x < w; x++) pixels.data.set(colour(between(heat, (x + 0.5) / w, (y + 0.5) / h)), (y * w + x) * 4);
  }
  context.putImageData(pixels, Math.round(canvas.width * left), Math.round(canvas.height * top));
}

/**
 * Where a picture matters most, in words.
 * @param {Heat} map
 */
export function hottest({ heat }) {
  const rows = heat.length;
  const columns = heat[0]?.length ?? 0;
  const flat = heat.flat();
  const most = Math.max(...flat);
  if (most === 0) return "no single place";
  const at = flat.indexOf(most);
  const y = (Math.floor(at / columns) + 0.5) / rows;
  const x = ((at % columns) + 0.5) / columns;
  const down = y < 1 / 3 ? "top" : y > 2 / 3 ? "bottom" : "";
  const along = x < 1 / 3 ? "left" : x > 2 / 3 ? "right" : "";
  return `the ${[down, along].filter(Boolean).join(" ") || "middle"}`;
}

/**
 * The value at a place, linear between the middles of the cells.
 * @param {number[][]} heat @param {number} x 0 to 1 @param {number} y 0 to 1
 */
function between(heat, x, y) {
  const rows = heat.length;
  const columns = heat[0]?.length ?? 0;
  const [top, bottom, fy] = neighbours(y * rows - 0.5, rows);
  const [left, right, fx] = neighbours(x * columns - 0.5, columns);
  /** @param {number} row @param {number} column */
  const at = (row, column) => heat[row]?.[column] ?? 0;
  const upper = at(top, left) * (1 - fx) + at(top, right) * fx;
  const lower = at(bottom, left) * (1 - fx) + at(bottom, right) * fx;
  return upper * (1 - fy) + lower * fy;
}

/** @param {number} place @param {number} count @returns {[number, number, number]} */
function neighbours(place, count) {
  const within = Math.min(Math.max(place, 0), count - 1);
  const first = Math.floor(within);
  return [first, Math.min(first + 1, count - 1), within - first];
}

/** @param {number} share 0 to 1 @returns {[number, number, number, number]} */
function colour(share) {
  const [first, second, part] = neighbours(share * (CIVIDIS.length - 1), CIVIDIS.length);
  const one = CIVIDIS[first] ?? CIVIDIS[0];
  const other = CIVIDIS[second] ?? one;
  /** @param {0 | 1 | 2} channel */
  const mixed = (channel) => one[channel] * (1 - part) + other[channel] * part;
  return [mixed(0), mixed(1), mixed(2), 255 * (OPACITY[0] + (OPACITY[1] - OPACITY[0]) * share)];
}
