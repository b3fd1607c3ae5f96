// What is asked by: the picture with its crop box, and the trays for and against.

import * as api from "../core/api.js";
import * as asking from "../core/ask.js";
import { button, byId, icon, make } from "../core/dom.js";
import * as router from "../core/router.js";
import { called, clock } from "../core/words.js";
import { CropBox } from "./crop.js";
import * as uploads from "./uploads.js";

/** @import { Ask, Crop, Pick } from "../core/types.js" */

/** @type {Map<number, string>} names of pictures that were asked by */
const names = new Map();

export class Panel {
  #ask = asking.nothing();
  title = "Search";
  #shown = "";

  /**
   * @param {object} on
   * @param {(ask: Ask, how?: {replace?: boolean}) => void} on.go ask something else
   * @param {(ask: Ask) => void} on.live show the answer to what is being drawn
   */
  constructor(on) {
    this.on = on;
    this.box = new CropBox(byId("query-stage"), (crop, done) => this.#cropped(crop, done));
    byId("crop").addEventListener("click", () => {
      if (this.box.crop) {
        this.box.clear();
        byId("crop").focus();
      } else {
        this.box.begin();
      }
    });
    byId("query-picture", HTMLImageElement).addEventListener("error", () => byId("query-stage").classList.add("missing"));
    byId("query-picture", HTMLImageElement).addEventListener("load", () => byId("query-stage").classList.remove("missing"));
  }

  /** @param {Ask} ask */
  show(ask) {
    this.#ask = ask;
    const [main] = ask.like;
    byId("query").hidden = !main;
    this.title = main ? nameOf(main) : ask.text || "Search";
    if (main) this.#showMain(main);
    const several = ask.like.length + ask.unlike.length > 1 || (ask.unlike.length > 0 && !main);
    this.#fill("like", several ? ask.like : []);
    this.#fill("unlike", ask.unlike);
    byId("tray-like-head").hidden = !(several && main);
    byId("tray-unlike-head").hidden = !ask.unlike.length;
  }

  /** @param {Pick} main */
  #showMain(main) {
    const picture = byId("query-picture", HTMLImageElement);
    const key = `${api.chosenCollection()} ${main.id ?? main.upload} ${main.at}`;
    if (this.#shown !== key) picture.src = uploads.sourceOf(main); // no flicker where it stays
    this.#shown = key;
    picture.alt = this.title;
    this.box.crop = main.crop;
    this.box.drawing = main.crop !== null;
    this.#label();
    byId("query-name").textContent = this.title;
    const { id } = main;
    byId("query-details").hidden = id === undefined;
    if (id === undefined) return;
    byId("query-details", HTMLAnchorElement).href = router.pictureAddress(id, this.#ask);
    if (!names.has(id)) {
      api.details(id).then(
        (details) => {
          names.set(id, called(details));
          if (this.#ask.like[0]?.id === id) this.show(this.#ask);
        },
        () => {}, // the search itself says what is wrong
      );
    }
  }

  #label() {
    const cropped = this.box.crop !== null;
    byId("crop-text").textContent = cropped ? "Whole picture" : "Search a part";
  }

  /** @param {Crop | null} crop @param {boolean} done */
  #cropped(crop, done) {
    const [main, ...others] = this.#ask.like;
    if (!main) return;
    const next = { ...this.#ask, like: [{ ...main, crop: crop && rounded(crop) }, ...others] };
    if (done) this.on.go(next, { replace: main.crop !== null && crop !== null });
    else this.on.live(next);
    this.#label();
  }

  /** @param {"like" | "unlike"} side @param {Pick[]} picks */
  #fill(side, picks) {
    byId(`tray-${side}`).replaceChildren(...picks.map((pick) => this.#row(pick, side)));
  }

  /** @param {Pick} pick @param {"like" | "unlike"} side */
  #row(pick, side) {
    const name = nameOf(pick);
    const value = make("output", { class: "figure" }, `${pick.weight.toFixed(1)}×`);
    const range = make("input", {
      type: "range",
      min: "0.1",
      max: "2",
      step: "0.1",
      value: String(pick.weight),
      "aria-label": `Weight of ${name}`,
    });
    const weighed = () => {
      const picks = this.#ask[side].map((each) => (asking.samePicture(each, pick) ? { ...each, weight: range.valueAsNumber } : each));
      return { ...this.#ask, [side]: picks };
    };
    fill(range);
    range.addEventListener("input", () => {
      value.textContent = `${range.valueAsNumber.toFixed(1)}×`;
      fill(range);
      this.on.live(weighed());
    });
    range.addEventListener("change", () => this.on.go(weighed(), { replace: true }));
    const remove = button(`Remove ${name}`, { class: "button plain", icon: "close", bare: true }, () =>
      this.on.go(asking.withoutPick(this.#ask, pick)),
    );
    const shown = make("img", { src: uploads.sourceOf(pick, 320), alt: name, title: name, width: 48, height: 48 });
    shown.addEventListener("error", () => shown.replaceWith(make("span", { class: "tray-missing" }, icon("picture"))));
    return make("li", { class: "tray-row" }, shown, range, value, remove);
  }
}

/** @param {Pick} pick */
function nameOf(pick) {
  if (pick.id !== undefined && pick.at !== undefined) {
    return `${(names.get(pick.id) ?? "A film").replace(/, at [\d:]+$/, "")}, at ${clock(pick.at)}`;
  }
  if (pick.id !== undefined) return names.get(pick.id) ?? `Picture ${pick.id}`;
  return uploads.nameOf(pick) ?? "Your picture";
}

/** How far a slider is, for its style. @param {HTMLInputElement} range */
function fill(range) {
  const share = (range.valueAsNumber - Number(range.min)) / (Number(range.max) - Number(range.min));
  range.style.setProperty("--at", `${share * 100}%`);
}

/** @param {Crop} crop @returns {Crop} */
function rounded({ x, y, w, h }) {
  /** @param {number} value */
  const short = (value) => Math.round(value * 1000) / 1000;
  return { x: short(x), y: short(y), w: Math.min(short(w), short(1 - short(x))), h: Math.min(short(h), short(1 - short(y))) };
}
