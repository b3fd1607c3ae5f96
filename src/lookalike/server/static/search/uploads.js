// Pictures that were sent to the server to be searched by, and what is known of them here.

import * as api from "../core/api.js";
import { byUpload } from "../core/ask.js";
import { baseName } from "../core/words.js";

/** @import { Pick } from "../core/types.js" */

const KEY = "uploads";
const SHOWN_BY_BROWSERS = /^image\/(jpeg|png|gif|webp|avif|bmp)$/;

/** @type {Map<string, {name: string, shown?: string}>} what is known of each, by upload */
const known = new Map(load());

/**
 * Send a picture, and give the pick that stands for it.
 * @param {File} file
 * @returns {Promise<Pick>}
 */
export async function send(file) {
  const name = file.name || "Pasted picture";
  const { upload } = await api.upload(file, name);
  // The browser has the picture already; the server's copy is for later.
  const shown = SHOWN_BY_BROWSERS.test(file.type) ? { shown: URL.createObjectURL(file) } : {};
  return remember(upload, name, shown);
}

/**
 * Have the server fetch a picture of the web.
 * @param {string} url
 */
export async function sendAddress(url) {
  const { upload } = await api.uploadFrom(url);
  const { pathname, host } = new URL(url);
  return remember(upload, baseName(pathname) || host, {});
}

/** @param {Pick} pick */
export const nameOf = (pick) => known.get(pick.upload ?? "")?.name;

/** Where the page can show a pick from. @param {Pick} pick @param {320 | 640} [side] */
export const sourceOf = (pick, side = 640) => (pick.at === undefined && known.get(pick.upload ?? "")?.shown) || api.pictureOf(pick, side);

/** @param {string} upload @param {string} name @param {{shown?: string}} more */
function remember(upload, name, more) {
  const before = known.get(upload)?.shown;
  if (before && more.shown) URL.revokeObjectURL(before);
  known.set(upload, { name, ...more });
  try {
    sessionStorage.setItem(KEY, JSON.stringify([...known].slice(-50).map(([hex, each]) => [hex, { name: each.name }])));
  } catch {
    // Without storage the names are forgotten on reload; nothing else depends on it.
  }
  return byUpload(upload);
}

/** @returns {[string, {name: string}][]} */
function load() {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEY) ?? "[]");
    return Array.isArray(kept) ? kept : [];
  } catch {
    return [];
  }
}
