// The page: one view at a time, by the address.

import { firstFolder } from "./collection/first.js";
import { Indexing } from "./collection/indexing.js";
import { collectionView } from "./collection/view.js";
import * as api from "./core/api.js";
import { byId, isTyping, say } from "./core/dom.js";
import { hideProblem, showProblem } from "./core/notice.js";
import * as router from "./core/router.js";
import { duplicatesView } from "./duplicates/view.js";
import { mapView } from "./map/view.js";
import { pictureView } from "./picture/view.js";
import { hasCamera } from "./search/camera.js";
import { searchView } from "./search/view.js";

/** @import { Place, Status, View } from "./core/types.js" */

/** @type {Promise<Status> | null} */
let known = null;

/** What the collection is, asked once. */
function status() {
  known ??= api.status();
  known.catch(() => (known = null));
  return known;
}

const indexing = new Indexing();
firstFolder(indexing);

/** @type {Record<Place["view"], View>} */
const views = {
  search: searchView(status, indexing),
  picture: pictureView(),
  map: mapView(),
  duplicates: duplicatesView(indexing),
  collection: collectionView(() => {
    known = null;
    return status();
  }, indexing),
};

/** @type {Place["view"] | null} */
let shown = null;
let lastSearch = "/"; // where the link Search leads: to the answer that was seen last

/** @param {Place} place */
async function follow(place) {
  hideProblem();
  const collection = place.params.get("collection");
  if (collection !== api.chosenCollection()) {
    api.choose(collection);
    known = null;
    lastSearch = router.pageAddress("/");
    linkNavigation();
    indexing.forget();
    indexing.look().catch(() => {});
  }
  if (place.view === "search") lastSearch = location.pathname + location.search;
  if (shown !== place.view) {
    if (shown) views[shown].hide();
    shown = place.view;
    document.body.dataset.view = place.view;
    markNavigation(place.view);
  }
  try {
    await views[place.view].show(place);
  } catch (error) {
    showProblem(error instanceof api.Problem ? error.message : "the page has failed: reload it");
    if (!(error instanceof api.Problem)) throw error;
  } finally {
    document.body.classList.remove("starting");
  }
}

/** @param {Place["view"]} view */
function markNavigation(view) {
  const at = view === "picture" ? "search" : view;
  for (const link of byId("navigation").querySelectorAll("a")) {
    if (link.dataset.view === at) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
    if (link.dataset.view === "search") link.href = view === "search" ? router.pageAddress("/") : lastSearch;
  }
}

function linkNavigation() {
  for (const id of ["home", "job-see"]) byId(id, HTMLAnchorElement).href = router.pageAddress("/");
  byId("indexing", HTMLAnchorElement).href = router.pageAddress("/collection");
  for (const link of byId("navigation").querySelectorAll("a")) {
    link.href = router.pageAddress(link.dataset.view === "search" ? "/" : `/${link.dataset.view}`);
  }
}

/** How far the indexing is, in every view. */
function showIndexing() {
  const { job } = indexing;
  byId("indexing").hidden = !job?.running;
  const share = job?.share ?? null;
  const far = share === null ? "Indexing…" : `Indexing ${Math.floor(share * 100)}%`;
  byId("indexing").textContent = job?.waiting ? "Indexing waits" : far;
}

function indexed() {
  known = null;
  for (const view of Object.values(views)) view.forget?.();
  say(indexing.job?.words ?? "");
}

/** The choice between collections, where there are several. */
async function offerCollections() {
  const { collections } = await api.collections();
  const select = byId("collections", HTMLSelectElement);
  byId("collections-field").hidden = collections.length < 2;
  select.replaceChildren(...collections.map(({ name }) => new Option(name, name)));
  select.value = api.chosenCollection() ?? collections[0]?.name ?? "";
  select.addEventListener("change", () => {
    router.go(`${location.pathname === "/" || location.pathname.startsWith("/picture/") ? "/" : location.pathname}?collection=${encodeURIComponent(select.value)}`);
  });
}

document.addEventListener("keydown", (event) => {
  if (isTyping(event.target) || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "/" && shown === "search") {
    event.preventDefault();
    byId("address").focus();
  }
});
indexing.addEventListener("progress", showIndexing);
indexing.addEventListener("ended", indexed);
byId("problem-close").addEventListener("click", hideProblem);
byId("pick-camera").hidden = !hasCamera();
linkNavigation();
// What takes longer than a blink is worth seeing while it comes.
setTimeout(() => document.body.classList.remove("starting"), 400);
router.start(follow);
offerCollections().catch(() => {}); // one collection needs no choice
indexing.look().catch(() => {}); // the collection's own view says what is wrong
