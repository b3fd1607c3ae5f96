// What the page tells: a problem as a sentence, and that work is under way.

import { Problem } from "./api.js";
import { button, byId } from "./dom.js";
import { sentence } from "./words.js";

let running = 0;

/**
 * Show a problem until it is dismissed or the page moves on.
 * @param {string} text
 * @param {{text: string, act: () => void}} [remedy]
 */
export function showProblem(text, remedy) {
  byId("problem-text").textContent = sentence(text);
  const act = remedy && [
    button(remedy.text, {}, () => {
      hideProblem();
      remedy.act();
    }),
  ];
  byId("problem-remedy").replaceChildren(...(act ?? []));
  byId("problem").hidden = false;
}

export function hideProblem() {
  byId("problem").hidden = true;
}

/** Do something whose problems are shown. @param {() => Promise<unknown>} work */
export async function guarded(work) {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    showProblem(error.message);
  }
}

/** Show that something is under way; the answer is called when it is over. */
export function working() {
  running += 1;
  byId("progress").hidden = false;
  let over = false;
  return () => {
    if (over) return;
    over = true;
    running -= 1;
    if (running === 0) byId("progress").hidden = true;
  };
}
