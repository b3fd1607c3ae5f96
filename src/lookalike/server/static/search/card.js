// One picture in the grid: itself, how similar it is, and what can be done with it.

import { byPicture, nothing, withPick } from "../core/ask.js";
import { icon, make } from "../core/dom.js";
import { filling } from "../core/filling.js";
import { pictureAddress, searchAddress } from "../core/router.js";
import { baseName, called, clock, counted, inFigures, inFull, inWords, isFrame, spoken } from "../core/words.js";

/** @import { Ask, Hit } from "../core/types.js" */

/** How a hit shows what was asked by. @type {Record<string, string>} */
const POSITIONS = {
  mirrored: "mirrored",
  "upside-down": "upside down, mirrored",
  "turned-90": "turned right",
  "turned-180": "upside down",
  "turned-270": "turned left",
  transposed: "turned left, mirrored",
  transversed: "turned right, mirrored",
};

/**
 * An empty cell, before its picture is known.
 * @param {number} at its place in the answer, from 0
 */
export function makeCard(at) {
  const card = make("li", { class: "card", "aria-posinset": at + 1 });
  card.dataset.at = String(at);
  card.append(make("span", { class: "frame" }));
  return card;
}

/**
 * Put a picture into a cell, unless it is there already.
 * @param {HTMLLIElement} card
 * @param {Hit} hit
 * @param {Ask} ask
 * @param {number} at
 * @param {number} side of the cell, in pixels of the page
 */
export function fillCard(card, hit, ask, at, side) {
  const { dataset } = card;
  const shown = `${hit.id} ${hit.orientation ?? ""} ${hit.region ?? ""}`;
  if (dataset.shown === shown) return;
  dataset.shown = shown;
  dataset.id = String(hit.id);
  const frame = make("span", { class: "frame" }, image(hit, side));
  const copies = hit.duplicates?.length ?? 0;
  const folded = copies ? counted(copies, "near-identical copy", "near-identical copies") : "";
  const link = make(
    "a",
    {
      class: "card-link",
      href: pictureAddress(hit.id, ask, at),
      title: hit.path,
      "aria-label": spoken(hit) + (folded && `, and ${folded}`),
    },
    frame,
    caption(hit),
  );
  if (hit.region) frame.append(mark(hit, hit.region));
  if (hit.orientation && hit.orientation !== "upright") {
    frame.append(make("span", { class: "moment position" }, POSITIONS[hit.orientation] ?? hit.orientation));
  }
  const badge = folded ? [make("span", { class: "copies", "aria-hidden": "true" }, `+${copies}`)] : [];
  if (isFrame(hit.frame)) frame.append(make("span", { class: "moment" }, icon("play"), clock(hit.frame)));
  card.replaceChildren(link, ...badge, actions(hit, ask));
}

/**
 * Where in the picture the part is that fits; the square shows the middle of odd shapes.
 * @param {Hit} hit
 * @param {[number, number, number, number]} region
 */
function mark({ width, height }, [left, top, across, down]) {
  const wide = Math.max(1, width / height);
  const high = Math.max(1, height / width);
  const box = make("span", { class: "region", title: "The part that fits best" });
  box.style.left = `${100 * (0.5 + (left - 0.5) * wide)}%`;
  box.style.top = `${100 * (0.5 + (top - 0.5) * high)}%`;
  box.style.width = `${100 * across * wide}%`;
  box.style.height = `${100 * down * high}%`;
  return box;
}

/** @param {Hit} hit @param {number} side */
function image(hit, side) {
  const shown = filling(hit, side, { draggable: true });
  shown.addEventListener("error", () => {
    if (!shown.getAttribute("src")) return; // called off, not missing
    shown.replaceWith(make("span", { class: "gone" }, "file is gone"));
  });
  return shown;
}

/** @param {Hit} hit */
function caption(hit) {
  if (hit.score === undefined) return make("span", { class: "caption" }, make("span", { class: "name" }, baseName(hit.path)));
  return make(
    "span",
    { class: "caption" },
    make("span", { class: "similar" }, inWords(hit)),
    " ", // for readers: the two do not run into each other
    make("span", { class: "score", title: inFull(hit) }, inFigures(hit)),
  );
}

/** @param {Hit} hit @param {Ask} ask */
function actions(hit, ask) {
  const name = called(hit);
  const pick = byPicture(hit.id);
  const asked = ask.like.length + ask.unlike.length > 0 || ask.text;
  const only = { ...nothing(), like: [pick], where: ask.where, group: ask.group };
  const bar = make("span", { class: "card-actions" }, action("search", searchAddress(only), "Search from this picture", name));
  if (asked) {
    bar.append(
      action("plus", searchAddress(withPick(ask, pick, "like")), "More like this", name),
      action("minus", searchAddress(withPick(ask, pick, "unlike")), "Less like this", name),
    );
  }
  return bar;
}

/** @param {string} drawn @param {string} href @param {string} text @param {string} name */
function action(drawn, href, text, name) {
  return make("a", { class: `round ${drawn}`, href, title: text, "aria-label": `${text}: ${name}` }, icon(drawn));
}
