// A picture from the camera, in a dialog that lets go of the camera when it closes.

import { byId } from "../core/dom.js";

/** Whether this browser can ask for a camera here. */
export const hasCamera = () => Boolean(navigator.mediaDevices?.getUserMedia);

/**
 * Let the user take a picture; null where they would not, or could not.
 * @param {(sentence: string) => void} onProblem
 * @returns {Promise<File | null>}
 */
export async function takePicture(onProblem) {
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({
      video: { facingMode: "environment", width: { ideal: 1920 } },
      audio: false,
    });
  } catch (error) {
    onProblem(whyNot(error));
    return null;
  }
  const dialog = byId("camera", HTMLDialogElement);
  const video = byId("camera-video", HTMLVideoElement);
  video.srcObject = stream;
  dialog.showModal();
  await video.play();
  dialog.returnValue = "";
  await new Promise((closed) => dialog.addEventListener("close", closed, { once: true }));
  const taken = dialog.returnValue === "take" ? await still(video) : null;
  for (const track of stream.getTracks()) track.stop();
  video.srcObject = null;
  return taken;
}

/** @param {HTMLVideoElement} video @returns {Promise<File | null>} */
async function still(video) {
  const canvas = document.createElement("canvas");
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  canvas.getContext("2d")?.drawImage(video, 0, 0);
  const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.92));
  return blob instanceof Blob ? new File([blob], "Camera picture.jpg", { type: "image/jpeg" }) : null;
}

/** @param {unknown} error */
function whyNot(error) {
  const name = error instanceof DOMException ? error.name : "";
  if (name === "NotAllowedError") return "the camera is not allowed here: allow it in the browser's address bar, or choose a picture";
  if (name === "NotFoundError") return "this device has no camera: choose a picture instead";
  return "the camera cannot be used just now: close what else uses it, or choose a picture";
}
