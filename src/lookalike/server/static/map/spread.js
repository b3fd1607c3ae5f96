// Places on the map, with the crowds loosened and the empty parts drawn together.

const SHARE = 0.85; // of the even spread in the result; the rest is what the server said

/**
 * Along one axis: moved towards where each would be, were all equally far apart. Their order stays,
 * and with it who is near whom.
 * @param {number[]} places in 0..1
 * @returns {Float32Array} in 0..1
 */
export function spread(places) {
  const order = Uint32Array.from(places.keys()).sort((a, b) => (places[a] ?? 0) - (places[b] ?? 0));
  const even = new Float32Array(places.length);
  order.forEach((at, rank) => (even[at] = (rank + 0.5) / places.length));
  return even.map((place, at) => SHARE * place + (1 - SHARE) * (places[at] ?? 0));
}
