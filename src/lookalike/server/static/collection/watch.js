// The indexing job of the server, as its events tell of it.

import * as api from "../core/api.js";
import { counted, duration, figure } from "../core/words.js";

/** @import { JobStatus } from "../core/types.js" */

/**
 * A job, said for people.
 * @typedef {object} Job
 * @property {string} words
 * @property {boolean} running
 * @property {number} done
 * @property {number} total
 * @property {number | null} share 0 to 1; null while it is not known
 * @property {string} rate
 * @property {string} left
 * @property {string | null} error
 * @property {{path: string, reason: string}[]} skipped
 * @property {number} skippedTotal
 */

export class Watch {
  /** @type {EventSource | null} */
  #events = null;
  /** @type {{path: string, reason: string}[]} */
  #skipped = [];
  #of = "";
  #ended = "";

  /**
   * @param {object} on
   * @param {(job: Job) => void} on.progress
   * @param {(job: Job) => void} on.ended
   */
  constructor(on) {
    this.on = on;
  }

  /** Follow the job, if there is one, until `stop`. */
  start() {
    this.stop();
    const events = api.indexEvents();
    this.#events = events;
    for (const kind of ["progress", "done"]) {
      events.addEventListener(kind, (event) => this.show(JSON.parse(event.data)));
    }
    events.addEventListener("skipped", (event) => {
      this.#skipped.push(...JSON.parse(event.data).files);
    });
  }

  stop() {
    this.#events?.close();
    this.#events = null;
  }

  /** @param {JobStatus | null} status what the server says of the job */
  show(status) {
    if (!status) return;
    if (status.id !== this.#of) {
      this.#of = status.id;
      this.#skipped = [];
    }
    const job = this.#said(status);
    const over = status.id === this.#ended;
    // The answer to the start of a short job may come after the event of its end.
    if (job.running && over) return;
    this.on.progress(job);
    if (job.running || over) return;
    this.#ended = status.id;
    this.on.ended(job);
  }

  /** @param {JobStatus} status @returns {Job} */
  #said({ state, done, total, total_final: known, rate, seconds_left: left, summary, error, skipped }) {
    const running = !["done", "stopped", "failed"].includes(state);
    return {
      words: titleOf(state, summary),
      running,
      done,
      total,
      share: known && total ? done / total : null,
      rate: running && rate ? `${figure.format(Math.round(rate))} a second` : "",
      left: running && left ? `about ${duration(left)} left` : "",
      error,
      skipped: this.#skipped,
      skippedTotal: Math.max(skipped, this.#skipped.length),
    };
  }
}

/** @param {string} state @param {JobStatus["summary"]} summary */
function titleOf(state, summary) {
  if (state === "starting") return "Starting…";
  if (state === "finishing") return "Finishing…";
  if (state === "stopping") return "Stopping, once what was read is written…";
  if (state === "stopped") return "Indexing was stopped. What was done is kept.";
  if (state === "failed") return "Indexing failed.";
  if (state !== "done") return "Indexing…";
  if (!summary) return "Indexing is done.";
  const changes = [
    summary.added && `${figure.format(summary.added)} added`,
    summary.updated && `${figure.format(summary.updated)} updated`,
    summary.removed && `${figure.format(summary.removed)} removed`,
  ].filter(Boolean);
  return changes.length ? `Done: ${changes.join(", ")}.` : `Done: nothing new in ${counted(summary.unchanged, "picture")}.`;
}
