// Which pictures are seen as pictures at which zoom, so that they never cover one another.

export const DEEPEST = 36;

/** How far apart points are, at least, of which none is of a deeper level. @param {number} level */
export const apartAt = (level) => 2 ** (-level / 2);

/**
 * The level of each point: those of one level or less are at least `apartAt` of it apart, in one
 * direction or the other. What is seen from afar stays when one goes nearer.
 * @param {ArrayLike<number>} x in 0..1
 * @param {ArrayLike<number>} y
 * @returns {Uint8Array}
 */
export function levelsOf(x, y) {
  const count = x.length;
  const levels = new Uint8Array(count).fill(DEEPEST);
  /** @type {number[]} */
  let rest = Array.from({ length: count }, (_, at) => at);
  /** @type {number[]} */
  const taken = [];
  for (let level = 1; level < DEEPEST && rest.length; level++) {
    const apart = apartAt(level);
    const cells = Math.floor(1 / apart);
    /** @type {Map<number, number[]>} */
    const grid = new Map();
    /** @param {number} at */
    const put = (at) => {
      const key = Math.floor((y[at] ?? 0) * cells) * (cells + 3) + Math.floor((x[at] ?? 0) * cells);
      const there = grid.get(key);
      if (there) there.push(at);
      else grid.set(key, [at]);
    };
    /** @param {number} at */
    const isFree = (at) => {
      const px = x[at] ?? 0;
      const py = y[at] ?? 0;
      const column = Math.floor(px * cells);
      const row = Math.floor(py * cells);
      for (let r = row - 1; r <= row + 1; r++) {
        for (let c = column - 1; c <= column + 1; c++) {
          for (const other of grid.get(r * (cells + 3) + c) ?? []) {
            if (Math.abs((x[other] ?? 0) - px) < apart && Math.abs((y[other] ?? 0) - py) < apart) return false;
          }
        }
      }
      return true;
    };
    for (const at of taken) put(at);
    /** @type {number[]} */
    const left = [];
    for (const at of rest) {
      if (isFree(at)) {
        levels[at] = level;
        taken.push(at);
        put(at);
      } else {
        left.push(at);
      }
    }
    rest = left;
  }
  return levels;
}
