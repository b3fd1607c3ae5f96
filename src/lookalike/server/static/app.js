// The page: from a question to its answer on screen, and back again through the history.

import * as api from "./api.js";
import * as ask from "./ask.js";
import * as cards from "./cards.js";
import { byId, figure, make, say, sentence } from "./dom.js";
import { hideQuery, showQuery } from "./query.js";
import * as route from "./route.js";

const PAGE = 60;
const MOST = 1000;
const SAMPLE = 30;
const PATIENCE_MS = 140; // a faster answer replaces the page at once, without a flash of grey

let total = null;
let running = null; // the AbortController of the search under way
let current = null; // what is on screen: {question, answer, k}, or null for the start page
let seed = Math.floor(Math.random() * 2 ** 31);

/** Asks the server and shows the answer; what was on screen stays when that fails. */
async function search(question, { push = true, k = PAGE, scroll = 0 } = {}) {
  running?.abort();
  const mine = (running = new AbortController());
  const left = window.scrollY; // where the page was: it may wait at the top meanwhile
  hideProblem();
  byId("progress").hidden = false;
  byId("results").setAttribute("aria-busy", "true");
  const patience = setTimeout(() => showWaiting(question), PATIENCE_MS);
  try {
    // A picture of the collection finds itself first; one more keeps the page full without it.
    const answer = await api.search(question, Math.min(k + (question.kind === "id"), MOST), mine.signal);
    if (question.kind === "id") answer.self = answer.hits.find((hit) => hit.id === question.id);
    current = route.remember({ question, answer, k });
    if (push) route.push(question, left);
    showAnswer(scroll);
    if (push) byId("results-title").focus({ preventScroll: true });
  } catch (error) {
    if (mine.signal.aborted) return;
    running = null;
    if (current) showAnswer(left);
    else await showStart();
    showProblem(error instanceof api.Problem ? error.message : "the page has failed: reload it");
    if (!(error instanceof api.Problem)) throw error;
  } finally {
    clearTimeout(patience);
    if (running === mine || running === null) {
      running = null;
      byId("progress").hidden = true;
      byId("results").removeAttribute("aria-busy");
    }
  }
}

function setView(searching) {
  document.body.classList.remove("starting");
  document.body.classList.toggle("searching", searching);
  byId("hero").hidden = searching;
  const slot = byId(searching ? "bar-slot" : "hero-slot");
  if (byId("ask").parentElement !== slot) slot.replaceChildren(byId("ask"));
  byId("shuffle").hidden = searching || !total;
  byId("empty").hidden = true;
  byId("more").hidden = true;
}

function showWaiting(question) {
  setView(true);
  showQuery(question);
  byId("results-title").textContent = "Searching…";
  byId("results-note").textContent = "";
  cards.showWaiting();
  window.scrollTo(0, 0);
  say("Searching");
}

const others = ({ question, answer, k }) =>
  answer.hits.filter((hit) => question.kind !== "id" || hit.id !== question.id).slice(0, k);

function showAnswer(scroll) {
  setView(true);
  const { question, answer } = current;
  const name = showQuery(question, answer);
  const hits = others(current);
  document.title = `${name} – Lookalike`;
  byId("results-title").textContent = hits.length ? "Similar pictures" : "No other pictures";
  cards.show(hits);
  noteAnswer(hits.length);
  byId("address").value = question.kind === "url" ? question.url : "";
  window.scrollTo(0, scroll);
}

function noteAnswer(count) {
  const of = total === null ? "" : ` of ${figure.format(total)}`;
  byId("results-note").replaceChildren(
    ...(count
      ? [
          `${figure.format(count)}${of}, nearest first. `,
          make("span", { class: "aside" }, "A score of 1 is the same picture."),
        ]
      : ["The collection has nothing to compare it with."]),
  );
  byId("more").hidden = count < current.k || count >= (total ?? Infinity) || current.k >= MOST;
  say(count ? `${count} similar pictures` : "No other pictures");
}

/** More of the same answer; the cards that are there stay where they are. */
async function showMore() {
  const shown = others(current).length;
  const { question } = current;
  const k = Math.min(current.k * 2, MOST);
  byId("more").disabled = true;
  try {
    const answer = await api.search(question, Math.min(k + (question.kind === "id"), MOST));
    if (current?.question !== question) return;
    current = route.remember({ question, answer: { ...current.answer, hits: answer.hits }, k });
    const added = cards.show(others(current).slice(shown), { keep: true });
    noteAnswer(others(current).length);
    added[0]?.querySelector("a").focus({ preventScroll: true });
  } catch (error) {
    showProblem(error.message);
    window.scrollTo(0, 0);
  } finally {
    byId("more").disabled = false;
  }
}

/** The start page: the ways to ask, and some pictures of the collection to start from. */
async function showStart(scroll = 0) {
  current = null;
  setView(false);
  hideQuery();
  document.title = "Lookalike";
  byId("results-title").textContent = "Or start from one of yours";
  byId("results-note").textContent = "";
  const drawn = route.sampleOf(seed) ?? route.keepSample(seed, await api.sample(SAMPLE, seed));
  if (current !== null || running) return; // a search has begun meanwhile
  total = drawn.total;
  cards.show(drawn.images);
  byId("shuffle").hidden = total <= SAMPLE;
  if (!total) showEmpty();
  window.scrollTo(0, scroll);
}

function showEmpty() {
  byId("results-title").textContent = "There are no pictures here yet";
  const command = make("code", {}, "lookalike index FOLDER");
  byId("empty").replaceChildren("Add a folder of pictures from a terminal, then reload this page:", make("br"), command);
  byId("empty").hidden = false;
}

function showProblem(text) {
  byId("problem-text").textContent = sentence(text);
  byId("problem").hidden = false;
}

function hideProblem() {
  byId("problem").hidden = true;
}

/** Shows what the address and the history say; used on load and on back and forward. */
async function follow() {
  running?.abort();
  hideProblem();
  const { question, known, scroll, note } = route.read();
  if (known) {
    current = known;
    showAnswer(scroll);
  } else if (question) {
    await search(question, { push: false, scroll });
  } else {
    await showStart(scroll);
    if (note?.url) byId("address").value = note.url;
    if (note) showProblem(note.text);
  }
}

async function showFacts() {
  const { images, model, collection } = await api.status();
  total ??= images;
  if (current) noteAnswer(others(current).length); // it may have come before the total
  byId("facts").replaceChildren(
    `${figure.format(images)} ${images === 1 ? "picture" : "pictures"}`,
    make("span", { class: "model" }, ` · ${model.name}`),
  );
  byId("facts").title = collection;
}

async function guarded(work) {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof api.Problem)) throw error;
    showProblem(error.message);
  }
}

ask.listen((question) => guarded(() => search(question)), showProblem);
cards.listen((picture) => guarded(() => search({ kind: "id", id: picture.id, picture })));
byId("problem-close").addEventListener("click", hideProblem);
byId("more").addEventListener("click", () => guarded(showMore));
byId("shuffle").addEventListener("click", () => {
  seed = Math.floor(Math.random() * 2 ** 31);
  guarded(() => showStart(window.scrollY));
});
byId("home").addEventListener("click", (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  if (current) route.push(null, window.scrollY);
  guarded(follow);
});
route.listen(() => guarded(follow));

guarded(showFacts);
guarded(follow);
