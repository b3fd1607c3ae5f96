// Files that the server writes, and the browser keeps.

import { make } from "./dom.js";
import { guarded } from "./notice.js";

/**
 * Have each button of a menu, which names a format, download a file in it.
 * @param {HTMLElement} menu a `details` with buttons
 * @param {(format: string) => Promise<{blob: Blob, name: string}>} ask
 */
export function offerDownloads(menu, ask) {
  for (const each of menu.querySelectorAll("button")) {
    each.addEventListener("click", async () => {
      menu.removeAttribute("open");
      await guarded(async () => {
        const { blob, name } = await ask(each.dataset.format ?? "csv");
        const href = URL.createObjectURL(blob);
        make("a", { href, download: name }).click();
        setTimeout(() => URL.revokeObjectURL(href), 60_000);
      });
    });
  }
}
