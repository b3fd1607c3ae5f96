// The view of one picture: large, beside the query, with what is known of it and why it matched.

import * as api from "../core/api.js";
import * as asking from "../core/ask.js";
import { button, byId, icon, isTyping, make, say } from "../core/dom.js";
import { showProblem, working } from "../core/notice.js";
import * as router from "../core/router.js";
import { called, clock, dimensions, figure, inFigures, inFull, inWords, isFrame, moment as saidMoment, weight } from "../core/words.js";
import { feedOf } from "../search/feed.js";
import * as uploads from "../search/uploads.js";
import { hottest } from "./heat.js";
import { Labels } from "./labels.js";
import { Player } from "./player.js";
import { Stage } from "./stage.js";

/** @import { Ask, Hit, Place, View } from "../core/types.js" */

const SMALL = 640; // sides of thumbnails, in pixels
const LARGE = 1280;

/** @returns {View} */
export function pictureView() {
  const view = byId("view-picture");
  const stage = new Stage(byId("stage-image"));
  const query = new Stage(byId("stage-query"));
  const labels = new Labels();
  const player = new Player(stage.box, (moment) => actions(moment));
  let ask = asking.nothing();
  let id = 0;
  /** @type {number | null} */
  let at = null;
  let turn = 0;
  let comparing = false;
  let explaining = false;
  let explained = 0; // what comes late for an earlier question is dropped

  byId("picture-back").addEventListener("click", () => router.back());
  byId("picture-previous").addEventListener("click", () => step(-1));
  byId("picture-next").addEventListener("click", () => step(1));
  byId("compare").addEventListener("click", () => compare(!comparing));
  byId("explain").addEventListener("click", () => explain(!explaining));
  document.addEventListener("keydown", (event) => {
    if (view.hidden || isTyping(event.target) || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "ArrowLeft") step(-1);
    else if (event.key === "ArrowRight") step(1);
    else if (event.key === "c" && !byId("compare").hidden) compare(!comparing);
    else if (event.key === "w" && !byId("explain").hidden) explain(!explaining);
    else return;
    event.preventDefault();
  });
  swipes(byId("stages"), step);

  /** @param {Place} place */
  async function show(place) {
    const mine = ++turn;
    const entering = view.hidden;
    view.hidden = false;
    ask = place.ask;
    id = place.id ?? 0;
    const given = place.params.get("at");
    at = given === null ? null : Number(given);
    const feed = feedOf(ask);
    /** @type {Hit | undefined} */
    let hit = feed.items[feed.places.get(id) ?? -1];
    if (hit) describe(hit);
    const [main] = ask.like;
    const comparable = main !== undefined && main.id !== id;
    byId("compare").hidden = !comparable;
    byId("explain").hidden = !comparable;
    if (!comparable) comparing = explaining = false;
    if (comparable) query.show({ source: uploads.sourceOf(main), name: "The picture that was asked by", crop: main.crop });
    compare(comparing && comparable);
    player.show("", undefined, null);
    if (entering) {
      window.scrollTo(0, place.scroll);
      byId("picture-name").focus({ preventScroll: true });
    }
    actions();
    places();
    const done = working();
    try {
      const [details] = await Promise.all([api.details(id), neighbours()]);
      if (mine !== turn) return;
      hit ??= feed.items[feed.places.get(id) ?? -1];
      describe({ ...hit, ...details });
      facts(details);
      player.show(api.original(id), details.format, details.frame);
      if (details.labels) labels.show(id, details.labels);
      places();
      if (explaining) explain(true);
    } catch (error) {
      if (mine !== turn) return;
      if (!(error instanceof api.Problem)) throw error;
      stage.clear();
      byId("picture-facts").replaceChildren();
      byId("picture-name").textContent = "No picture";
      showProblem(error.message);
    } finally {
      done();
    }
  }

  /** The answers before and after this one, so that there is something to step to. */
  async function neighbours() {
    const feed = feedOf(ask);
    if (at === null && !feed.places.has(id)) return;
    await feed.begin();
    const here = feed.places.get(id) ?? at ?? 0;
    feed.want(Math.max(0, here - 2), here + 3);
    feed.addEventListener("change", places, { once: true });
    for (const next of [feed.items[here + 1], feed.items[here - 1]]) {
      if (next) new Image().src = api.thumbnail(next.id, SMALL);
    }
  }

  function places() {
    const feed = feedOf(ask);
    const here = feed.places.get(id);
    const { count, exact } = feed.extent;
    byId("picture-place").textContent = here === undefined ? "" : `${figure.format(here + 1)} of ${figure.format(count)}${exact ? "" : " or more"}`;
    byId("picture-previous", HTMLButtonElement).disabled = !neighbour(-1);
    byId("picture-next", HTMLButtonElement).disabled = !neighbour(1);
    byId("picture-back-text").textContent = feed.scored ? "Results" : "Pictures";
  }

  /** @param {number} by */
  function neighbour(by) {
    const feed = feedOf(ask);
    const here = feed.places.get(id);
    const to = here === undefined ? -1 : here + by;
    return to >= 0 && to < feed.extent.count ? feed.items[to] : undefined;
  }

  /** @param {number} by */
  function step(by) {
    const to = neighbour(by);
    const here = feedOf(ask).places.get(id) ?? 0;
    if (to) router.go(router.pictureAddress(to.id, ask, here + by), { replace: true });
  }

  /** @param {Hit} hit */
  function describe(hit) {
    const name = called(hit);
    document.title = `${name} – Lookalike`;
    byId("picture-name").textContent = name;
    const [x, y, w, h] = hit.region ?? [0, 0, 0, 0];
    stage.show({
      source: api.thumbnail(hit.id, SMALL),
      name,
      part: hit.region ? { x, y, w, h } : null,
      width: hit.width,
      height: hit.height,
      ...(Math.max(hit.width, hit.height) > SMALL && { largeOf: (pixels) => largeOf(hit, pixels) }),
    });
    const scored = hit.score !== undefined;
    const part = hit.region ? ", by the part that is outlined" : "";
    byId("picture-score").hidden = !scored;
    if (scored) {
      byId("picture-score").replaceChildren(make("strong", {}, inWords(hit)), ` ${inFigures(hit)}${part}`);
      byId("picture-score").title = inFull(hit);
      say(`${[inWords(hit), inFigures(hit)].filter(Boolean).join(", ")}${part}: ${name}`);
    } else {
      say(name);
    }
    const copies = hit.duplicates ?? [];
    byId("copies").hidden = !copies.length;
    byId("copies-list").replaceChildren(
      ...copies.map((copy) =>
        make("li", {}, make("a", { href: router.pictureAddress(copy, ask), "aria-label": `Near-identical copy, picture ${copy}` }, make("img", { src: api.thumbnail(copy, 320), alt: "", width: 72, height: 72 }))),
      ),
    );
  }

  /** @param {Awaited<ReturnType<typeof api.details>>} details */
  function facts(details) {
    /** @type {[string, string | undefined | null][]} */
    const rows = [
      ["Size", `${dimensions(details)} pixels`],
      ["Moment", isFrame(details.frame) ? clock(details.frame) : null],
      ["File", [details.format, details.bytes && weight(details.bytes)].filter(Boolean).join(", ")],
      ["Taken", details.taken && saidMoment(details.taken)],
      ["Changed", details.modified && saidMoment(details.modified)],
      ["Camera", details.camera],
    ];
    byId("picture-facts").replaceChildren(
      ...rows.flatMap(([name, value]) => (value ? [make("dt", {}, name), make("dd", {}, value)] : [])),
    );
    byId("picture-path").replaceChildren(...breakable(details.path));
    byId("picture-copy").replaceChildren(copyButton(details.path));
    byId("picture-open", HTMLAnchorElement).href = api.original(details.id);
  }

  /** @param {number} [moment] of the film, where another one than the frame's is looked at */
  function actions(moment) {
    const pick = moment === undefined ? asking.byPicture(id) : asking.byMoment(id, moment);
    const what = moment === undefined ? "this picture" : clock(moment);
    const only = { ...asking.nothing(), like: [pick], where: ask.where, group: ask.group };
    /** @param {string} text @param {string} drawn @param {Ask} next @param {string} classes */
    const link = (text, drawn, next, classes) =>
      make("a", { class: classes, href: router.searchAddress(next) }, icon(drawn), make("span", {}, text));
    const side = asking.isSearch(ask)
      ? [
          link("More like this", "plus", asking.withPick(ask, pick, "like"), "button quiet"),
          link("Less like this", "minus", asking.withPick(ask, pick, "unlike"), "button quiet"),
        ]
      : [];
    byId("picture-actions").replaceChildren(link(`Search from ${what}`, "search", only, "button primary"), ...side);
    byId("picture-map", HTMLAnchorElement).href = router.pageAddress("/map", new URLSearchParams({ at: String(id) }));
  }

  /** @param {boolean} on */
  function compare(on) {
    comparing = on;
    byId("compare").setAttribute("aria-pressed", String(on));
    byId("stages").classList.toggle("two", on);
    byId("stage-query").hidden = !on;
    byId("stage-image-caption").hidden = !on;
    if (!on && explaining) explain(false);
  }

  /** @param {boolean} on */
  async function explain(on) {
    explaining = on;
    byId("explain").setAttribute("aria-pressed", String(on));
    stage.heat(null);
    query.heat(null);
    byId("heat-note").hidden = !on;
    byId("heat-scale").hidden = true;
    if (!on) return;
    compare(true);
    const mine = turn;
    const asked = ++explained;
    const done = working();
    byId("heat-text").textContent = "Working out which places carry the similarity…";
    try {
      const answer = await api.explain(ask, id);
      if (mine !== turn || asked !== explained || !explaining) return;
      stage.heat(answer.image, `Heat map over the picture that was found: ${hottest(answer.image)} matters most`);
      if (answer.query) query.heat(answer.query, `Heat map over the picture that was asked by: ${hottest(answer.query)} matters most`);
      byId("heat-scale").hidden = false;
      byId("heat-text").textContent = heatText(answer.image.fall);
      say(`It matched most by ${hottest(answer.image)} of the picture. ${heatText(answer.image.fall)}`);
    } catch (error) {
      if (!(error instanceof api.Problem)) throw error;
      if (mine !== turn || asked !== explained) return;
      explain(false);
      showProblem(error.message);
    } finally {
      done();
    }
  }

  return {
    show,
    hide() {
      view.hidden = true;
      player.stop();
      turn++;
      comparing = explaining = false;
    },
  };
}

/** @param {number} fall of the score, at most */
function heatText(fall) {
  if (fall < 0.01) return "No single place carries the similarity: hiding any of them changes the score by less than 0.01.";
  return `Each place was hidden in turn. Without the brightest one, the score falls by ${fall.toFixed(2)}.`;
}

/**
 * What to show a picture from on so many pixels: the file itself, where browsers can show it and a
 * thumbnail has too few.
 * @param {Hit} hit
 * @param {number} pixels
 */
function largeOf({ id, format = "", width, height }, pixels) {
  const known = ["JPEG", "PNG", "GIF", "WEBP", "AVIF", "BMP"].includes(format.toUpperCase());
  const whole = Math.max(width, height) <= LARGE || pixels > LARGE;
  return known && whole ? api.original(id) : api.thumbnail(id, LARGE);
}

/** A path that may break into lines after its separators. @param {string} path */
export const breakable = (path) => path.split(/(?<=[\\/])/).flatMap((part) => [part, make("wbr")]);

/** @param {string} path */
export function copyButton(path) {
  const copy = button("Copy path", { class: "link", icon: "copy" }, async () => {
    const text = copy.querySelector("span");
    try {
      await navigator.clipboard.writeText(path);
      if (text) text.textContent = "Copied";
      say("Path copied");
    } catch {
      if (text) text.textContent = "Copying is not allowed here";
    }
  });
  return copy;
}

/** A finger that sweeps sideways steps through the pictures. @param {HTMLElement} area @param {(by: number) => void} step */
function swipes(area, step) {
  let start = { x: 0, y: 0, id: -1 };
  area.addEventListener("pointerdown", (event) => {
    start = event.isPrimary && event.pointerType === "touch" ? { x: event.clientX, y: event.clientY, id: event.pointerId } : { x: 0, y: 0, id: -1 };
  });
  area.addEventListener("pointerup", (event) => {
    if (event.pointerId !== start.id) return;
    const x = event.clientX - start.x;
    if (Math.abs(x) > 56 && Math.abs(x) > 2 * Math.abs(event.clientY - start.y)) step(x < 0 ? 1 : -1);
  });
}
