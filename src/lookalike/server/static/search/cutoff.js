// The slider that cuts off what is not similar.

import { byId } from "../core/dom.js";
import { asPercent } from "../core/words.js";

/** @import { Calibration } from "../core/types.js" */

export class Cutoff {
  /** @type {Calibration | null} */
  #calibration = null;

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
    byId("cutoff-suggested").addEventListener("click", () => {
      if (!this.#calibration) return;
      this.slider.value = String(this.#calibration.threshold);
      this.#say();
      on.move(this.#min);
      on.rest(this.#min);
    });
  }

  /** @param {number | null} min the least score @param {boolean} shown */
  show(min, shown) {
    byId("cutoff-field").hidden = !shown;
    this.slider.value = String(min ?? 0);
    this.#say();
  }

  /**
   * What the scores mean, where something is known of it: the slider then says so.
   * @param {Calibration | null} calibration
   */
  mean(calibration) {
    this.#calibration = calibration;
    byId("cutoff-suggested").hidden = !calibration;
    byId("cutoff-label").textContent = calibration ? "Likeness from" : "Score from";
    this.#say();
  }

  get #min() {
    return this.slider.valueAsNumber > 0 ? this.slider.valueAsNumber : null;
  }

  #say() {
    const min = this.#min;
    let text = "any";
    if (min !== null) text = this.#calibration ? asPercent(likeness(this.#calibration, min)) : min.toFixed(2);
    byId("cutoff-value").textContent = text;
    const kind = this.#calibration ? "likeness" : "score";
    this.slider.setAttribute("aria-valuetext", min === null ? `any ${kind}` : `a ${kind} of ${text} or more`);
    this.slider.style.setProperty("--at", `${this.slider.valueAsNumber * 100}%`);
  }
}

/**
 * The probability for a score, as the server works it out for each hit.
 * @param {Calibration} calibration @param {number} score
 */
function likeness({ scores, probabilities }, score) {
  const above = scores.findIndex((each) => each > score);
  if (above < 0) return probabilities.at(-1) ?? 0;
  const [low = 0, high = 1] = [scores[above - 1], scores[above]];
  const [first = 0, second = 0] = [probabilities[above - 1], probabilities[above]];
  return above === 0 ? second : first + ((second - first) * (score - low)) / (high - low);
}
