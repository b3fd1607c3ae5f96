// Tidying up copies: what would be done is told first, and what was done can be taken back.

import { chooseFolder } from "../collection/folders.js";
import * as api from "../core/api.js";
import { button, byId, make, say } from "../core/dom.js";
import { guarded, working } from "../core/notice.js";
import { counted, figure, moment } from "../core/words.js";
import { breakable } from "../picture/view.js";

/** @import { Tidied } from "../core/api.js" */

const SHOWN = 50;

export class Tidy {
  /** @type {"identical" | "near" | "similar"} */
  #kind = "near";
  #changed;

  /** @param {() => Promise<unknown>} changed called when files have gone or come back */
  constructor(changed) {
    this.#changed = changed;
    byId("tidy-move").addEventListener("click", () => guarded(() => this.#move()));
    byId("tidy-link").addEventListener("click", () => guarded(() => this.#do({ action: "link", kind: "identical" })));
  }

  /** @param {"identical" | "near" | "similar"} kind @param {number} groups */
  async show(kind, groups) {
    this.#kind = kind;
    byId("tidy").hidden = kind === "similar" || !groups;
    byId("tidy-link").hidden = kind !== "identical";
    await this.#showRuns();
  }

  async #showRuns() {
    const { journals } = await api.tidied();
    byId("tidied").hidden = !journals.length;
    byId("tidied-list").replaceChildren(
      ...journals.slice(0, 10).map(({ name, written, steps }) =>
        make(
          "li",
          {},
          make("span", {}, `${counted(steps, "copy", "copies")}, ${moment(written)}`),
          button("Take back", {}, () => guarded(() => this.#undo(name))),
        ),
      ),
    );
  }

  async #move() {
    const folder = await chooseFolder({
      title: "Put copies aside",
      about: "All but the best copies go below",
      choose: "Choose this folder",
    });
    if (folder !== null) await this.#do({ action: "move", kind: this.#kind, folder });
  }

  /** @param {api.TidyWish} wish */
  async #do(wish) {
    const done = working();
    try {
      const plan = await api.tidy(wish);
      const all = plan.steps.length + plan.more;
      if (!all) {
        say("There is nothing left to do.");
        return;
      }
      if (!(await confirmed(wish, plan, all))) return;
      let left = 0;
      let more = all;
      while (more) {
        const part = await api.tidy({ ...wish, yes: true });
        left += part.steps.filter(({ reason }) => reason !== null).length;
        more = part.more;
        if (!part.steps.length) break;
      }
      const kept = left ? `, ${figure.format(left)} were left alone` : "";
      byId("tidy-outcome").textContent = `${counted(all - left, "copy", "copies")} done${kept}.`;
      await this.#changed();
    } finally {
      done();
    }
  }

  /** @param {string} journal */
  async #undo(journal) {
    const { steps } = await api.undoTidy(journal);
    const back = steps.filter(({ reason }) => reason === null).length;
    byId("tidy-outcome").textContent = `${counted(back, "copy", "copies")} taken back.`;
    await this.#changed();
  }
}

/** @param {api.TidyWish} wish @param {Tidied} plan @param {number} all */
async function confirmed({ action }, plan, all) {
  const dialog = byId("tidy-dialog", HTMLDialogElement);
  const verb = action === "move" ? "move" : "become one file with their best copy";
  byId("tidy-dialog-words").textContent = `${counted(all, "copy", "copies")} would ${verb}. Nothing is deleted, and it can be taken back.`;
  byId("tidy-dialog-list").replaceChildren(
    ...plan.steps.slice(0, SHOWN).map(({ path }) => make("li", { class: "path" }, ...breakable(path))),
  );
  dialog.returnValue = "";
  dialog.showModal();
  await new Promise((closed) => dialog.addEventListener("close", closed, { once: true }));
  return dialog.returnValue === "yes";
}
