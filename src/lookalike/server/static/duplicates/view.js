// The view Duplicates: groups of pictures that are the same, nearly, or much alike.

import * as api from "../core/api.js";
import * as asking from "../core/ask.js";
import { byId, make, say } from "../core/dom.js";
import { offerDownloads } from "../core/download.js";
import { filling } from "../core/filling.js";
import { showProblem, working } from "../core/notice.js";
import * as router from "../core/router.js";
import { baseName, counted, dimensions, inFigures, weight } from "../core/words.js";
import { breakable, copyButton } from "../picture/view.js";
import { Tidy } from "./tidy.js";

/** @import { Hit, Place, View } from "../core/types.js" */

const PAGE = 30;
const SIDE = 180; // of a picture, at most, in pixels
const KINDS = /** @type {const} */ (["identical", "near", "similar"]);
const EMPTY = {
  identical: "No file is in the collection twice.",
  near: "No two pictures are near-identical: no crops, rescalings or recompressions of one another.",
  similar: "No two pictures are that much alike.",
};

/**
 * @param {import("../collection/indexing.js").Indexing} indexing learns of files that have gone
 * @returns {View}
 */
export function duplicatesView(indexing) {
  const view = byId("view-duplicates");
  const list = byId("groups");
  const more = byId("groups-more", HTMLButtonElement);
  /** @type {typeof KINDS[number]} */
  let kind = "near";
  let shown = 0;
  let turn = 0;
  let last = ""; // what is on screen already
  /** @type {Place} */
  let place;

  const tidy = new Tidy(async () => {
    last = "";
    await indexing.start({});
  });
  indexing.addEventListener("ended", () => {
    if (!view.hidden && last === "") show(place);
  });
  more.addEventListener("click", () => load(turn));
  offerDownloads(byId("groups-download"), (format) => api.downloadDuplicates(kind, format));

  /** @param {Place} asked */
  async function show(asked) {
    place = asked;
    view.hidden = false;
    document.title = "Duplicates – Lookalike";
    const wanted = place.params.get("kind");
    kind = KINDS.find((each) => each === wanted) ?? "near";
    for (const each of KINDS) {
      const tab = byId(`kind-${each}`, HTMLAnchorElement);
      tab.href = router.pageAddress("/duplicates", new URLSearchParams({ kind: each }));
      if (each === kind) tab.setAttribute("aria-current", "page");
      else tab.removeAttribute("aria-current");
    }
    const key = `${kind} ${api.chosenCollection()}`;
    if (key !== last) {
      last = key;
      turn += 1;
      shown = 0;
      list.replaceChildren();
      byId("groups-note").textContent = "";
      byId("groups-empty").hidden = true;
      byId("groups-download").hidden = true;
      more.hidden = true;
      await load(turn);
    }
    window.scrollTo(0, place.scroll);
  }

  /** @param {number} mine */
  async function load(mine) {
    const done = working();
    more.disabled = true;
    try {
      const { groups, total } = await api.duplicates(kind, shown, PAGE);
      if (mine !== turn) return;
      shown += groups.length;
      list.append(...groups.map(group));
      const note = counted(total, "group");
      byId("groups-note").textContent = total ? note : "";
      byId("groups-download").hidden = !total;
      byId("groups-empty").hidden = total > 0;
      byId("groups-empty").textContent = EMPTY[kind];
      more.hidden = shown >= total || !groups.length;
      await tidy.show(kind, total);
      say(total ? note : EMPTY[kind]);
    } catch (error) {
      if (mine !== turn) return;
      last = "";
      if (!(error instanceof api.Problem)) throw error;
      showProblem(error.message);
    } finally {
      more.disabled = false;
      done();
    }
  }

  return {
    show,
    hide() {
      view.hidden = true;
    },
    forget() {
      last = "";
    },
  };
}

/** @param {{best: number, images: Hit[]}} group */
function group({ best, images }) {
  return make(
    "li",
    { class: "group" },
    make("h3", { class: "group-title" }, counted(images.length, "picture")),
    make("ul", { class: "group-pictures", role: "list" }, ...images.map((picture) => member(picture, picture.id === best))),
  );
}

/** @param {Hit} picture @param {boolean} best */
function member(picture, best) {
  const frame = make("span", { class: "frame" }, filling(picture, SIDE, { loading: "lazy" }));
  if (best) frame.append(make("span", { class: "badge", title: "the largest and least compressed of the group" }, "Best copy"));
  const name = baseName(picture.path);
  const link = make(
    "a",
    { class: "card-link", href: router.pictureAddress(picture.id, asking.nothing()) },
    frame,
    make("span", { class: "member-name", title: picture.path }, name),
  );
  const facts = [picture.bytes && weight(picture.bytes), !best && picture.score !== undefined && inFigures(picture)];
  return make(
    "li",
    { class: "member" },
    link,
    make("p", { class: "aside" }, dimensions(picture)),
    make("p", { class: "aside" }, facts.filter(Boolean).join(" · ")),
    make("p", { class: "path" }, ...breakable(picture.path.slice(0, -name.length))),
    copyButton(picture.path),
  );
}
