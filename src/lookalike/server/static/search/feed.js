// The answer to a question as a long list that is fetched in pages, where and when it is looked at.
//
// The cut-off asks the server nothing: answers come nearest first, so it ends the list earlier.

import * as api from "../core/api.js";
import { isSearch, keyOf } from "../core/ask.js";

/** @import { Ask, Hit } from "../core/types.js" */

const PAGE = 120;
const KEPT = 24;
const AT_ONCE = 2;

export class Feed extends EventTarget {
  /** @type {Hit[]} with holes where nothing has come yet */
  items = [];
  /** How many pictures match the filters; null until the first page has come. @type {number | null} */
  total = null;
  /** @type {Map<number, number>} where each picture stands */
  places = new Map();
  /** @type {Set<number>} pages under way */
  #running = new Set();
  /** @type {Set<number>} pages that have come */
  #come = new Set();
  /** @type {Set<number>} pages that have failed, until they are asked for again */
  #failed = new Set();
  /** @type {number[]} pages to fetch, most wanted first */
  #wanted = [];
  /** Where the answer has turned out to end, @type {number} */
  #end = Infinity;
  #stop = new AbortController();

  /** @param {Ask} ask */
  constructor(ask) {
    super();
    this.ask = ask;
    this.min = ask.min;
  }

  /** The number of pictures known to be in the list, and whether there can be more. */
  get extent() {
    const loaded = this.#prefix();
    const known = Math.min(this.#end, loaded);
    if (this.min !== null && this.scored) {
      const min = this.min;
      const cut = firstBelow(this.items, known, min);
      return { count: cut, exact: cut < known || known === this.#end };
    }
    if (this.ask.group && this.scored) return { count: known, exact: known === this.#end };
    return { count: Math.min(this.total ?? 0, this.#end), exact: this.total !== null };
  }

  /** How many of all pictures are asked by, and so no answers; with filters they may not count. */
  get #own() {
    const { like, unlike, where } = this.ask;
    if (Object.keys(where).length) return 0;
    return new Set([...like, ...unlike].flatMap(({ id }) => id ?? [])).size;
  }

  get scored() {
    return isSearch(this.ask);
  }

  /**
   * Fetch what is missing of the places from `from` to `to`, before anything wanted earlier.
   * @param {number} from
   * @param {number} to exclusive
   */
  want(from, to) {
    const first = Math.floor(Math.max(0, from) / PAGE);
    const last = Math.floor(Math.max(0, Math.min(to - 1, this.#end)) / PAGE);
    const wanted = [];
    for (let page = first; page <= last; page++) {
      if (!this.#come.has(page) && !this.#running.has(page) && !this.#failed.has(page)) wanted.push(page);
    }
    this.#wanted = wanted;
    this.#fetchNext();
  }

  /** The first page, whose failure is the question's: it is thrown. */
  async begin() {
    if (this.#come.has(0)) return;
    this.#failed.clear();
    await this.#fetch(0);
  }

  /** Try again what has failed. */
  retry() {
    this.#failed.clear();
    this.dispatchEvent(new Event("change"));
  }

  stop() {
    this.#stop.abort();
    this.#stop = new AbortController();
    this.#running.clear();
    this.#wanted = [];
  }

  #fetchNext() {
    while (this.#running.size < AT_ONCE) {
      const page = this.#wanted.shift();
      if (page === undefined) return;
      this.#fetch(page).catch((/** @type {unknown} */ error) => {
        if (!(error instanceof api.Problem)) {
          if (error instanceof DOMException) return; // called off
          throw error;
        }
        this.#failed.add(page);
        this.dispatchEvent(new CustomEvent("problem", { detail: error }));
      });
    }
  }

  /** @param {number} page */
  async #fetch(page) {
    const stop = this.#stop;
    this.#running.add(page);
    try {
      const offset = page * PAGE;
      const answer = await this.#load(offset, stop.signal);
      if (stop.signal.aborted) return;
      answer.items.forEach((item, at) => {
        this.items[offset + at] = item;
        this.places.set(item.id, offset + at);
      });
      this.total = Math.max(0, answer.total - this.#own);
      this.#come.add(page);
      if (answer.items.length < PAGE) this.#end = Math.min(this.#end, offset + answer.items.length);
      this.dispatchEvent(new Event("change"));
    } finally {
      if (stop === this.#stop) {
        this.#running.delete(page);
        this.#fetchNext();
      }
    }
  }

  /**
   * @param {number} offset
   * @param {AbortSignal} signal
   * @returns {Promise<{items: Hit[], total: number}>}
   */
  async #load(offset, signal) {
    if (!this.scored) {
      const { images, total } = await api.images(offset, PAGE, this.ask.where, signal);
      return { items: images, total };
    }
    const { hits, total } = await api.search(this.ask, offset, PAGE, signal);
    const worded = this.ask.text !== "";
    return { items: hits.map((hit) => ({ ...hit, worded })), total };
  }

  /** How many have come without a hole before them. */
  #prefix() {
    let page = 0;
    while (this.#come.has(page)) page++;
    return Math.min(page * PAGE, this.#end);
  }
}

/**
 * The first of `count` items, by falling score, whose score is below `min`; else `count`.
 * @param {Hit[]} items
 * @param {number} count
 * @param {number} min
 */
export function firstBelow(items, count, min) {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((items[middle]?.score ?? 0) >= min) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** @type {Map<string, Feed>} */
const kept = new Map();

/**
 * The answer to a question; those of the last questions are kept, so that going back is at once.
 * @param {Ask} ask
 * @returns {Feed}
 */
export function feedOf(ask) {
  const key = `${api.chosenCollection() ?? ""} ${keyOf(ask)}`;
  const feed = kept.get(key) ?? new Feed(ask);
  feed.min = ask.min;
  kept.delete(key);
  kept.set(key, feed);
  if (kept.size > KEPT) kept.delete(kept.keys().next().value ?? "");
  return feed;
}

/** Forget every answer: the collection has changed. */
export function forgetFeeds() {
  kept.clear();
}
