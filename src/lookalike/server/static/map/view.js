// The view Map: every picture of the collection at its place among those that resemble it.

import * as api from "../core/api.js";
import * as asking from "../core/ask.js";
import { byId, isTyping, onceAFrame, say } from "../core/dom.js";
import { showProblem, working } from "../core/notice.js";
import * as router from "../core/router.js";
import { baseName, counted } from "../core/words.js";
import { Camera } from "./camera.js";
import { Drawing } from "./drawing.js";

/** @import { Layout, Place, View } from "../core/types.js" */

const AGAIN_MS = 1000;
const NEXT_MS = 3000;

/** @returns {View} */
export function mapView() {
  const view = byId("view-map");
  const canvas = byId("map-canvas", HTMLCanvasElement);
  const camera = new Camera();
  const draw = onceAFrame(() => drawing?.draw(camera, marked()));
  /** @type {Drawing | null} */
  let drawing = null;
  let of = ""; // the collection that is drawn
  let loaded = ""; // the same, once the map is not an old one any more
  let turn = 0;
  /** @type {number | null} */
  let over = null; // the point under the mouse, or nearest the middle by keyboard
  /** @type {number | null} */
  let wanted = null; // the picture that the address names
  let byKeyboard = false;

  new ResizeObserver(() => {
    const { clientWidth, clientHeight } = canvas;
    if (!clientWidth) return;
    canvas.width = clientWidth * devicePixelRatio;
    canvas.height = clientHeight * devicePixelRatio;
    camera.resize(clientWidth, clientHeight);
    draw();
  }).observe(canvas);

  canvas.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      const { x, y } = within(event);
      camera.zoom(Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0018)), x, y);
      moved();
    },
    { passive: false },
  );
  listenForFingers(canvas, {
    pan: (dx, dy) => {
      camera.pan(dx, dy);
      moved();
    },
    pinch: (by, x, y) => {
      camera.zoom(by, x, y);
      moved();
    },
    hover: (x, y) => {
      byKeyboard = false;
      point(drawing?.at(camera, x, y) ?? null);
    },
    press: (x, y) => {
      const found = drawing?.at(camera, x, y) ?? null;
      point(found);
      search(found);
    },
  });
  canvas.addEventListener("pointerleave", () => point(null));
  canvas.addEventListener("focus", () => {
    if (!canvas.matches(":focus-visible")) return;
    byKeyboard = true;
    moved();
  });
  canvas.addEventListener("blur", () => {
    byKeyboard = false;
    draw();
  });
  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    byKeyboard = true;
    const step = 60;
    /** @type {Record<string, () => void>} */
    const keys = {
      ArrowLeft: () => camera.pan(step, 0),
      ArrowRight: () => camera.pan(-step, 0),
      ArrowUp: () => camera.pan(0, step),
      ArrowDown: () => camera.pan(0, -step),
      "+": () => camera.zoom(1.4),
      "=": () => camera.zoom(1.4),
      "-": () => camera.zoom(1 / 1.4),
      0: () => camera.fit(),
      Enter: () => search(over),
    };
    const act = keys[event.key];
    if (!act || isTyping(event.target)) return;
    event.preventDefault();
    act();
    if (event.key !== "Enter") moved();
  });
  byId("map-in").addEventListener("click", () => zoomBy(1.6));
  byId("map-out").addEventListener("click", () => zoomBy(1 / 1.6));
  byId("map-all").addEventListener("click", () => {
    camera.fit();
    moved();
  });

  /** @param {number} by */
  function zoomBy(by) {
    camera.zoom(by);
    moved();
  }

  /** @param {MouseEvent} event */
  function within(event) {
    const { left, top } = canvas.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  }

  function moved() {
    if (byKeyboard && drawing) point(drawing.nearest(camera, camera.width / 2, camera.height / 2));
    draw();
  }

  const marked = () => ({ over, wanted: wanted === null ? null : (drawing?.indexOf(wanted) ?? null), cross: byKeyboard });

  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let asked;

  /** @param {number | null} found */
  function point(found) {
    if (found === over) return;
    over = found;
    canvas.classList.toggle("pointing", found !== null);
    const card = byId("map-card");
    clearTimeout(asked);
    if (found === null || !drawing) {
      card.hidden = true;
    } else {
      const id = drawing.idOf(found);
      card.hidden = false;
      byId("map-card-picture", HTMLImageElement).src = api.thumbnail(id, 320);
      byId("map-card-name").textContent = "";
      // The name is asked for where the pointer rests, not for all that it passes.
      asked = setTimeout(() => {
        api.details(id).then(
          ({ path }) => {
            if (over !== found) return;
            byId("map-card-name").textContent = baseName(path);
            if (byKeyboard) say(baseName(path));
          },
          () => {},
        );
      }, 150);
    }
    draw();
  }

  /** @param {number | null} found */
  function search(found) {
    if (found === null || !drawing) return;
    router.go(router.searchAddress({ ...asking.nothing(), like: [asking.byPicture(drawing.idOf(found))] }));
  }

  /** Draw the map; while it is an old one, the next one follows. @param {number} mine @param {string} key */
  async function load(mine, key) {
    if (of !== key) byId("map-note").textContent = "Arranging the pictures…";
    const layout = await laidOut(mine);
    if (mine !== turn || !layout) return;
    put(layout);
    if (of !== key) camera.fit();
    of = key;
    if (layout.current) loaded = key;
    else setTimeout(() => mine === turn && load(mine, key).catch(() => {}), NEXT_MS); // it is asked for again
  }

  /** @param {number} mine @returns {Promise<Layout | null>} one with pictures, where there are any */
  async function laidOut(mine) {
    let layout = await api.layout();
    while (mine === turn && (!layout || !(layout.current || layout.ids.length))) {
      await new Promise((again) => setTimeout(again, AGAIN_MS));
      layout = await api.layout();
    }
    return layout;
  }

  /** @param {Layout} layout */
  function put(layout) {
    if (drawing?.layout.version !== layout.version) {
      point(null);
      drawing = new Drawing(canvas, layout, draw);
      draw();
    }
    byId("map-empty").hidden = layout.ids.length > 0;
    byId("map-note").textContent = layout.ids.length ? counted(layout.ids.length, "picture") : "";
  }

  /** @param {Place} place */
  async function show(place) {
    const mine = ++turn;
    view.hidden = false;
    document.title = "Map – Lookalike";
    window.scrollTo(0, 0);
    const at = place.params.get("at");
    wanted = at === null ? null : Number(at);
    const key = String(api.chosenCollection());
    const done = working();
    try {
      if (loaded !== key) await load(mine, key);
      if (mine !== turn) return;
      const found = wanted === null ? null : drawing?.indexOf(wanted);
      if (found !== null && found !== undefined && drawing) {
        const { x, y } = drawing.placeOf(found);
        camera.goTo(x, y, 8);
      }
      draw();
      requestAnimationFrame(() => performance.mark("map-interactive"));
    } catch (error) {
      if (mine !== turn) return;
      byId("map-note").textContent = "";
      if (!(error instanceof api.Problem)) throw error;
      showProblem(error.message);
    } finally {
      done();
    }
  }

  return {
    show,
    hide() {
      view.hidden = true;
      turn++;
      point(null);
    },
    forget() {
      loaded = "";
      if (!view.hidden) load(turn, of).catch(() => {});
    },
  };
}

/**
 * One finger or the mouse pans, two fingers pinch, a press without a move is a press.
 * @param {HTMLElement} area
 * @param {object} on
 * @param {(dx: number, dy: number) => void} on.pan
 * @param {(by: number, x: number, y: number) => void} on.pinch
 * @param {(x: number, y: number) => void} on.hover
 * @param {(x: number, y: number) => void} on.press
 */
function listenForFingers(area, on) {
  /** @type {Map<number, {x: number, y: number}>} */
  const fingers = new Map();
  let still = true;
  let start = { x: 0, y: 0 };
  /** @param {PointerEvent} event */
  const place = (event) => {
    const { left, top } = area.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  };
  area.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    area.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, place(event));
    still = fingers.size === 1;
    start = place(event);
  });
  area.addEventListener("pointermove", (event) => {
    const now = place(event);
    const before = fingers.get(event.pointerId);
    if (!before) {
      if (event.pointerType !== "touch") on.hover(now.x, now.y);
      return;
    }
    if (Math.hypot(now.x - start.x, now.y - start.y) > 5) still = false;
    const other = [...fingers].find(([id]) => id !== event.pointerId)?.[1];
    fingers.set(event.pointerId, now);
    if (still) return;
    if (!other) {
      on.pan(now.x - before.x, now.y - before.y);
    } else {
      const by = Math.hypot(now.x - other.x, now.y - other.y) / Math.max(1, Math.hypot(before.x - other.x, before.y - other.y));
      on.pan((now.x - before.x) / 2, (now.y - before.y) / 2);
      on.pinch(by, (now.x + other.x) / 2, (now.y + other.y) / 2);
    }
  });
  /** @param {PointerEvent} event @param {boolean} press */
  const lift = (event, press) => {
    if (!fingers.delete(event.pointerId)) return;
    if (press && still && !fingers.size) on.press(start.x, start.y);
  };
  area.addEventListener("pointerup", (event) => lift(event, true));
  area.addEventListener("pointercancel", (event) => lift(event, false));
}
