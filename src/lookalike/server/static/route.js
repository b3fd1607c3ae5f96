// What the address bar and the history hold, and what is kept in memory for going back.
//
// A picture of the collection is a whole address (/?id=12). An address of the web is one too, but
// it is searched only on entries that this page made itself: a link from elsewhere must not make
// the server fetch something. An uploaded picture lives in memory until the page is left.

const KEPT = 30;
const answers = new Map();
const samples = new Map();
let pause; // until the place on the page is written down

const keyOf = (question) => `${question.kind}:${question.key ?? question.url ?? question.id}`;

function addressOf(question) {
  if (question?.kind === "id") return `/?id=${question.id}`;
  if (question?.kind === "url") return `/?url=${encodeURIComponent(question.url)}`;
  return "/";
}

/** Keeps an answer for back and forward; the oldest makes room. */
export function remember(entry) {
  keep(answers, keyOf(entry.question), entry);
  return entry;
}

export const sampleOf = (seed) => samples.get(seed);

export function keepSample(seed, drawn) {
  keep(samples, seed, drawn);
  return drawn;
}

function keep(map, key, value) {
  map.delete(key);
  map.set(key, value);
  if (map.size > KEPT) map.delete(map.keys().next().value);
}

/** A new entry for a question, or for the start page (null); the one before keeps its place. */
export function push(question, left) {
  saveScroll(left);
  const state = { kind: question?.kind ?? "start", key: question && keyOf(question), scroll: 0 };
  history.pushState(state, "", addressOf(question));
}

/** The current entry: a question to ask, or an answer that is known, or a note for people. */
export function read() {
  const state = history.state ?? {};
  const scroll = state.scroll ?? 0;
  const known = state.key ? answers.get(state.key) : undefined;
  if (known) return { known, scroll };
  const given = new URLSearchParams(location.search);
  const id = given.get("id");
  if (id !== null && /^\d{1,15}$/.test(id)) return { question: { kind: "id", id: Number(id) }, scroll };
  const url = given.get("url");
  if (url && state.kind === "url") return { question: { kind: "url", url }, scroll };
  if (url) return { scroll, note: { url, text: "press Search to look for the picture at this address" } };
  if (id !== null) return { scroll, note: { text: `${id} is no picture's id: start from one of these` } };
  if (state.kind === "file") {
    return { scroll, note: { text: "the picture of that search was not kept: choose it again" } };
  }
  return { scroll };
}

function saveScroll(scroll) {
  clearTimeout(pause);
  history.replaceState({ ...history.state, scroll }, "");
}

/** Calls `onChange` on back and forward, and keeps each entry's place on the page. */
export function listen(onChange) {
  history.scrollRestoration = "manual";
  window.addEventListener("popstate", onChange);
  window.addEventListener("scroll", () => {
    clearTimeout(pause);
    // Browsers limit how often an entry may be written.
    pause = setTimeout(() => saveScroll(window.scrollY), 200);
  });
  // A pause that is still running when the entry changes would write to the wrong one.
  window.addEventListener("popstate", () => clearTimeout(pause), { capture: true });
}
