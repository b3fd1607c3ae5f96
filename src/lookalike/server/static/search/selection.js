// Choosing pictures of the answer, and what is done with them: labels.

import * as api from "../core/api.js";
import { byId, say } from "../core/dom.js";
import { guarded } from "../core/notice.js";
import { counted } from "../core/words.js";

/** @import { Feed } from "./feed.js" */

export class Selection {
  /** @type {Set<number>} */
  #chosen = new Set();
  #on = false;

  /** @param {HTMLElement} list the grid @param {() => Feed | null} feed what is in it */
  constructor(list, feed) {
    this.list = list;
    this.feed = feed;
    byId("select").addEventListener("click", () => this.#turn(!this.#on));
    byId("selection-done").addEventListener("click", () => {
      this.#turn(false);
      byId("select").focus();
    });
    byId("selection-all").addEventListener("click", () => this.#all());
    byId("selection-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#label("add");
    });
    byId("selection-remove").addEventListener("click", () => this.#label("remove"));
    list.addEventListener("click", (event) => this.#click(event), { capture: true });
    // Cells come and go while the grid scrolls; each is marked when it comes.
    new MutationObserver(() => this.#mark()).observe(list, { childList: true, subtree: true });
  }

  /** Another answer: what was chosen in the one before is let go of. */
  clear() {
    this.#turn(false);
  }

  /** @param {boolean} on */
  #turn(on) {
    this.#on = on;
    this.#chosen.clear();
    this.list.classList.toggle("selecting", on);
    byId("select").setAttribute("aria-pressed", String(on));
    byId("selection").hidden = !on;
    this.#show();
  }

  /** @param {MouseEvent} event */
  #click(event) {
    if (!this.#on || !(event.target instanceof Element)) return;
    const id = Number(event.target.closest("li")?.dataset.id ?? NaN);
    if (Number.isNaN(id)) return;
    event.preventDefault();
    event.stopPropagation();
    if (!this.#chosen.delete(id)) this.#chosen.add(id);
    this.#show();
  }

  #all() {
    const feed = this.feed();
    const { count } = feed?.extent ?? { count: 0 };
    for (const item of (feed?.items ?? []).slice(0, count)) if (item) this.#chosen.add(item.id);
    this.#show();
  }

  /** @param {"add" | "remove"} how */
  async #label(how) {
    const field = byId("selection-label", HTMLInputElement);
    const label = field.value.trim();
    const ids = [...this.#chosen];
    if (!label || !ids.length) {
      field.focus();
      return;
    }
    await guarded(async () => {
      await api.changeLabels(ids, { [how]: [label] });
      const said = `${counted(ids.length, "picture")} ${how === "add" ? `labelled ${label}` : `no longer labelled ${label}`}`;
      byId("selection-said").textContent = said;
      say(said);
      field.value = "";
    });
  }

  #show() {
    byId("selection-count").textContent = `${counted(this.#chosen.size, "picture")} chosen`;
    byId("selection-said").textContent = "";
    this.#mark();
  }

  #mark() {
    for (const cell of this.list.children) {
      if (!(cell instanceof HTMLElement)) continue;
      const chosen = this.#on && this.#chosen.has(Number(cell.dataset.id));
      cell.classList.toggle("chosen", chosen);
      const link = cell.querySelector(".card-link");
      if (chosen) link?.setAttribute("aria-current", "true");
      else link?.removeAttribute("aria-current");
    }
  }
}
