// The address bar and the history. Every place of the page is an address; links are plain links.

import { address, chosenCollection } from "./api.js";
import * as asking from "./ask.js";
import { isTyping } from "./dom.js";

/** @import { Ask, Place } from "./types.js" */

/** @typedef {{scroll?: number, own?: boolean}} State */

/** @type {(place: Place) => void} */
let follow = () => {};
/** @type {ReturnType<typeof setTimeout> | undefined} */
let pause; // until the place on the page is written down

/** @returns {Place} */
export function current() {
  const params = new URLSearchParams(location.search);
  const [, first = "", second = ""] = location.pathname.split("/");
  const state = /** @type {State} */ (history.state ?? {});
  const common = { id: null, ask: asking.read(params), params, scroll: state.scroll ?? 0 };
  if (first === "picture") return { ...common, view: "picture", id: Number(second) };
  if (first === "map" || first === "duplicates" || first === "collection") {
    return { ...common, view: first };
  }
  return { ...common, view: "search" };
}

/** @param {Ask} ask */
export const searchAddress = (ask) => pageAddress("/", asking.write(ask));

/**
 * The address of a picture seen large, as the `at`-th answer to a question.
 * @param {number} id
 * @param {Ask} ask
 * @param {number | null} [at]
 */
export function pictureAddress(id, ask, at = null) {
  const params = asking.write(ask);
  if (at !== null) params.set("at", String(at));
  return pageAddress(`/picture/${id}`, params);
}

/**
 * @param {string} path
 * @param {URLSearchParams} [params]
 */
export function pageAddress(path, params = new URLSearchParams()) {
  return address(path) === path ? join(path, params) : join(path, withCollection(params));
}

/** @param {URLSearchParams} params */
function withCollection(params) {
  const all = new URLSearchParams(params);
  all.set("collection", chosenCollection() ?? "");
  return all;
}

/** @param {string} path @param {URLSearchParams} params */
function join(path, params) {
  // These are safe in a query, and readable.
  const text = params.toString().replaceAll("%2C", ",").replaceAll("%40", "@").replaceAll("%3A", ":").replaceAll("%2F", "/");
  return text ? `${path}?${text}` : path;
}

/**
 * Go to an address of the page.
 * @param {string} to
 * @param {{replace?: boolean}} [how]
 */
export function go(to, { replace = false } = {}) {
  clearTimeout(pause);
  if (replace || to === location.pathname + location.search) {
    history.replaceState({ ...history.state, own: true }, "", to);
  } else {
    history.replaceState({ ...history.state, scroll: window.scrollY }, "");
    history.pushState({ scroll: 0, own: true }, "", to);
  }
  follow({ ...current(), scroll: replace ? window.scrollY : 0 });
}

/**
 * Write the address without going anywhere: the view has moved there by itself.
 * @param {string} to
 */
export function settle(to) {
  history.replaceState(history.state, "", to);
}

/** Whether this page has made the entry before this one, so that going back stays here. */
export const cameFromHere = () => Boolean(/** @type {State} */ (history.state ?? {}).own);

/**
 * Call `onPlace` for every place from now on, and for the one where the page is.
 * @param {(place: Place) => void} onPlace
 */
export function start(onPlace) {
  follow = onPlace;
  history.scrollRestoration = "manual";
  window.addEventListener("popstate", () => {
    clearTimeout(pause);
    follow(current());
  });
  window.addEventListener("scroll", () => {
    clearTimeout(pause);
    // Browsers limit how often an entry may be written.
    pause = setTimeout(() => history.replaceState({ ...history.state, scroll: window.scrollY }, ""), 200);
  });
  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    if (!link || link.target || link.origin !== location.origin || !isPage(link.pathname) || link.hash) return;
    event.preventDefault();
    go(link.pathname + link.search);
  });
  document.addEventListener("keydown", (event) => {
    if (isTyping(event.target)) return;
    if (event.key === "Escape" && location.pathname.startsWith("/picture/") && !document.querySelector("dialog[open]")) {
      back();
    }
  });
  follow(current());
}

/** From a picture back to the answer that it belongs to. */
export function back() {
  if (cameFromHere()) history.back();
  else go(searchAddress(current().ask));
}

/** @param {string} path */
const isPage = (path) => path === "/" || /^\/(map|duplicates|collection)$|^\/picture\/\d+$/.test(path);
