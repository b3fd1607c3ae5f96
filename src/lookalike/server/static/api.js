// The server's API, as the page uses it. Every failure is a Problem with a sentence for people.

const LIMIT = 64 * 1024 * 1024;
const SHOWN_BY_BROWSERS = /^image\/(jpeg|png|gif|webp|avif|bmp)$/;

export class Problem extends Error {}

export const thumbnail = (id, side) => `/api/images/${id}/thumbnail?side=${side}`;
export const original = (id) => `/api/images/${id}`;
export const canShow = (file) => SHOWN_BY_BROWSERS.test(file.type);

export const status = () => ask("/api/status");

/** Some pictures of the collection, drawn at random. */
export const sample = (limit, seed) => ask(`/api/images?limit=${limit}&seed=${seed}`);

/** The `k` nearest pictures to a question: {kind: "file", file} or {kind: "url", url} or {kind: "id", id}. */
export function search(question, k, signal) {
  if (question.kind !== "file") {
    const named = question.kind === "id" ? { id: question.id } : { url: question.url, preview: true };
    const headers = { "Content-Type": "application/json" };
    return ask("/api/search", { method: "POST", headers, body: JSON.stringify({ ...named, k }), signal });
  }
  const { file } = question;
  if (file.size > LIMIT) {
    throw new Problem(`${file.name} is over the limit of ${LIMIT / 2 ** 20} MiB: choose a smaller picture`);
  }
  const body = new FormData();
  body.append("file", file, file.name || "picture");
  body.append("k", k);
  if (!canShow(file)) body.append("preview", "true");
  return ask("/api/search", { method: "POST", body, signal });
}

async function ask(address, options) {
  let response;
  try {
    response = await fetch(address, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem("the server does not answer: start lookalike serve again, then retry");
  }
  let body;
  try {
    body = await response.json();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(`the server gave no usable answer (status ${response.status})`);
  }
  if (!response.ok) throw new Problem(body.error ?? `the server answered with status ${response.status}`);
  return body;
}
