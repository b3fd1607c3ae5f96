// The indexing job of the server, as its events tell of it.

import * as api from "../core/api.js";
import { counted, duration, figure, sentence } from "../core/words.js";

/** @import { JobStatus, WatchStatus } from "../core/types.js" */

/**
 * A job, said for people.
 * @typedef {object} Job
 * @property {string} words
 * @property {boolean} running
 * @property {string[]} folders none means all that were indexed before
 * @property {number} done
 * @property {number} total
 * @property {number | null} share 0 to 1; null while it is not known
 * @property {string} rate
 * @property {string} left
 * @property {string} waiting what it waits for, in a sentence; empty where it goes on
 * @property {string | null} error
 * @property {{path: string, reason: string}[]} skipped
 * @property {number} skippedTotal
 */

/** Tells `progress` and `ended` as events; the job itself is in `job`. */
export class Indexing extends EventTarget {
  /** The latest job, @type {Job | null} */
  job = null;
  /** How folders are watched; null where they are not. @type {WatchStatus | null} */
  watch = null;
  /** @type {EventSource | null} */
  #events = null;
  #held = false;
  /** @type {{path: string, reason: string}[]} */
  #skipped = [];
  #of = "";
  #ended = "";

  /** Follow a job that is under way, to its end. */
  async look() {
    const { job, watch } = await api.indexState();
    this.watch = watch;
    if (watch) this.hold();
    if (job && isOver(job)) this.#ended = job.id; // long ago: no news
    this.#show(job);
  }

  /** Follow this job and the next ones, until `release`. */
  hold() {
    this.#held = true;
    this.#listen();
  }

  release() {
    if (this.watch) return; // its changes are news in every view
    this.#held = false;
    if (!this.job?.running) this.#close();
  }

  /** Another collection is looked at. */
  forget() {
    this.#close();
    this.#held = false;
    this.job = this.watch = null;
    this.dispatchEvent(new Event("progress"));
  }

  /** @param {{folders?: string[]}} what */
  async start(what) {
    this.#show((await api.startIndex(what)).job);
  }

  async stop() {
    this.#show((await api.stopIndex()).job);
  }

  #listen() {
    if (this.#events) return;
    this.#skipped = []; // the server tells of all of them again
    const events = api.indexEvents();
    this.#events = events;
    for (const kind of ["progress", "done"]) {
      events.addEventListener(kind, (event) => this.#show(JSON.parse(event.data)));
    }
    events.addEventListener("watch", (event) => {
      const before = this.watch;
      this.watch = JSON.parse(event.data);
      this.dispatchEvent(new Event("progress"));
      if (before && this.watch?.changed !== before.changed) this.dispatchEvent(new Event("ended"));
    });
    events.addEventListener("skipped", (event) => {
      this.#skipped.push(...JSON.parse(event.data).files);
    });
  }

  #close() {
    this.#events?.close();
    this.#events = null;
  }

  /** @param {JobStatus | null} status what the server says of the job */
  #show(status) {
    if (!status) return;
    if (status.id !== this.#of) {
      this.#of = status.id;
      this.#skipped = [];
    }
    const over = status.id === this.#ended;
    // The answer to the start of a short job may come after the event of its end.
    if (over && !isOver(status)) return;
    this.job = this.#said(status);
    if (this.job.running) this.#listen();
    this.dispatchEvent(new Event("progress"));
    if (this.job.running || over) return;
    this.#ended = status.id;
    if (!this.#held) this.#close();
    this.dispatchEvent(new Event("ended"));
  }

  /** @param {JobStatus} status @returns {Job} */
  #said({ state, folders, done, total, total_final: known, rate, seconds_left: left, waiting, summary, error, skipped }) {
    const running = !isOver({ state });
    return {
      words: titleOf(state, summary),
      running,
      folders,
      done,
      total,
      share: known && total ? done / total : null,
      rate: running && rate ? `${figure.format(Math.round(rate))} a second` : "",
      left: running && left ? `about ${duration(left)} left` : "",
      waiting: waiting ? sentence(waiting) : "",
      error,
      skipped: this.#skipped,
      skippedTotal: Math.max(skipped, this.#skipped.length),
    };
  }
}

/** @param {Pick<JobStatus, "state">} job */
const isOver = ({ state }) => ["done", "stopped", "failed"].includes(state);

/** @param {string} state @param {JobStatus["summary"]} summary */
function titleOf(state, summary) {
  if (state === "starting") return "Starting…";
  if (state === "finishing") return "Finishing…";
  if (state === "filling") return "Filling in what the encoders lack…";
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
