// Small helpers over the DOM. Text is only ever set as text, so nothing from a file name or an
// error can become markup.

const SVG = "http://www.w3.org/2000/svg";

/**
 * The element with this id, which is of this kind.
 * @template {Element} [T=HTMLElement]
 * @param {string} id
 * @param {new () => T} [kind]
 * @returns {T}
 */
export function byId(id, kind) {
  const found = document.getElementById(id);
  if (!found || (kind && !(found instanceof kind))) throw new Error(`the page has no ${id}`);
  return /** @type {T} */ (/** @type {unknown} */ (found));
}

/**
 * An element with properties (`class`, `data-…`, `aria-…`, `role` and plain ones) and children.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, unknown>} [properties] those that are undefined or null are left out
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null) continue;
    if (name === "class" || name === "role" || name === "for" || name.includes("-")) {
      element.setAttribute(name, String(value));
    } else {
      Reflect.set(element, name, value);
    }
  }
  element.append(...children);
  return element;
}

/**
 * One of the icons drawn at the end of index.html.
 * @param {string} name
 */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

/**
 * A button, with an icon where it has one.
 * @param {string} text
 * @param {{class?: string, icon?: string, bare?: boolean, [property: string]: unknown}} options
 *   `bare` shows the icon alone, and the text to screen readers and as a tip
 * @param {(event: MouseEvent) => void} onClick
 */
export function button(text, { class: classes = "button quiet", icon: drawn, bare, ...rest }, onClick) {
  const made = make("button", { type: "button", class: classes, ...rest });
  if (drawn) made.append(icon(drawn));
  if (bare) {
    made.setAttribute("aria-label", text);
    made.title = text;
  } else {
    made.append(make("span", {}, text));
  }
  made.addEventListener("click", onClick);
  return made;
}

/**
 * Tells people who use a screen reader what has changed.
 * @param {string} text
 */
export function say(text) {
  byId("said").textContent = text;
}

/**
 * At most one call a frame.
 * @param {() => void} work
 */
export function onceAFrame(work) {
  let waiting = false;
  return () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      work();
    });
  };
}

/** Whether someone is typing there, so that single keys are theirs.
 * @param {EventTarget | null} target
 */
export function isTyping(target) {
  if (target instanceof HTMLInputElement) return !["checkbox", "radio", "button", "range"].includes(target.type);
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement;
}
