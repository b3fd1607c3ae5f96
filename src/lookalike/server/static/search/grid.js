// Tens of thousands of pictures as a grid of equal cells, of which only those near the window exist.

import { onceAFrame } from "../core/dom.js";
import { fillCard, makeCard } from "./card.js";

/** @import { Feed } from "./feed.js" */

const ROWS_AROUND = 3;
/** Faster than this, in windows a frame, pictures wait until the scrolling slows down. */
const TOO_FAST = 0.6;
const SETTLED_MS = 90;

export class Grid {
  /** @type {Feed | null} */
  #feed = null;
  /** @type {Map<number, HTMLLIElement>} the cells that exist, by place */
  #cells = new Map();
  #columns = 1;
  #cell = 0;
  #row = 1;
  #gap = 0;
  #count = 0;
  #active = 0;
  #lastScroll = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #settle;
  #hurried = false;
  #onChange = () => this.refresh();
  #onScroll = onceAFrame(() => this.#scrolled());

  /** @param {HTMLElement} list */
  constructor(list) {
    this.list = list;
    new ResizeObserver(onceAFrame(() => this.#measure())).observe(list);
    window.addEventListener("scroll", this.#onScroll, { passive: true });
    list.addEventListener("keydown", (event) => this.#key(event));
    list.addEventListener("click", (event) => this.#bringCut(event), { capture: true });
    list.addEventListener("focusin", (event) => {
      const cell = event.target instanceof Element ? event.target.closest("li") : null;
      if (cell) this.#activate(Number(cell.dataset.at));
    });
  }

  /** @param {Feed | null} feed */
  show(feed) {
    if (this.#feed === feed) return;
    this.#feed?.removeEventListener("change", this.#onChange);
    this.#feed = feed;
    this.#active = 0;
    feed?.addEventListener("change", this.#onChange);
    for (const cell of this.#cells.values()) this.#drop(cell);
    this.#cells.clear();
    this.refresh();
  }

  /** Lay out anew: more has come, or the cut-off has moved. */
  refresh() {
    const { count, exact } = this.#feed?.extent ?? { count: 0, exact: true };
    this.#count = count;
    const rows = Math.ceil(count / this.#columns);
    this.list.style.height = rows ? `${rows * this.#row - this.#gap}px` : "0";
    this.list.dataset.more = String(!exact);
    this.#draw();
  }

  #measure() {
    const style = getComputedStyle(this.list);
    const least = parseFloat(style.getPropertyValue("--cell"));
    const caption = parseFloat(style.getPropertyValue("--caption"));
    const width = this.list.clientWidth;
    if (!width) return; // not on screen
    const before = { columns: this.#columns, row: this.#row };
    this.#gap = parseFloat(style.getPropertyValue("--gap"));
    this.#columns = Math.max(2, Math.floor((width + this.#gap) / (least + this.#gap)));
    this.#cell = (width - this.#gap * (this.#columns - 1)) / this.#columns;
    this.#row = this.#cell + caption + this.#gap;
    if (before.columns === this.#columns && before.row === this.#row && this.#cells.size) return;
    const first = Math.max(0, Math.floor((window.scrollY - this.#top()) / before.row)) * before.columns;
    for (const [at, cell] of this.#cells) this.#place(cell, at);
    this.refresh();
    // What was at the top of the window stays there when its shape changes.
    if (first > 0) window.scrollTo(0, this.#top() + Math.floor(first / this.#columns) * this.#row);
  }

  #top() {
    return this.list.getBoundingClientRect().top + window.scrollY;
  }

  #scrolled() {
    const moved = Math.abs(window.scrollY - this.#lastScroll);
    this.#lastScroll = window.scrollY;
    this.#hurried = moved > window.innerHeight * TOO_FAST;
    clearTimeout(this.#settle);
    this.#settle = setTimeout(() => {
      this.#hurried = false;
      this.#draw();
    }, SETTLED_MS);
    this.#draw();
  }

  #draw() {
    const feed = this.#feed;
    if (!feed || !this.#cell || !this.list.clientWidth) return;
    const above = window.scrollY - this.#top();
    const firstRow = Math.max(0, Math.floor(above / this.#row) - ROWS_AROUND);
    const lastRow = Math.ceil((above + window.innerHeight) / this.#row) + ROWS_AROUND;
    const from = Math.min(firstRow * this.#columns, this.#count);
    const to = Math.min(lastRow * this.#columns, this.#count);
    for (const [at, cell] of this.#cells) {
      const outside = at < from || at >= to;
      // The cell with the focus stays, however far away: the keyboard must not be lost.
      if (at >= this.#count || (outside && !cell.contains(document.activeElement))) {
        this.#drop(cell);
        this.#cells.delete(at);
      }
    }
    for (let at = from; at < to; at++) this.#show(feed, at);
    this.#activate(Math.min(this.#active, Math.max(0, this.#count - 1)));
    if (this.#hurried) return;
    feed.want(from, this.list.dataset.more === "true" ? to + 1 : to);
  }

  /** @param {Feed} feed @param {number} at */
  #show(feed, at) {
    let cell = this.#cells.get(at);
    if (!cell) {
      cell = makeCard(at);
      this.#place(cell, at);
      this.#cells.set(at, cell);
      const next = this.#cells.get(at + 1);
      if (next) next.before(cell);
      else this.list.append(cell);
    }
    cell.setAttribute("aria-setsize", this.list.dataset.more === "true" ? "-1" : String(this.#count));
    const item = feed.items[at];
    if (item && !(this.#hurried && !cell.dataset.id)) fillCard(cell, item, feed.ask, at, this.#cell);
  }

  /** @param {HTMLLIElement} cell @param {number} at */
  #place(cell, at) {
    const x = (at % this.#columns) * (this.#cell + this.#gap);
    const y = Math.floor(at / this.#columns) * this.#row;
    cell.style.width = `${this.#cell}px`;
    cell.style.transform = `translate(${x}px, ${y}px)`;
  }

  /** @param {HTMLLIElement} cell */
  #drop(cell) {
    cell.querySelector("img")?.removeAttribute("srcset"); // calls off what is still loading
    cell.querySelector("img")?.removeAttribute("src");
    cell.remove();
  }

  /** One cell is the grid's stop for the Tab key. @param {number} at */
  #activate(at) {
    this.#active = at;
    for (const [place, cell] of this.#cells) {
      for (const each of cell.querySelectorAll("a, button")) {
        each.setAttribute("tabindex", place === at ? "0" : "-1");
      }
    }
  }

  /** The cut-off moves under cards that stay; their links take it along. @param {MouseEvent} event */
  #bringCut({ target }) {
    const link = target instanceof Element ? target.closest("a") : null;
    if (!link || !this.#feed) return;
    const url = new URL(link.href);
    if (this.#feed.min === null) url.searchParams.delete("min");
    else url.searchParams.set("min", String(this.#feed.min));
    link.href = url.pathname + url.search;
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const rows = Math.max(1, Math.floor(window.innerHeight / this.#row));
    /** @type {Record<string, number>} */
    const steps = {
      ArrowRight: 1,
      ArrowLeft: -1,
      ArrowDown: this.#columns,
      ArrowUp: -this.#columns,
      PageDown: rows * this.#columns,
      PageUp: -rows * this.#columns,
      Home: -this.#active,
      End: this.#count - 1 - this.#active,
    };
    const step = steps[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const to = this.#active + step;
    const last = this.#count - 1;
    // Below the last full row, down goes to the last picture.
    if (to > last && Math.floor(this.#active / this.#columns) === Math.floor(last / this.#columns)) return;
    if (to >= 0) this.focus(Math.min(to, last));
  }

  /** @param {number} at */
  focus(at) {
    const top = this.#top() + Math.floor(at / this.#columns) * this.#row;
    const { innerHeight, scrollY } = window;
    const header = 72;
    if (top < scrollY + header) window.scrollTo(0, Math.max(0, top - header));
    else if (top + this.#row > scrollY + innerHeight) window.scrollTo(0, top + this.#row - innerHeight + header);
    this.#draw();
    this.#activate(at);
    this.#cells.get(at)?.querySelector("a")?.focus({ preventScroll: true });
  }
}
