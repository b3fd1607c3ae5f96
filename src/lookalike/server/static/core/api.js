// The server's API, as the page uses it. Every failure is a Problem with a sentence for people.

/** @import { Ask, Comparison, Encoder, Facets, Heat, Hit, JobStatus, Layout, Picture, Pick, Status, WatchStatus, Where } from "./types.js" */

const LIMIT = 64 * 1024 * 1024;

export class Problem extends Error {
  /**
   * @param {string} message
   * @param {number} [status] of the answer; 0 where there was none
   */
  constructor(message, status = 0) {
    super(message);
    this.status = status;
  }
}

/** The collection that is asked, where the server has several; null is its first. */
let chosen = new URLSearchParams(location.search).get("collection");

/** @param {string | null} name */
export function choose(name) {
  chosen = name;
  digests.clear(); // its ids mean other pictures
}

export const chosenCollection = () => chosen;

/**
 * An address of the server, for the chosen collection.
 * @param {string} path
 * @param {Record<string, string | number | undefined>} [query]
 */
export function address(path, query = {}) {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== "") params.set(name, String(value));
  }
  if (chosen !== null) params.set("collection", chosen);
  const text = params.toString();
  return text ? `${path}?${text}` : path;
}

/** Longest sides of thumbnails, in pixels. */
export const SIDES = /** @type {const} */ ([320, 640, 1280]);

/** What each picture's file was when the server told of it last. @type {Map<number, string>} */
const digests = new Map();

/** @param {Picture[]} pictures */
function note(pictures) {
  for (const { id, digest } of pictures) digests.set(id, digest);
}

/**
 * The small copy of a picture. With the digest of what it is a copy of, browsers keep it for good.
 * @param {number} id
 * @param {typeof SIDES[number]} side
 */
export const thumbnail = (id, side) => address(`/api/images/${id}/thumbnail`, { side, digest: digests.get(id) });
/** @param {number} id */
export const original = (id) => address(`/api/images/${id}`);
/** @param {Pick} pick @param {320 | 640} [side] */
export function pictureOf({ id, upload: hex, at }, side = 640) {
  if (id === undefined) return address(`/api/uploads/${hex}/preview`, { side, at });
  return at === undefined ? thumbnail(id, side) : address(`/api/images/${id}/thumbnail`, { side, at });
}

/** @returns {Promise<Status>} */
export const status = () => ask("/api/status");

/** @returns {Promise<{collections: {name: string, images: number, path: string, bytes: number}[]}>} */
export const collections = () => ask("/api/collections");

/**
 * @param {number} offset
 * @param {number} limit
 * @param {Where} where
 * @param {AbortSignal} [signal]
 * @returns {Promise<{images: Picture[], total: number}>}
 */
export async function images(offset, limit, where, signal) {
  const answer = await ask("/api/images", { query: { offset, limit, where: whereText(where) }, signal });
  note(answer.images);
  return answer;
}

/**
 * @param {Where} where
 * @returns {Promise<Facets>}
 */
export const facets = (where) => ask("/api/facets", { query: { where: whereText(where) } });

/**
 * @param {number} id
 * @returns {Promise<Picture & {folder: string, camera: string | null, labels: string[]}>}
 */
export async function details(id) {
  const answer = await ask(`/api/images/${id}/details`);
  note([answer]);
  return answer;
}

/**
 * @param {number} id
 * @param {string[]} labels
 * @returns {Promise<unknown>}
 */
export const setLabels = (id, labels) => ask(`/api/images/${id}/labels`, { method: "PUT", json: { labels } });

/**
 * Labels for several pictures: those to add, and those to take off.
 * @param {number[]} ids
 * @param {{add?: string[], remove?: string[]}} what
 * @returns {Promise<{images: number}>}
 */
export const changeLabels = (ids, what) => ask("/api/labels", { method: "POST", json: { ids, ...what } });

/** At most so many hits go into a file; those above a cut-off all do. */
const HITS = 1000;

/**
 * What a question gives, as a file.
 * @param {Ask} question
 * @param {boolean} searching
 * @param {string} format
 */
export function download(question, searching, format) {
  if (!searching) return file("/api/export", { query: { format, where: whereText(question.where) } }, `pictures.${format}`);
  const cut = question.min === null ? { k: HITS } : { min_score: question.min, all: true };
  return file("/api/export", { method: "POST", json: { ...requestOf(question), ...cut, format } }, `hits.${format}`);
}

/** @param {string} kind @param {string} format */
export const downloadDuplicates = (kind, format) => file("/api/export/duplicates", { query: { kind, format } }, `duplicates.${format}`);

/**
 * @param {number} id
 * @returns {Promise<{labels: {label: string, score: number, evidence: number[]}[]}>}
 */
export const suggestions = (id) => ask(`/api/images/${id}/suggestions`);

/**
 * The pictures from `offset` on that answer a question, nearest first.
 * @param {Ask} question
 * @param {number} offset
 * @param {number} k
 * @param {AbortSignal} [signal]
 * @returns {Promise<{query: string, hits: Hit[], offset: number, total: number}>}
 */
export async function search(question, offset, k, signal) {
  const answer = await ask("/api/search", { method: "POST", json: { ...requestOf(question), offset, k }, signal });
  note(answer.hits);
  return answer;
}

/**
 * Where the likeness of a picture to the question comes from.
 * @param {Ask} question
 * @param {number} image
 * @returns {Promise<{score: number, query: Heat | null, image: Heat}>}
 */
export function explain(question, image) {
  const plain = { ...question, where: {}, group: false, turned: false, inside: false };
  const { exclude: _exclude, ...rest } = requestOf(plain);
  return ask("/api/explain", { method: "POST", json: { ...rest, image } });
}

/**
 * @param {"identical" | "near" | "similar"} kind
 * @param {number} offset
 * @param {number} limit
 * @returns {Promise<{groups: {kind: string, best: number, images: Hit[]}[], total: number}>}
 */
export async function duplicates(kind, offset, limit) {
  const answer = await ask("/api/duplicates", { query: { kind, offset, limit } });
  for (const group of answer.groups) note(group.images);
  return answer;
}

/**
 * What to do with all but the best copies; only told, unless `yes`.
 * @typedef {{action: "move" | "link", kind: string, folder?: string, yes?: boolean}} TidyWish
 * @typedef {{steps: {action: string, path: string, target: string, reason: string | null}[], journal: string | null, more: number}} Tidied
 */

/** @param {TidyWish} wish @returns {Promise<Tidied>} */
export const tidy = (wish) => ask("/api/duplicates/tidy", { method: "POST", json: wish });
/** @returns {Promise<{journals: {name: string, written: string, steps: number}[]}>} */
export const tidied = () => ask("/api/duplicates/tidied");
/** @param {string} journal @returns {Promise<Tidied>} */
export const undoTidy = (journal) => ask("/api/duplicates/undo", { method: "POST", json: { journal } });

/** @typedef {Promise<{encoders: Encoder[], available: string[]}>} KnownEncoders */

/** @returns {KnownEncoders} */
export const encoders = () => ask("/api/encoders");
/** @param {string} model @returns {KnownEncoders} */
export const addEncoder = (model) => ask("/api/encoders", { method: "POST", json: { model } });
/** @param {number} number @returns {KnownEncoders} */
export const switchEncoder = (number) => ask(`/api/encoders/${number}/switch`, { method: "POST", json: {} });
/** @param {number} number @returns {Promise<Comparison>} */
export async function compareEncoder(number) {
  const answer = await ask(`/api/encoders/${number}/compare`, { method: "POST", json: {} });
  for (const { asked, nearest } of answer.examples) note([asked, ...Object.values(nearest).flat()]);
  return answer;
}
/** @param {number} number @returns {KnownEncoders} */
export const dropEncoder = (number) => ask(`/api/encoders/${number}`, { method: "DELETE" });

/**
 * Keep a picture on the server, so that it can be searched by, and again after a reload.
 * @param {File | Blob} file
 * @param {string} name
 * @returns {Promise<Upload>}
 * @typedef {{upload: string, name: string, width: number, height: number}} Upload
 */
export function upload(file, name) {
  if (file.size > LIMIT) {
    throw new Problem(`${name} is over the limit of ${LIMIT / 2 ** 20} MiB: choose a smaller picture`);
  }
  const body = new FormData();
  body.append("file", file, name);
  return ask("/api/uploads", { method: "POST", body });
}

/**
 * The same with a picture of the web, which the server fetches.
 * @param {string} url
 * @returns {Promise<Upload>}
 */
export const uploadFrom = (url) => ask("/api/uploads", { method: "POST", json: { url } });

/**
 * Where each picture lies on the map; null while the server still arranges them.
 * @returns {Promise<Layout | null>}
 */
export async function layout() {
  const answer = await ask("/api/map");
  return answer.making ? null : answer;
}

/**
 * The folders in a folder of this machine; null is where to begin.
 * @param {string | null} path
 * @returns {Promise<{path: string, parent: string | null, folders: {name: string, path: string}[]}>}
 */
export const folders = (path) => ask("/api/folders", { method: "POST", json: { path } });

/** @returns {Promise<{job: JobStatus | null, watch: WatchStatus | null}>} */
export const indexState = () => ask("/api/index");
/** @param {{folders?: string[], exclude?: string[]}} what @returns {Promise<{job: JobStatus | null}>} */
export const startIndex = (what) => ask("/api/index", { method: "POST", json: what });
/** @returns {Promise<{job: JobStatus | null}>} */
export const stopIndex = () => ask("/api/index", { method: "DELETE" });
export const indexEvents = () => new EventSource(address("/api/index/events"));

/** @param {Where} where */
const whereText = (where) => (Object.keys(where).length ? JSON.stringify(where) : undefined);

/** @param {Ask} question */
function requestOf({ like, unlike, text, where, group, turned, inside }) {
  return {
    positives: like.map(named),
    exclude: true, // what is asked by is no answer
    ...(unlike.length && { negatives: unlike.map(named) }),
    ...(text && { text }),
    ...(Object.keys(where).length && { where }),
    ...(group && { group }),
    ...(turned && like.length && { any_orientation: true }),
    ...(inside && { regions: true }),
  };
}

/** @param {Pick} pick */
const named = ({ id, upload: hex, at, weight, crop }) => ({
  ...(id === undefined ? { upload: hex } : { id }),
  ...(at !== undefined && { at }),
  weight,
  ...(crop && { crop: [crop.x, crop.y, crop.w, crop.h] }),
});

/**
 * @param {string} path
 * @param {object} [options]
 * @param {string} [options.method]
 * @param {Record<string, string | number | undefined>} [options.query]
 * @param {unknown} [options.json]
 * @param {FormData} [options.body]
 * @param {AbortSignal | undefined} [options.signal]
 * @param {boolean} [options.whole] the answer is a file
 * @returns {Promise<any>}
 */
async function ask(path, { method = "GET", query, json, body, signal, whole = false } = {}) {
  /** @type {RequestInit} */
  const request = { method };
  if (signal) request.signal = signal;
  if (body) request.body = body;
  if (json !== undefined) {
    request.body = JSON.stringify(json);
    request.headers = { "Content-Type": "application/json" };
  }
  let response;
  try {
    response = await fetch(address(path, query), request);
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Problem("the server does not answer: start lookalike serve again, then retry");
  }
  if (response.status === 204) return null;
  if (whole && response.ok) return response.blob();
  let answer;
  try {
    answer = await response.json();
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Problem(`the server gave no usable answer (status ${response.status})`, response.status);
  }
  if (!response.ok) {
    throw new Problem(answer.error ?? `the server answered with status ${response.status}`, response.status);
  }
  return answer;
}

/**
 * @param {string} path
 * @param {object} request
 * @param {string} name
 * @returns {Promise<{blob: Blob, name: string}>}
 */
const file = async (path, request, name) => ({ blob: await ask(path, { ...request, whole: true }), name });
