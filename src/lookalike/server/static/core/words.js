// How figures, names and similarities are said to people.

/** @import { Hit, Picture } from "./types.js" */

export const figure = new Intl.NumberFormat("en");
const day = new Intl.DateTimeFormat("en", { dateStyle: "long", timeStyle: "short" });

/** From this score on two pictures differ by their file alone. */
const SAME = 0.995;

const BY_LIKENESS = /** @type {const} */ ([
  [0.9, "Very similar"],
  [0.6, "Similar"],
  [0.3, "Somewhat similar"],
  [-Infinity, "Hardly similar"],
]);

const BY_SCORE = /** @type {const} */ ([
  [0.85, "Very similar"],
  [0.7, "Similar"],
  [0.5, "Somewhat similar"],
  [-Infinity, "Hardly similar"],
]);

/**
 * A similarity in words: by the calibrated probability where there is one, else by the score.
 * Nothing where words were searched by, whose scores are lower: only their order says something.
 * @param {{score?: number, likeness?: number | null, worded?: boolean}} hit
 */
export function inWords({ score = 0, likeness, worded }) {
  if (worded) return "";
  if (score >= SAME) return "Near-identical";
  const steps = likeness === null || likeness === undefined ? BY_SCORE : BY_LIKENESS;
  const value = likeness ?? score;
  return steps.find(([least]) => value >= least)?.[1] ?? "";
}

/**
 * The same in figures: a percentage where it is a probability, else the score.
 * @param {{score?: number, likeness?: number | null}} hit
 */
export function inFigures({ score = 0, likeness }) {
  if (likeness === null || likeness === undefined) return score.toFixed(3);
  return asPercent(likeness);
}

/** A probability; never rounded up to certainty. @param {number} probability */
export const asPercent = (probability) => (probability > 0 && probability < 0.01 ? "<1%" : `${Math.floor(probability * 100)}%`);

/**
 * What the figures are, for those who want to know.
 * @param {{score?: number, likeness?: number | null}} hit
 */
export function inFull({ score = 0, likeness }) {
  const cosine = `cosine similarity ${score.toFixed(4)}`;
  if (likeness === null || likeness === undefined) return cosine;
  return `${asPercent(likeness)} likely to be of one kind, ${cosine}`;
}

/**
 * @param {number} count
 * @param {string} one
 * @param {string} [many]
 */
export function counted(count, one, many = `${one}s`) {
  return `${figure.format(count)} ${count === 1 ? one : many}`;
}

/**
 * The last part of a path, for people.
 * @param {string} path
 */
export function baseName(path) {
  return path.split(/[\\/]/).filter(Boolean).pop() ?? path;
}

/**
 * A message of the server as a sentence: capital first, full stop last.
 * @param {string} text
 */
export function sentence(text) {
  const trimmed = text.trim();
  const whole = /[.!?…]$/.test(trimmed) ? trimmed : `${trimmed}.`;
  return whole.charAt(0).toUpperCase() + whole.slice(1);
}

/** @param {number} bytes */
export function weight(bytes) {
  if (bytes >= 2 ** 30) return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
  if (bytes >= 2 ** 20) return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
  return `${Math.max(1, Math.round(bytes / 1024))} KiB`;
}

/** @param {string} iso */
export function moment(iso) {
  const date = new Date(iso);
  return Number.isNaN(date.getTime()) ? iso : day.format(date);
}

/** A moment of a film as people say it: 0:42, 1:02:03. @param {number} seconds */
export function clock(seconds) {
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, Math.floor(seconds) % 60];
  /** @param {number} part */
  const two = (part) => String(part).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/** The name of a picture's file, and its moment where it is a frame of a film. @param {Picture} picture */
export function called({ path, frame }) {
  return isFrame(frame) ? `${baseName(path)}, at ${clock(frame)}` : baseName(path);
}

/** @param {number | null | undefined} frame @returns {frame is number} */
export const isFrame = (frame) => frame !== null && frame !== undefined;

/** @param {Picture} picture */
export function dimensions({ width, height }) {
  return `${figure.format(width)} × ${figure.format(height)}`;
}

/**
 * A length of time, rounded as people say it.
 * @param {number} seconds
 */
export function duration(seconds) {
  if (!Number.isFinite(seconds)) return "";
  if (seconds < 60) return counted(Math.max(1, Math.round(seconds)), "second");
  if (seconds < 3600) return counted(Math.round(seconds / 60), "minute");
  return `${counted(Math.floor(seconds / 3600), "hour")} ${counted(Math.round((seconds % 3600) / 60), "minute")}`;
}

/**
 * What a screen reader says of a picture in a list.
 * @param {Hit} hit
 */
export function spoken(hit) {
  const name = called(hit);
  return hit.score === undefined ? name : `${inWords(hit)} ${inFigures(hit)}: ${name}`.trimStart();
}
