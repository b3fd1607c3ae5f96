// A film in place of its frame, from that moment on, where the browser can play it.

import { button, byId, icon, make } from "../core/dom.js";
import { clock } from "../core/words.js";

/** What no browser plays is not offered. */
const PLAYED = ["MP4", "WEBM", "OGG", "MOV", "MKV", "3GP"];

export class Player {
  /** @type {HTMLVideoElement | null} */
  #video = null;
  #source = "";
  #from = 0;

  /**
   * @param {HTMLElement} box holds the picture
   * @param {(at: number) => void} onMoment another moment is looked at, in seconds
   */
  constructor(box, onMoment) {
    this.box = box;
    this.onMoment = onMoment;
    this.play = button("Play", { class: "button quiet", icon: "play" }, () => this.#begin());
    this.play.hidden = true;
    byId("picture-play").replaceChildren(this.play);
  }

  /**
   * Offer a film; a picture ends it.
   * @param {string} source
   * @param {string | undefined} format
   * @param {number | null | undefined} frame seconds
   */
  show(source, format, frame) {
    if (source === this.#source && frame === this.#from) return;
    this.stop();
    this.#source = source;
    this.#from = frame ?? 0;
    this.play.hidden = frame === null || frame === undefined || !PLAYED.includes((format ?? "").toUpperCase());
    this.play.replaceChildren(icon("play"), make("span", {}, `Play from ${clock(this.#from)}`));
    byId("picture-play").hidden = this.play.hidden;
    byId("play-note").textContent = "";
  }

  stop() {
    this.#video?.pause();
    this.#video?.removeAttribute("src");
    this.#video?.load(); // lets go of the connection
    this.#video?.remove();
    this.#video = null;
    this.#source = "";
  }

  #begin() {
    if (this.#video) return;
    const video = make("video", { class: "film", controls: true, playsInline: true, src: `${this.#source}#t=${this.#from}`, "aria-label": "The film" });
    this.#video = video;
    video.addEventListener("loadedmetadata", () => {
      video.currentTime = this.#from;
    });
    for (const name of ["pause", "seeked"]) video.addEventListener(name, () => this.onMoment(video.currentTime));
    video.addEventListener("error", () => {
      if (this.#video !== video) return;
      video.remove();
      this.#video = null;
      byId("play-note").textContent = "Your browser cannot play this film. Open the original in another program.";
    });
    this.play.hidden = true;
    this.box.append(video);
    video.play().catch(() => {}); // where it may not begin by itself, it waits for the user
    video.focus();
  }
}
