// The grid: one card a picture, in rows of one height.

import { original, thumbnail } from "./api.js";
import { baseName, byId, icon, make } from "./dom.js";

const NEAR_IDENTICAL = 0.995;

/** A picture's width over height, kept within what a row can carry. */
const ratio = ({ width, height }) => Math.min(2.4, Math.max(0.6, width / height || 1));

/** Replaces the grid's cards, or adds those it does not have yet. */
export function show(pictures, { keep = false } = {}) {
  const grid = byId("grid");
  const cards = pictures.map(card);
  grid.classList.remove("waiting");
  if (keep) grid.append(...cards);
  else grid.replaceChildren(...cards);
  return cards;
}

/** Empty cards while the answer is on its way. */
export function showWaiting(count = 24) {
  const grid = byId("grid");
  grid.classList.add("waiting");
  grid.replaceChildren(
    ...Array.from({ length: count }, () =>
      make(
        "li",
        { class: "card", "aria-hidden": "true" },
        make("span", { class: "frame" }),
        make("span", { class: "caption" }, "\u00a0"),
        make("span", { class: "meter" }),
      ),
    ),
  );
}

function card(picture) {
  const name = baseName(picture.path);
  const scored = picture.score !== undefined;
  const shown = scored ? picture.score.toFixed(3) : "";
  const image = make("img", {
    alt: "",
    loading: "lazy",
    decoding: "async",
    width: picture.width,
    height: picture.height,
    srcset: `${thumbnail(picture.id, 320)} 1x, ${thumbnail(picture.id, 640)} 2x`,
    src: thumbnail(picture.id, 320),
  });
  const frame = make("span", { class: "frame" }, image);
  image.addEventListener("error", () => {
    image.remove();
    frame.classList.add("gone");
  });
  const caption = make("span", { class: "caption" });
  if (scored) caption.append(make("span", { class: "score" }, shown));
  caption.append(make("span", { class: "name" }, name));

  const link = make(
    "a",
    {
      class: "card-link",
      href: `/?id=${picture.id}`,
      title: picture.path,
      "aria-label": `${scored ? `Similarity ${shown}, ` : ""}${name}: search from this picture`,
    },
    frame,
    caption,
  );
  link.picture = picture;
  if (scored) {
    if (picture.score >= NEAR_IDENTICAL) frame.append(make("span", { class: "twin" }, "Near-identical"));
    const meter = make("span", { class: "meter" });
    meter.style.setProperty("--score", Math.min(1, Math.max(0, picture.score)));
    link.append(meter);
  }
  const open = make(
    "a",
    {
      class: "open",
      href: original(picture.id),
      target: "_blank",
      rel: "noopener",
      title: "Open the original",
      "aria-label": `Open the original of ${name} in a new tab`,
    },
    icon("open"),
  );
  const item = make("li", { class: "card" }, link, open);
  item.style.setProperty("--ratio", ratio(picture).toFixed(4));
  return item;
}

/** Clicks search from a picture (a new tab stays a new tab); arrow keys move between cards. */
export function listen(onPicture) {
  const grid = byId("grid");
  grid.addEventListener("click", (event) => {
    const link = event.target.closest(".card-link");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    onPicture(link.picture);
  });
  grid.addEventListener("keydown", (event) => {
    const from = event.target.closest?.(".card-link");
    const to = from && neighbour(grid, from, event.key);
    if (!to) return;
    event.preventDefault();
    to.focus();
  });
}

let column = { link: null, x: 0 }; // where up and down keep to, as the cursor in a text does

function neighbour(grid, from, key) {
  const links = [...grid.querySelectorAll(".card-link")];
  const at = links.indexOf(from);
  if (key === "ArrowRight") return links[at + 1];
  if (key === "ArrowLeft") return links[at - 1];
  if (key === "Home") return links[0];
  if (key === "End") return links.at(-1);
  if (key !== "ArrowDown" && key !== "ArrowUp") return undefined;
  // The row above or below starts where the top edge changes; there, the nearest centre wins.
  const centre = (link) => link.getBoundingClientRect().left + link.offsetWidth / 2;
  const top = (link) => link.parentElement.offsetTop;
  const beyond = key === "ArrowDown" ? links.slice(at + 1) : links.slice(0, at).reverse();
  const first = beyond.find((link) => top(link) !== top(from));
  const row = first ? beyond.filter((link) => top(link) === top(first)) : [];
  const x = column.link === from ? column.x : centre(from);
  const distance = (link) => Math.abs(centre(link) - x);
  const to = row.sort((a, b) => distance(a) - distance(b))[0];
  column = { link: to, x };
  return to;
}
