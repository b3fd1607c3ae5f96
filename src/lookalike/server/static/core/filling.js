// A picture of the collection in as many pixels as the screen has for it.

import { SIDES, thumbnail } from "./api.js";
import { make } from "./dom.js";

/** @import { Picture } from "./types.js" */

/**
 * A picture that fills a square.
 * @param {Picture} picture
 * @param {number} square its side, in pixels of the page
 * @param {Record<string, unknown>} [properties] of the element
 */
export function filling({ id, width, height }, square, properties = {}) {
  const longest = Math.max(width, height);
  // No copy is larger than the picture: what comes after the first that holds all of it is the same.
  const enough = SIDES.findIndex((side) => side >= longest);
  const sides = enough < 0 ? SIDES : SIDES.slice(0, enough + 1);
  const wide = (/** @type {number} */ side) => Math.max(1, Math.round((Math.min(side, longest) * width) / longest));
  return make("img", {
    alt: "",
    decoding: "async",
    ...properties,
    sizes: `${Math.ceil((square * Math.max(width, height)) / height)}px`,
    srcset: sides.map((side) => `${thumbnail(id, side)} ${wide(side)}w`).join(", "),
    src: thumbnail(id, 320),
  });
}
