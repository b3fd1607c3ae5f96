// When the pictures were taken: a bar for each month, or year where there are many, to choose one by.

import { make } from "../core/dom.js";
import { counted } from "../core/words.js";

/** @import { Facets, Where } from "../core/types.js" */

const MOST = 36; // bars that a finger can still tell apart
const month = new Intl.DateTimeFormat("en", { year: "numeric", month: "long", timeZone: "UTC" });

export class Months {
  /** @param {(days: {after?: string, before?: string}) => void} onChoose */
  constructor(onChoose) {
    this.onChoose = onChoose;
  }

  /** @param {Facets["dates"]} dates by time @param {Where} where */
  draw(dates, where) {
    const byYear = dates.length > MOST;
    /** @type {Map<string, number>} */
    const bars = new Map();
    for (const { month: name, count } of dates) {
      const span = byYear ? name.slice(0, 4) : name;
      bars.set(span, (bars.get(span) ?? 0) + count);
    }
    const shown = [...bars].slice(-MOST);
    const tallest = Math.max(...shown.map(([, count]) => count));
    return make(
      "fieldset",
      { class: "field months" },
      make("legend", {}, byYear ? "Year" : "Month"),
      make("div", { class: "bars" }, ...shown.map(([span, count]) => this.#bar(span, count, count / tallest, where))),
      make("p", { class: "bars-ends aside" }, make("span", {}, shown[0]?.[0] ?? ""), make("span", {}, shown.length > 1 ? (shown.at(-1)?.[0] ?? "") : "")),
    );
  }

  /** @param {string} span "YYYY" or "YYYY-MM" @param {number} count @param {number} share @param {Where} where */
  #bar(span, count, share, where) {
    const days = daysOf(span);
    const chosen = days.after === where.after && days.before === where.before;
    const name = span.length === 4 ? span : month.format(new Date(`${span}-01T00:00:00Z`));
    const text = `${name}: ${counted(count, "picture")}`;
    const bar = make("button", { type: "button", class: "bar-button", id: `month-${span}`, title: text, "aria-label": text, "aria-pressed": chosen }, make("span", {}));
    bar.style.setProperty("--share", String(share));
    bar.addEventListener("click", () => this.onChoose(chosen ? {} : days));
    return bar;
  }
}

/**
 * The first day of a month or year, and of the next.
 * @param {string} span
 */
function daysOf(span) {
  const [year = 0, of = 0] = span.split("-").map(Number);
  const next = of === 0 ? `${year + 1}-01` : of === 12 ? `${year + 1}-01` : `${year}-${String(of + 1).padStart(2, "0")}`;
  return { after: `${of ? span : `${span}-01`}-01`, before: `${next.padStart(7, "0")}-01` };
}
