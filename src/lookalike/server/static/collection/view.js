// The view Collection: what is in it, and the indexing of folders with its progress.

import * as api from "../core/api.js";
import { byId, icon, make } from "../core/dom.js";
import { guarded } from "../core/notice.js";
import { counted, figure, moment, sentence, weight } from "../core/words.js";
import { breakable } from "../picture/view.js";
import { Encoders } from "./encoders.js";
import { chooseFolder } from "./folders.js";

/** @import { Place, Status, View } from "../core/types.js" */
/** @import { Indexing } from "./indexing.js" */

const SKIPPED_SHOWN = 200;
const STATUS_MS = 2000; // between two looks at the status of a collection that grows

/**
 * @param {() => Promise<Status>} status asked afresh
 * @param {Indexing} indexing
 * @returns {View}
 */
export function collectionView(status, indexing) {
  const view = byId("view-collection");
  const encoders = new Encoders(indexing, showStatus);
  let told = 0; // when the status was asked for last
  indexing.addEventListener("progress", showJob);
  indexing.addEventListener("ended", () => {
    if (!view.hidden) guarded(() => Promise.all([showStatus(), encoders.show()]));
  });

  byId("add-folder").addEventListener("click", async () => {
    const folder = await chooseFolder();
    if (folder !== null) await guarded(() => indexing.start({ folders: [folder] }));
  });
  byId("update").addEventListener("click", () => guarded(() => indexing.start({})));
  byId("stop").addEventListener("click", () => guarded(() => indexing.stop()));

  /** @param {Place} _place */
  async function show(_place) {
    view.hidden = false;
    document.title = "Collection – Lookalike";
    window.scrollTo(0, 0);
    await guarded(async () => {
      await Promise.all([showStatus(), showCollections(), encoders.show()]);
      indexing.hold();
    });
  }

  async function showStatus() {
    told = performance.now();
    const known = await status();
    const { images, model, roots, offline, collection } = known;
    /** @type {[string, string | Node][]} */
    const rows = [
      ["Pictures", figure.format(images)],
      ["Encoder", `${model.name}, ${figure.format(model.dimension)} dimensions`],
      ["On disk", weight(known.bytes)],
      ["Place", make("span", { class: "path" }, ...breakable(collection))],
    ];
    byId("collection-facts").replaceChildren(...rows.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]));
    byId("roots").replaceChildren(...roots.map((root) => {
      const away = offline.includes(root) ? [make("span", { class: "aside" }, "offline")] : [];
      return make("li", {}, icon("folder"), make("span", { class: "path" }, ...breakable(root)), ...away);
    }));
    byId("roots-empty").hidden = roots.length > 0;
    byId("update").hidden = !roots.length;
    showSkipped(known.skipped_files, known.skipped);
  }

  /** @param {{path: string, reason: string}[]} files @param {number} total */
  function showSkipped(files, total) {
    byId("skipped").hidden = !total;
    byId("skipped-title").textContent = counted(total, "file was skipped", "files were skipped");
    byId("skipped-list").replaceChildren(
      ...files.slice(0, SKIPPED_SHOWN).map(({ path, reason }) =>
        make("li", {}, make("span", { class: "path" }, ...breakable(path)), make("span", { class: "reason" }, sentence(reason))),
      ),
    );
    const more = total - Math.min(files.length, SKIPPED_SHOWN);
    byId("skipped-more").textContent = more > 0 ? `And ${figure.format(more)} more.` : "";
  }

  async function showCollections() {
    const { collections } = await api.collections();
    byId("others").hidden = collections.length < 2;
    byId("others-list").replaceChildren(
      ...collections.map(({ name, images, path }) => {
        const address = `/collection?collection=${encodeURIComponent(name)}`;
        return make("li", {}, make("a", { href: address }, name), make("span", { class: "aside" }, `${counted(images, "picture")}, ${path}`));
      }),
    );
  }

  function showWatch() {
    const { watch } = indexing;
    byId("watch-note").hidden = watch === null;
    if (watch === null) return;
    const { watching, changed, summary, waiting, error } = watch;
    const last = changed && summary ? ` Last change: ${moment(changed)}, ${changesOf(summary)}.` : "";
    const now = watching ? "Watched: what changes is indexed within seconds." : "Looking through these folders, which will then be watched.";
    byId("watch-note").textContent = error ? `Not watched for now: ${error}` : (waiting ? sentence(waiting) : now) + last;
  }

  function showJob() {
    showWatch();
    const { job } = indexing;
    byId("job").hidden = job === null;
    if (job === null) return;
    const { done, total, share, running, words, rate, left, waiting, folders } = job;
    if (running && !view.hidden && performance.now() - told > STATUS_MS) guarded(showStatus);
    byId("job-folders").replaceChildren(...breakable(folders.join(", ")));
    byId("job-title").textContent = words;
    const bar = byId("job-bar", HTMLProgressElement);
    if (share === null) bar.removeAttribute("value");
    else bar.value = share;
    bar.hidden = !running;
    byId("job-count").textContent = total ? `${figure.format(done)} of ${figure.format(total)} files` : "";
    byId("job-rate").textContent = [rate, left].filter(Boolean).join(", ");
    byId("job-waiting").textContent = waiting;
    byId("stop").hidden = !running;
    byId("job-see").hidden = running || !done;
    byId("add-folder", HTMLButtonElement).disabled = running;
    byId("update", HTMLButtonElement).disabled = running;
    byId("job-error").textContent = job.error ? sentence(job.error) : "";
    if (job.skipped.length) showSkipped(job.skipped, job.skippedTotal);
  }

  return {
    show,
    hide() {
      view.hidden = true;
      indexing.release();
    },
  };
}

/** @param {{added: number, updated: number, removed: number}} summary */
function changesOf({ added, updated, removed }) {
  const parts = [added && `${figure.format(added)} added`, updated && `${figure.format(updated)} updated`, removed && `${figure.format(removed)} removed`];
  return parts.filter(Boolean).join(", ");
}
