// The labels of a picture: shown, added, removed, and suggested from the pictures that resemble it.

import * as api from "../core/api.js";
import * as asking from "../core/ask.js";
import { button, byId, icon, make, say } from "../core/dom.js";
import { showProblem } from "../core/notice.js";
import { pictureAddress } from "../core/router.js";

export class Labels {
  #id = 0;
  /** @type {string[]} */
  #labels = [];

  constructor() {
    byId("label-form").addEventListener("submit", (event) => {
      event.preventDefault();
      const field = byId("label-new", HTMLInputElement);
      const label = field.value.trim();
      field.value = "";
      if (label && !this.#labels.includes(label)) this.#save([...this.#labels, label], `Labelled ${label}`);
    });
  }

  /** @param {number} id @param {string[]} labels */
  show(id, labels) {
    this.#id = id;
    this.#labels = labels;
    this.#draw();
    byId("label-suggestions").replaceChildren();
    api.suggestions(id).then(
      (answer) => {
        if (this.#id === id) this.#suggest(answer.labels);
      },
      () => {}, // suggestions are an extra: without them nothing is missing
    );
  }

  #draw() {
    byId("label-list").replaceChildren(
      ...this.#labels.map((label) => {
        const chip = button(`Remove the label ${label}`, { class: "chip", bare: true }, () =>
          this.#save(this.#labels.filter((each) => each !== label), `Removed ${label}`),
        );
        chip.append(label, icon("close"));
        return make("li", {}, chip);
      }),
    );
  }

  /** Each with the pictures whose label it is, the nearest first. @param {{label: string, evidence: number[]}[]} suggested */
  #suggest(suggested) {
    byId("label-suggestions").replaceChildren(
      ...suggested
        .filter(({ label }) => !this.#labels.includes(label))
        .slice(0, 4)
        .map(({ label, evidence }) => {
          const chip = button(`Add the label ${label}, which similar pictures have`, { class: "chip suggested", bare: true }, () => {
            row.remove();
            this.#save([...this.#labels, label], `Labelled ${label}`);
          });
          chip.append(icon("plus"), label);
          const row = make("li", {}, chip, make("span", { class: "evidence" }, ...evidence.map((id) => because(id, label))));
          return row;
        }),
    );
  }

  /** @param {string[]} labels @param {string} said */
  async #save(labels, said) {
    const before = this.#labels;
    const id = this.#id;
    this.#labels = labels;
    this.#draw();
    try {
      await api.setLabels(id, labels);
      say(said);
    } catch (error) {
      if (!(error instanceof api.Problem)) throw error;
      if (this.#id === id) {
        this.#labels = before;
        this.#draw();
      }
      showProblem(error.message);
    }
  }
}

/** A similar picture that has the label. @param {number} id @param {string} label */
function because(id, label) {
  const shown = make("img", { src: api.thumbnail(id, 320), alt: "", width: 32, height: 32, loading: "lazy" });
  const text = `Picture ${id}, which is similar and has the label ${label}`;
  return make("a", { href: pictureAddress(id, asking.nothing()), "aria-label": text, title: text }, shown);
}
