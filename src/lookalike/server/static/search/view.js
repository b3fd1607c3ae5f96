// The view Search: from a question in the address to its answer on screen.

import * as api from "../core/api.js";
import * as asking from "../core/ask.js";
import { byId, make, say } from "../core/dom.js";
import { offerDownloads } from "../core/download.js";
import { hideProblem, showProblem, working } from "../core/notice.js";
import * as router from "../core/router.js";
import { figure } from "../core/words.js";
import { Cutoff } from "./cutoff.js";
import { Feed, feedOf, forgetFeeds } from "./feed.js";
import { Filters } from "./filters.js";
import { Grid } from "./grid.js";
import { Panel } from "./panel.js";
import { Selection } from "./selection.js";
import * as uploads from "./uploads.js";
import * as ways from "./ways.js";

/** @import { Ask, Pick, Place, Status, View } from "../core/types.js" */
/** @import { Given, Use } from "./ways.js" */
/** @import { Indexing } from "../collection/indexing.js" */

const FIRST_MS = 700;

/**
 * @param {() => Promise<Status>} status
 * @param {Indexing} indexing
 * @returns {View}
 */
export function searchView(status, indexing) {
  const view = byId("view-search");
  const grid = new Grid(byId("grid"));
  /** @type {Ask} */
  let ask = asking.nothing();
  /** @type {Feed | null} */
  let feed = null;
  let waiting = false; // for the first pictures
  let turn = 0; // what comes late for an earlier question is dropped

  /** @param {Ask} next @param {{replace?: boolean}} [how] */
  const go = (next, how) => router.go(router.searchAddress(next), how);
  const follow = latest(live);
  const panel = new Panel({ go, live: (next) => follow({ next, mine: turn }) });
  const filters = new Filters((where) => go({ ...ask, where }));
  const cutoff = new Cutoff({
    move: (min) => {
      if (feed) feed.min = min;
      grid.refresh();
      note();
    },
    rest: (min) => {
      ask = { ...ask, min };
      router.settle(router.searchAddress(ask));
      if (feed) say(byId("results-note").textContent ?? "");
    },
  });

  const selection = new Selection(byId("grid"), () => feed);
  offerDownloads(byId("download"), (format) => api.download(ask, asking.isSearch(ask), format));

  ways.listen(take, showProblem);
  byId("words").addEventListener("submit", (event) => {
    event.preventDefault();
    go({ ...ask, text: byId("text", HTMLInputElement).value.trim() });
  });
  byId("group", HTMLInputElement).addEventListener("change", (event) => {
    go({ ...ask, group: /** @type {HTMLInputElement} */ (event.target).checked });
  });
  for (const how of /** @type {const} */ (["turned", "inside"])) {
    byId(how, HTMLInputElement).addEventListener("change", (event) => {
      go({ ...ask, [how]: /** @type {HTMLInputElement} */ (event.target).checked });
    });
  }
  byId("any-picture").addEventListener("click", anyPicture);
  indexing.addEventListener("progress", awaitFirst);

  /** @param {Place} place */
  async function show(place) {
    view.hidden = false;
    ({ ask } = place);
    const mine = ++turn;
    const searching = asking.isSearch(ask);
    arrange(searching);
    panel.show(ask);
    filters.show(ask.where);
    const next = feedOf(ask);
    const done = working();
    byId("results").setAttribute("aria-busy", "true");
    try {
      await next.begin();
    } catch (error) {
      if (mine !== turn) return;
      swap(null);
      note();
      if (!(error instanceof api.Problem)) throw error;
      showProblem(error.message);
      byId("results-title").textContent = searching ? "No answer" : "Your pictures";
      return;
    } finally {
      done();
      if (mine === turn) byId("results").removeAttribute("aria-busy");
    }
    if (mine !== turn) return;
    swap(next);
    window.scrollTo(0, place.scroll);
    document.title = searching ? `${panel.title} – Lookalike` : "Lookalike";
    note();
    say(byId("results-note").textContent ?? "");
    markWhenSeen();
    // A link from elsewhere only fills in the field: the server fetches when the user asks it to.
    const url = place.params.get("url");
    if (url && !searching) {
      byId("address", HTMLInputElement).value = url;
      showProblem("press Search to look for the picture at this address");
    }
  }

  /** Whether the collection has turned out to hold nothing. */
  const isEmpty = () => !view.hidden && feed?.total === 0 && !Object.keys(ask.where).length;

  /** Show the first pictures of a new collection while the others are still indexed. */
  function awaitFirst() {
    if (waiting || !isEmpty() || !indexing.job?.running) return;
    waiting = true;
    setTimeout(async () => {
      await refresh(null);
      waiting = false;
      awaitFirst();
    }, FIRST_MS);
  }

  /** Ask again, for what has come since, without going anywhere. */
  const refresh = latest(async () => {
    forgetFeeds();
    if (!view.hidden) await show({ ...router.current(), scroll: window.scrollY });
  });

  /** @param {Feed | null} next */
  function swap(next) {
    feed?.removeEventListener("change", note);
    feed?.removeEventListener("problem", failed);
    if (feed !== next) feed?.stop();
    if (feed !== next) selection.clear();
    feed = next;
    feed?.addEventListener("change", note);
    feed?.addEventListener("problem", failed);
    grid.show(feed);
    grid.refresh();
  }

  /** @param {Event} event */
  function failed(event) {
    const { detail } = /** @type {CustomEvent<Error>} */ (event);
    showProblem(detail.message, { text: "Try again", act: () => feed?.retry() });
  }

  /** @param {boolean} searching */
  function arrange(searching) {
    view.classList.toggle("searching", searching);
    byId("hero").hidden = searching || isEmpty();
    byId("search-title").hidden = !searching;
    byId("side").hidden = !searching;
    const slot = byId(searching ? "side-slot" : "hero-slot");
    if (byId("asking").parentElement !== slot) slot.replaceChildren(byId("asking"));
    byId("results-title").textContent = searching ? "Similar pictures" : "Your pictures";
    byId("group", HTMLInputElement).checked = ask.group;
    byId("group-field").hidden = !searching;
    byId("turned", HTMLInputElement).checked = ask.turned;
    byId("turned-field").hidden = !ask.like.length;
    byId("inside", HTMLInputElement).checked = ask.inside;
    byId("text", HTMLInputElement).value = ask.text;
    for (const zone of byId("dropper").querySelectorAll(".drop-zone")) {
      if (zone instanceof HTMLElement) zone.hidden = zone.dataset.use !== "only" && !searching;
    }
    cutoff.show(searching ? ask.min : null, searching);
    status().then(
      ({ text, calibration, encoders }) => {
        byId("words").hidden = !text;
        byId("inside-field").hidden = !(searching && encoders.some(({ answers, regions }) => answers && regions));
        // What scores mean is known between two pictures.
        const alone = ask.like.length === 1 && !ask.unlike.length && !ask.text;
        cutoff.mean(alone ? (calibration ?? null) : null);
      },
      () => {},
    );
  }

  /** What the answer holds, above it and instead of it. */
  function note() {
    const { count, exact } = feed?.extent ?? { count: 0, exact: true };
    const total = feed?.total ?? 0;
    const shown = `${figure.format(count)}${exact ? "" : " or more"}`;
    const of = count < total || !exact ? ` of ${figure.format(total)}` : "";
    byId("results-note").textContent = total ? `${shown}${of}` : "";
    byId("hero").hidden = asking.isSearch(ask) || isEmpty();
    byId("first").hidden = !isEmpty();
    byId("results-head").hidden = isEmpty();
    const empty = emptyState(count, exact, total);
    byId("empty").hidden = empty === null;
    byId("empty").replaceChildren(...(empty ?? []));
  }

  /** @param {number} count @param {boolean} exact @param {number} total @returns {(Node | string)[] | null} */
  function emptyState(count, exact, total) {
    if (!feed || count || !exact) return null;
    if (!total && Object.keys(ask.where).length) {
      const clear = make("a", { class: "button quiet", href: router.searchAddress({ ...ask, where: {} }) }, "Clear the filters");
      return [make("p", {}, "No picture matches these filters."), clear];
    }
    if (!total) return null; // it begins with a first folder
    return [make("p", {}, "Nothing is that similar. Move the slider to the left to see more.")];
  }

  /** @param {Given} given @param {Use} use */
  async function take(given, use) {
    hideProblem();
    const done = working();
    try {
      const pick = await pickOf(given);
      const before = router.current();
      const now = before.view === "search" || before.view === "picture" ? before.ask : asking.nothing();
      if (use === "only") go({ ...asking.nothing(), like: [pick], where: now.where, group: now.group, min: now.min });
      else go(asking.withPick(now, pick, use));
    } catch (error) {
      if (!(error instanceof api.Problem)) throw error;
      showProblem(error.message);
    } finally {
      done();
    }
  }

  /**
   * Show the answer to what is being drawn, unless another question was asked since.
   * @param {{next: Ask, mine: number}} drawn
   */
  async function live({ next, mine }) {
    if (mine !== turn) return;
    const partial = new Feed(next);
    try {
      await partial.begin();
      if (mine !== turn) return;
      swap(partial);
      note();
    } catch (error) {
      if (!(error instanceof api.Problem)) throw error;
      if (mine === turn) showProblem(error.message);
    }
  }

  async function anyPicture() {
    try {
      const { total } = await api.images(0, 1, ask.where);
      const { images } = await api.images(Math.floor(Math.random() * total), 1, ask.where);
      if (images[0]) go({ ...ask, like: [asking.byPicture(images[0].id)] });
    } catch (error) {
      if (!(error instanceof api.Problem)) throw error;
      showProblem(error.message);
    }
  }

  return {
    show,
    hide() {
      view.hidden = true;
    },
    forget() {
      forgetFeeds();
      if (!view.hidden && !asking.isSearch(ask)) refresh(null);
    },
  };
}

/** @param {Given} given @returns {Promise<Pick>} */
async function pickOf(given) {
  if ("id" in given) return asking.byPicture(given.id);
  return "file" in given ? uploads.send(given.file) : uploads.sendAddress(given.url);
}

/**
 * One call at a time; of those that come meanwhile, the last.
 * @template T
 * @param {(value: T) => Promise<void>} work
 */
function latest(work) {
  let busy = false;
  /** @type {{value: T} | null} */
  let waiting = null;
  return async (/** @type {T} */ value) => {
    waiting = { value };
    if (busy) return;
    busy = true;
    while (waiting) {
      const { value: next } = /** @type {{value: T}} */ (waiting);
      waiting = null;
      await work(next);
    }
    busy = false;
  };
}

/** A mark in the browser's timeline, when the first picture of the answer is on screen. */
function markWhenSeen() {
  const first = byId("grid").querySelector("img");
  first?.decode().then(
    () => requestAnimationFrame(() => performance.mark("first-result")),
    () => {},
  );
}

