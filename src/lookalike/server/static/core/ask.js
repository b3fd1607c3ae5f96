// A question, and the address that stands for it: `/?like=12*0.5@.1,.2,.3,.4&unlike=u:3fa9&text=…`.
// A picture is its id, or `u:` and the name of an upload; then the moment of a film (`_42.5`), its
// weight and its crop.

/** @import { Ask, Crop, Pick, Where } from "./types.js" */

/** @type {(keyof Where & ("format" | "label"))[]} */
const LISTS = ["format", "label"];
/** @type {(keyof Where & ("folder" | "after" | "before" | "camera"))[]} */
const WORDS = ["folder", "after", "before", "camera"];
const DATES = ["after", "before"];
/** @type {(keyof Where & ("min_width" | "min_height" | "min_bytes" | "max_bytes"))[]} */
const FIGURES = ["min_width", "min_height", "min_bytes", "max_bytes"];

/** @returns {Ask} */
export const nothing = () => ({ like: [], unlike: [], text: "", where: {}, min: null, group: false, turned: false, inside: false });

/**
 * Whether the question has something to compare with.
 * @param {Ask} ask
 */
export const isSearch = (ask) => ask.like.length > 0 || ask.text !== "";

/**
 * What a question says, whatever the cut-off: two with the same key have the same answer.
 * @param {Ask} ask
 */
export const keyOf = (ask) => write({ ...ask, min: null }).toString();

/** @param {Pick} one @param {Pick} other */
export const samePicture = (one, other) => one.id === other.id && one.upload === other.upload && one.at === other.at;

/** @param {number} id @returns {Pick} */
export const byPicture = (id) => ({ id, weight: 1, crop: null });

/** A moment of a film, in seconds. @param {number} id @param {number} at @returns {Pick} */
export const byMoment = (id, at) => ({ id, at: Math.round(at * 1000) / 1000, weight: 1, crop: null });

/** @param {string} upload @returns {Pick} */
export const byUpload = (upload) => ({ upload, weight: 1, crop: null });

/**
 * The question with a picture on one side, and no longer on the other.
 * @param {Ask} ask
 * @param {Pick} pick
 * @param {"like" | "unlike"} side
 * @returns {Ask}
 */
export function withPick(ask, pick, side) {
  const rest = withoutPick(ask, pick);
  return { ...rest, [side]: [...rest[side], pick] };
}

/** @param {Ask} ask @param {Pick} pick @returns {Ask} */
export function withoutPick(ask, pick) {
  /** @param {Pick[]} picks */
  const others = (picks) => picks.filter((each) => !samePicture(each, pick));
  return { ...ask, like: others(ask.like), unlike: others(ask.unlike) };
}

/**
 * @param {URLSearchParams} params
 * @returns {Ask}
 */
export function read(params) {
  /** @type {Where} */
  const where = {};
  for (const name of LISTS) if (params.has(name)) where[name] = params.getAll(name);
  for (const name of WORDS) {
    const value = params.get(name) ?? "";
    if (value && (!DATES.includes(name) || /^\d{4}-\d{2}-\d{2}$/.test(value))) where[name] = value;
  }
  for (const name of FIGURES) {
    const value = Number(params.get(name));
    if (Number.isInteger(value) && value > 0) where[name] = value;
  }
  const min = Number(params.get("min") ?? NaN);
  return {
    like: picks(params.getAll("like")),
    unlike: picks(params.getAll("unlike")),
    text: params.get("text")?.trim() ?? "",
    where,
    min: min > 0 && min <= 1 ? min : null,
    group: params.get("group") === "1",
    turned: params.get("turned") === "1",
    inside: params.get("inside") === "1",
  };
}

/**
 * @param {Ask} ask
 * @returns {URLSearchParams}
 */
export function write(ask) {
  const params = new URLSearchParams();
  for (const pick of ask.like) params.append("like", pickText(pick));
  for (const pick of ask.unlike) params.append("unlike", pickText(pick));
  if (ask.text) params.set("text", ask.text);
  for (const name of LISTS) for (const value of ask.where[name] ?? []) params.append(name, value);
  for (const name of [...WORDS, ...FIGURES]) {
    const value = ask.where[name];
    if (value) params.set(name, String(value));
  }
  if (ask.min !== null) params.set("min", String(ask.min));
  if (ask.group) params.set("group", "1");
  if (ask.turned) params.set("turned", "1");
  if (ask.inside) params.set("inside", "1");
  return params;
}

/** @param {string[]} texts @returns {Pick[]} */
const picks = (texts) => texts.map(pickOf).filter((pick) => pick !== null);

/** @param {string} text @returns {Pick | null} */
function pickOf(text) {
  const found = /^(?:(\d{1,15})|u:([0-9a-f]{8,128}))(?:_(\d{1,6}(?:\.\d{1,3})?))?(?:\*(\d*\.?\d+))?(?:@([\d.,]+))?$/.exec(text);
  if (!found) return null;
  const weight = Number(found[4] ?? 1);
  const at = found[3] === undefined ? {} : { at: Number(found[3]) };
  const common = { weight: weight > 0 ? Math.min(weight, 10) : 1, crop: cropOf(found[5]), ...at };
  return found[2] ? { upload: found[2], ...common } : { id: Number(found[1]), ...common };
}

/** @param {Pick} pick */
function pickText({ id, upload, at, weight, crop }) {
  const name = (id === undefined ? `u:${upload}` : String(id)) + (at === undefined ? "" : `_${at}`);
  const heavy = weight === 1 ? "" : `*${short(weight)}`;
  return name + heavy + (crop ? `@${[crop.x, crop.y, crop.w, crop.h].map(short).join(",")}` : "");
}

/** @param {string | undefined} text @returns {Crop | null} */
function cropOf(text) {
  const [x = NaN, y = NaN, w = NaN, h = NaN] = (text ?? "").split(",").map(Number);
  const inside = x >= 0 && y >= 0 && w > 0 && h > 0 && x + w <= 1.0001 && y + h <= 1.0001;
  return inside ? { x, y, w: Math.min(w, 1 - x), h: Math.min(h, 1 - y) } : null;
}

/** @param {number} value */
const short = (value) => String(Number(value.toFixed(4)));
