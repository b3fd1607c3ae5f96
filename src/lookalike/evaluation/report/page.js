"use strict";
// The map: the nearest picture to the pointer shows, here and on the other encoders' maps.
const { names, columns } = JSON.parse(document.getElementById("hover").textContent);
const tip = document.getElementById("tip");
const tile = tip.querySelector("i");
const text = tip.querySelector("span");
const maps = [...document.querySelectorAll(".map svg")];
const points = maps.map((map) =>
  [...map.querySelectorAll("use")].map((use) => ({
    x: Number(use.getAttribute("x")),
    y: Number(use.getAttribute("y")),
    group: use.parentNode,
    picture: Number(use.dataset.i),
  })),
);
const rings = maps.map((map) => map.querySelector(".ring"));
let shown = -1;

function show(picture, x, y) {
  if (picture !== shown) {
    rings.forEach((ring, index) => {
      const point = points[index].find((other) => other.picture === picture);
      ring.setAttribute("visibility", point ? "visible" : "hidden");
      if (point) {
        ring.setAttribute("cx", point.x);
        ring.setAttribute("cy", point.y);
      }
    });
    shown = picture;
    tip.hidden = picture < 0;
    if (picture >= 0) {
      const side = tile.clientWidth;
      tile.style.backgroundPosition =
        `${-(picture % columns) * side}px ${-Math.floor(picture / columns) * side}px`;
      text.textContent = names[picture];
    }
  }
  if (picture < 0) return;
  const left = x + 18 + tip.offsetWidth > innerWidth ? x - 18 - tip.offsetWidth : x + 18;
  const top = Math.min(y + 14, innerHeight - tip.offsetHeight - 8);
  tip.style.transform = `translate(${Math.max(4, left)}px, ${Math.max(4, top)}px)`;
}

maps.forEach((map, index) => {
  const find = (event) => {
    const box = map.getBoundingClientRect();
    const scale = map.viewBox.baseVal.width / box.width;
    const x = (event.clientX - box.left) * scale;
    const y = (event.clientY - box.top) * scale;
    let best = 16 * scale;
    let picture = -1;
    for (const point of points[index]) {
      const away = Math.hypot(point.x - x, point.y - y);
      if (away < best && (!picked.size || point.group.classList.contains("picked"))) {
        best = away;
        picture = point.picture;
      }
    }
    show(picture, event.clientX, event.clientY);
  };
  map.addEventListener("pointermove", find);
  map.addEventListener("pointerdown", find);
  map.addEventListener("pointerleave", () => show(-1, 0, 0));
});
addEventListener("scroll", () => show(-1, 0, 0), { passive: true });

// The legend: only the classes that are pressed stay in sight.
const picked = new Set();
for (const button of document.querySelectorAll(".legend button")) {
  button.addEventListener("click", () => {
    const label = button.dataset.label;
    if (!picked.delete(label)) picked.add(label);
    button.setAttribute("aria-pressed", String(picked.has(label)));
    for (const group of document.querySelectorAll(`.map g[data-label="${label}"]`)) {
      group.classList.toggle("picked", picked.has(label));
    }
    document.getElementById("map").classList.toggle("picked", picked.size > 0);
  });
}
