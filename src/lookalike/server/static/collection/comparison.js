// What a comparison of two encoders came to: the figures, and a few pictures with what either finds.

import * as asking from "../core/ask.js";
import { make } from "../core/dom.js";
import { filling } from "../core/filling.js";
import * as router from "../core/router.js";
import { asPercent, baseName, counted } from "../core/words.js";

/** @import { Comparison, Picture } from "../core/types.js" */

const SIDE = 88; // of a picture, in pixels

/** @param {Comparison} comparison @returns {Node[]} */
export function drawn({ sample, overlap, found_again: found, examples }) {
  const again = Object.entries(found).map(([name, share]) => `${asPercent(share)} with ${name}`);
  const rows = /** @type {const} */ ([
    ["Same among the ten nearest", asPercent(overlap)],
    ["A changed copy finds its picture", again.join(", ")],
  ]);
  return [
    make("h3", {}, Object.keys(found).join(" beside ")),
    make("p", { class: "aside" }, `Asked by ${counted(sample, "picture")} of the collection. Copies are a part of a picture, a poor small copy, and one in other light.`),
    make("dl", { class: "facts" }, ...rows.flatMap(([name, value]) => [make("dt", {}, name), make("dd", { class: "figure" }, value)])),
    ...(examples.length ? [make("p", { class: "aside" }, "Where the two differ most; what is framed was found by one of them alone.")] : []),
    make("ul", { class: "sides", role: "list" }, ...examples.map(example)),
  ];
}

/** @param {Comparison["examples"][number]} example */
function example({ asked, nearest }) {
  const rows = Object.entries(nearest).map(([name, pictures]) => {
    const others = Object.entries(nearest).filter(([other]) => other !== name).flatMap(([, found]) => found.map(({ id }) => id));
    const shown = pictures.map((picture) => make("li", {}, link(picture, others.includes(picture.id) ? "" : "alone")));
    return make("div", { class: "nearest" }, make("p", { class: "aside" }, name), make("ol", { class: "nearest-pictures", role: "list", "aria-label": `Nearest with ${name}` }, ...shown));
  });
  return make("li", {}, make("div", { class: "side-asked" }, make("p", { class: "aside" }, "Asked by"), link(asked, "")), make("div", { class: "side-rows" }, ...rows));
}

/** @param {Picture} picture @param {string} classes */
function link(picture, classes) {
  const name = baseName(picture.path);
  return make(
    "a",
    { class: `frame ${classes}`.trim(), href: router.pictureAddress(picture.id, asking.nothing()), title: picture.path, "aria-label": classes ? `${name}, found by this one alone` : name },
    filling(picture, SIDE, { loading: "lazy" }),
  );
}
