// Where the window stands over the map, whose points lie in 0..1 both ways: from afar, they fill it.

const CLOSEST = 4000; // times the whole map

export class Camera {
  width = 1;
  height = 1;
  scale = 1; // pixels for the length 1, in the direction that has fewer
  x = 0.5; // what is in the middle
  y = 0.5;

  /** @param {number} width @param {number} height in pixels */
  resize(width, height) {
    const fitted = this.scale <= this.#least * 1.001;
    this.width = width;
    this.height = height;
    if (fitted) this.fit();
    else this.#bound();
  }

  /** Show all of it. */
  fit() {
    this.scale = this.#least;
    this.x = this.y = 0.5;
  }

  /** @param {number} x @param {number} y @param {number} zoom times the whole map */
  goTo(x, y, zoom) {
    this.scale = this.#least * zoom;
    this.x = x;
    this.y = y;
    this.#bound();
  }

  /** @param {number} dx @param {number} dy in pixels, as the finger moves */
  pan(dx, dy) {
    this.x -= dx / this.wide;
    this.y -= dy / this.high;
    this.#bound();
  }

  /**
   * Zoom, with the place under a point of the window staying there.
   * @param {number} by
   * @param {number} [px]
   * @param {number} [py]
   */
  zoom(by, px = this.width / 2, py = this.height / 2) {
    const under = this.toMap(px, py);
    this.scale = Math.min(this.#least * CLOSEST, Math.max(this.#least, this.scale * by));
    this.x = under.x - (px - this.width / 2) / this.wide;
    this.y = under.y - (py - this.height / 2) / this.high;
    this.#bound();
  }

  /** @param {number} px @param {number} py */
  toMap(px, py) {
    return { x: this.x + (px - this.width / 2) / this.wide, y: this.y + (py - this.height / 2) / this.high };
  }

  /** @param {number} x @param {number} y */
  toWindow(x, y) {
    return { px: this.width / 2 + (x - this.x) * this.wide, py: this.height / 2 + (y - this.y) * this.high };
  }

  /** Pixels for the length 1 from left to right. */
  get wide() {
    return (this.scale * this.width) / Math.min(this.width, this.height);
  }

  /** Pixels for the length 1 from top to bottom. */
  get high() {
    return (this.scale * this.height) / Math.min(this.width, this.height);
  }

  /** How many times nearer than the whole map. */
  get nearness() {
    return this.scale / this.#least;
  }

  get #least() {
    return Math.min(this.width, this.height) * 0.9;
  }

  #bound() {
    // The middle of the window stays on the map.
    this.x = Math.min(1, Math.max(0, this.x));
    this.y = Math.min(1, Math.max(0, this.y));
  }
}
