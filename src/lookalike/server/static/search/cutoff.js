// The slider that cuts off what is not similar.

import { byId } from "../core/dom.js";

export class Cutoff {
  /**
   * @param {object} on
   * @param {(min: number | null) => void} on.move called while the slider moves
   * @param {(min: number | null) => void} on.rest called when it rests
   */
  constructor(on) {
    this.slider = byId("cutoff", HTMLInputElement);
    this.slider.addEventListener("input", () => {
      this.#say();
      on.move(this.#min);
    });
    this.slider.addEventListener("change", () => on.rest(this.#min));
  }

  /** @param {number | null} min @param {boolean} shown */
  show(min, shown) {
    byId("cutoff-field").hidden = !shown;
    this.slider.value = String(min ?? 0);
    this.#say();
  }

  get #min() {
    return this.slider.valueAsNumber > 0 ? this.slider.valueAsNumber : null;
  }

  #say() {
    const text = this.#min === null ? "any" : this.#min.toFixed(2);
    byId("cutoff-value").textContent = text;
    this.slider.setAttribute("aria-valuetext", this.#min === null ? "any score" : `a score of ${text} or more`);
    this.slider.style.setProperty("--at", `${this.slider.valueAsNumber * 100}%`);
  }
}
