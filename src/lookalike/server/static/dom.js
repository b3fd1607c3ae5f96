// Small helpers over the DOM. Text is only ever set as text, so nothing from a file name or an
// error can become markup.

const SVG = "http://www.w3.org/2000/svg";

export const byId = (id) => document.getElementById(id);

/** An element with properties (`class`, `data-…`, `aria-…` and plain ones) and children. */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === "class" || name.includes("-")) element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children);
  return element;
}

/** One of the icons drawn at the end of index.html. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

/** Tells people who use a screen reader what has changed. */
export function say(text) {
  byId("said").textContent = text;
}

/** The last part of a path or address, for people. */
export function baseName(path) {
  return path.split(/[\\/]/).filter(Boolean).pop() ?? path;
}

/** A message of the server as a sentence: capital first, full stop last. */
export function sentence(text) {
  const trimmed = text.trim();
  const whole = /[.!?]$/.test(trimmed) ? trimmed : `${trimmed}.`;
  return whole.charAt(0).toUpperCase() + whole.slice(1);
}

export const figure = new Intl.NumberFormat("en");
