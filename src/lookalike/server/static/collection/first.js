// What the view Search shows where there is no picture yet: the choice of a first folder.

import { byId } from "../core/dom.js";
import { guarded } from "../core/notice.js";
import { baseName, figure, sentence } from "../core/words.js";
import { chooseFolder } from "./folders.js";

/** @import { Indexing } from "./indexing.js" */

/** @param {Indexing} indexing */
export function firstFolder(indexing) {
  byId("first-choose").addEventListener("click", async () => {
    const folder = await chooseFolder();
    if (folder !== null) await guarded(() => indexing.start({ folders: [folder] }));
  });
  byId("first-stop").addEventListener("click", () => guarded(() => indexing.stop()));
  indexing.addEventListener("progress", show);

  function show() {
    const { job } = indexing;
    const running = job?.running ?? false;
    byId("first-idle").hidden = running;
    byId("first-running").hidden = !running;
    // With pictures this is not seen: where it still is after a job, the folder had none.
    byId("first-outcome").textContent = job === null || running ? "" : outcome(job);
    if (job === null || !running) return;
    const { words, folders, share, done, total, waiting } = job;
    byId("first-words").textContent = folders[0] ? `${words} ${baseName(folders[0])}` : words;
    const bar = byId("first-bar", HTMLProgressElement);
    if (share === null) bar.removeAttribute("value");
    else bar.value = share;
    byId("first-waiting").textContent = waiting;
    byId("first-count").textContent = total ? `${figure.format(done)} of ${figure.format(total)} files` : "";
  }
}

/** @param {NonNullable<Indexing["job"]>} job */
function outcome({ words, error, folders, skippedTotal }) {
  if (error) return sentence(error);
  const [folder] = folders;
  if (!folder || !words.startsWith("Done")) return words;
  const skipped = skippedTotal ? ", or none that can be read: Collection lists them with the reasons" : "";
  return `There is no picture in ${folder}${skipped}.`;
}
