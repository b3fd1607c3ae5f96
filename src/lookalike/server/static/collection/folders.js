// A dialog to choose a folder of this machine, since browsers do not tell where their files lie.

import * as api from "../core/api.js";
import { button, byId, icon, make } from "../core/dom.js";
import { sentence } from "../core/words.js";
import { breakable } from "../picture/view.js";

const TO_INDEX = {
  title: "Add a folder of pictures",
  about: "All pictures below will be indexed:",
  choose: "Index this folder",
};

/**
 * @param {{title: string, about: string, choose: string}} [words] what it is for
 * @returns {Promise<string | null>} an absolute path, or null where none was chosen
 */
export async function chooseFolder(words = TO_INDEX) {
  byId("folders-dialog-title").textContent = words.title;
  byId("folder-about").textContent = words.about;
  byId("folder-choose").textContent = words.choose;
  const dialog = byId("folders", HTMLDialogElement);
  /** @type {string | null} */
  let here = null;
  let asked = 0; // what comes late for an earlier question is dropped
  const field = byId("folder-path", HTMLInputElement);

  /** @param {string | null} path */
  async function open(path) {
    byId("folder-problem").textContent = "";
    const mine = ++asked;
    try {
      const { path: opened, parent, folders } = await api.folders(path);
      if (mine !== asked) return;
      here = opened;
      field.value = opened;
      byId("folder-here").replaceChildren(...breakable(opened));
      const up = parent === null ? [] : [make("li", {}, entry("The folder above", "up", () => open(parent)))];
      byId("folder-list").replaceChildren(
        ...up,
        ...folders.map((folder) => make("li", {}, entry(folder.name, "folder", () => open(folder.path)))),
      );
      byId("folder-none").hidden = folders.length > 0;
      byId("folder-list").scrollTop = 0;
    } catch (error) {
      if (!(error instanceof api.Problem)) throw error;
      if (mine !== asked) return;
      byId("folder-problem").textContent = sentence(error.message);
    }
  }

  /** @param {SubmitEvent} event */
  const typed = (event) => {
    event.preventDefault();
    open(field.value.trim() || null);
  };
  byId("folder-form").addEventListener("submit", typed);
  dialog.returnValue = "";
  dialog.showModal();
  await open(null);
  await new Promise((closed) => dialog.addEventListener("close", closed, { once: true }));
  byId("folder-form").removeEventListener("submit", typed);
  return dialog.returnValue === "choose" ? here : null;
}

/** @param {string} text @param {string} drawn @param {() => void} onClick */
function entry(text, drawn, onClick) {
  const made = button(text, { class: "entry" }, onClick);
  made.prepend(icon(drawn));
  return made;
}
