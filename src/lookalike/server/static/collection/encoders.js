// The panel Encoder of the view Collection: which one answers, and the change to another.

import * as api from "../core/api.js";
import { button, byId, make, say } from "../core/dom.js";
import { guarded, showProblem, working } from "../core/notice.js";
import { counted, figure } from "../core/words.js";
import { drawn } from "./comparison.js";

/** @import { Encoder } from "../core/types.js" */
/** @import { Indexing } from "./indexing.js" */

export class Encoders {
  #indexing;
  #changed;
  #compared = 0; // what comes late for an earlier question is dropped
  /** @type {string | null} */
  #of = null; // the collection whose comparison is on screen

  /**
   * @param {Indexing} indexing fills a new one
   * @param {() => Promise<unknown>} changed called when another one answers
   */
  constructor(indexing, changed) {
    this.#indexing = indexing;
    this.#changed = changed;
    byId("encoder-add").addEventListener("submit", (event) => {
      event.preventDefault();
      const model = byId("encoder-model", HTMLSelectElement).value;
      guarded(async () => {
        this.#draw(await api.addEncoder(model));
        say(`${model} was added. It is filled while the earlier one answers.`);
        await this.#indexing.start({});
      });
    });
  }

  async show() {
    if (api.chosenCollection() !== this.#of) this.#forget();
    this.#draw(await api.encoders());
  }

  /** @param {{encoders: Encoder[], available: string[]}} known */
  #draw({ encoders, available }) {
    byId("encoders").replaceChildren(...encoders.map((encoder) => this.#row(encoder)));
    byId("encoder-model").replaceChildren(...available.map((name) => make("option", { value: name }, name)));
    byId("encoder-add").hidden = !available.length;
  }

  /** @param {Encoder} encoder */
  #row(encoder) {
    const { name, number, dimension, answers, lacking } = encoder;
    const lacks = lacking ? `lacks ${counted(lacking, "picture")}` : "";
    const state = answers ? ["answers", lacks].filter(Boolean).join(", ") : lacks || "has all pictures";
    const actions = answers
      ? []
      : [
          button("Compare", {}, (event) => this.#compare(encoder, event)),
          button("Switch to it", { disabled: lacking > 0 }, () => this.#act(() => api.switchEncoder(number), `${name} answers now.`)),
          button("Drop", {}, () => this.#act(() => api.dropEncoder(number), `${name} was dropped.`)),
        ];
    return make(
      "li",
      { class: "encoder" },
      make("span", {}, make("strong", {}, name), " ", make("span", { class: "aside" }, `${figure.format(dimension)} dimensions, ${state}`)),
      make("span", { class: "encoder-actions" }, ...actions),
    );
  }

  /** @param {Encoder} encoder @param {MouseEvent} event of its button */
  async #compare({ name, number }, { currentTarget }) {
    const pressed = /** @type {HTMLButtonElement} */ (currentTarget);
    const result = byId("comparison");
    const done = working();
    const mine = ++this.#compared;
    this.#of = api.chosenCollection();
    pressed.disabled = true;
    result.hidden = false;
    result.replaceChildren(make("p", { class: "aside" }, "Comparing, which takes a while…"));
    say(`Comparing ${name}, which takes a while.`);
    try {
      const comparison = await api.compareEncoder(number);
      if (mine !== this.#compared) return;
      result.replaceChildren(...drawn(comparison));
      say(`${name} was compared.`);
    } catch (error) {
      if (!(error instanceof api.Problem)) throw error;
      if (mine !== this.#compared) return;
      this.#forget();
      showProblem(error.message);
    } finally {
      pressed.disabled = false;
      done();
    }
  }

  #forget() {
    this.#compared += 1;
    byId("comparison").hidden = true;
  }

  /** @param {() => Promise<{encoders: Encoder[], available: string[]}>} work @param {string} words */
  #act(work, words) {
    guarded(async () => {
      this.#draw(await work());
      this.#forget();
      say(words);
      await this.#changed();
    });
  }
}
