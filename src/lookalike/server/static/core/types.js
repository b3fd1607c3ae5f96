// The shapes that the server sends and the page passes around. Types only: nothing runs here.

/**
 * A picture of the collection.
 * @typedef {object} Picture
 * @property {number} id
 * @property {string} path
 * @property {number} width
 * @property {number} height
 * @property {string} digest names the content of its file
 * @property {string} [format]
 * @property {number} [bytes]
 * @property {string} [modified]
 * @property {string | null} [taken]
 * @property {number | null} [frame] seconds into the film that it is a frame of
 */

/**
 * A picture as the answer to a search.
 * @typedef {Picture & {score?: number, distance?: number, offline?: boolean, likeness?: number | null, duplicates?: number[], orientation?: string, region?: [number, number, number, number], worded?: boolean}} Hit
 */

/**
 * A part of a picture, in shares of its width and height.
 * @typedef {{x: number, y: number, w: number, h: number}} Crop
 */

/**
 * A picture that is asked by: one of the collection, or one that was sent.
 * @typedef {object} Pick
 * @property {number} [id]
 * @property {string} [upload]
 * @property {number} [at] which moment of a film, in seconds
 * @property {number} weight
 * @property {Crop | null} crop
 */

/**
 * Which pictures of the collection take part.
 * @typedef {object} Where
 * @property {string} [folder]
 * @property {string[]} [format]
 * @property {string[]} [label]
 * @property {string} [after] a day, YYYY-MM-DD
 * @property {string} [before]
 * @property {number} [min_width]
 * @property {number} [min_height]
 * @property {number} [min_bytes]
 * @property {number} [max_bytes]
 * @property {string} [camera]
 */

/**
 * A whole question; one without pictures and words is the collection itself.
 * @typedef {object} Ask
 * @property {Pick[]} like
 * @property {Pick[]} unlike
 * @property {string} text
 * @property {Where} where
 * @property {number | null} min least score
 * @property {boolean} group fold near-identical pictures into one
 * @property {boolean} turned also what is mirrored or turned
 * @property {boolean} inside also pictures that contain it
 */

/**
 * Where the page is: a view, and the question that goes with it.
 * @typedef {object} Place
 * @property {"search" | "picture" | "map" | "duplicates" | "collection"} view
 * @property {number | null} id the picture of the view `picture`
 * @property {Ask} ask
 * @property {URLSearchParams} params all of the address
 * @property {number} scroll
 */

/**
 * Where in a picture a similarity comes from; `part` is what the rows of `heat` cover.
 * @typedef {object} Heat
 * @property {number} width pixels of that part
 * @property {number} height
 * @property {[number, number, number, number]} part left, top, width, height, in shares
 * @property {number[][]} heat rows from the top left, 0 to 1
 * @property {number} fall the largest fall of the score
 */

/** @typedef {{name: string, count: number}} Facet */

/**
 * One of the encoders of a collection.
 * @typedef {object} Encoder
 * @property {number} number
 * @property {string} name
 * @property {number} dimension
 * @property {boolean} answers
 * @property {number} lacking
 * @property {boolean} regions
 */

/**
 * Two encoders side by side; objects by encoder's name have the one that answers first.
 * @typedef {object} Comparison
 * @property {number} sample pictures that were asked by
 * @property {number} overlap share of a picture's ten nearest that are the same with both
 * @property {Record<string, number>} found_again share of changed copies that find their picture
 * @property {{asked: Picture, nearest: Record<string, Picture[]>}[]} examples where they agree least
 */

/**
 * @typedef {object} Facets
 * @property {Facet[]} folders
 * @property {Facet[]} formats
 * @property {Facet[]} labels
 * @property {Facet[]} cameras
 * @property {{month: string, count: number}[]} dates
 * @property {number} total
 */

/**
 * @typedef {object} Status
 * @property {string} collection
 * @property {{name: string, sha256: string, dimension: number}} model
 * @property {number} images
 * @property {number} skipped
 * @property {number} bytes
 * @property {string[]} roots
 * @property {string[]} offline those of them that are missing or empty now
 * @property {{path: string, reason: string}[]} skipped_files
 * @property {Encoder[]} encoders
 * @property {boolean} [text] whether words can be searched
 * @property {boolean} [calibrated] whether scores carry a probability
 * @property {Calibration | null} [calibration]
 */

/**
 * What a score means: linear between its points.
 * @typedef {object} Calibration
 * @property {number[]} scores rising
 * @property {number[]} probabilities that two pictures are of one kind
 * @property {number} threshold the score that is recommended as least
 */

/**
 * An indexing job at one moment.
 * @typedef {object} JobStatus
 * @property {string} id
 * @property {"starting" | "indexing" | "finishing" | "filling" | "stopping" | "done" | "stopped" | "failed"} state
 * @property {string[]} folders
 * @property {number} done files dealt with
 * @property {number} total files found
 * @property {boolean} total_final whether all files have been found
 * @property {number} skipped
 * @property {number | null} rate files a second
 * @property {number | null} seconds_left
 * @property {string | null} waiting what it waits for, in a sentence
 * @property {{added: number, updated: number, unchanged: number, removed: number} | null} summary
 * @property {string | null} error
 */

/**
 * How the folders of a collection are watched.
 * @typedef {object} WatchStatus
 * @property {boolean} watching whether changes are noted; before, everything is compared
 * @property {string | null} changed when something was changed last
 * @property {{added: number, updated: number, removed: number} | null} summary what that was
 * @property {string | null} waiting what it waits for, in a sentence
 * @property {string | null} error why it does not go on for now
 */

/**
 * The map; `cells` says how the sheets of small pictures are laid out, in the order of the ids.
 * @typedef {object} Layout
 * @property {string} version
 * @property {boolean} current whether it is of the collection as it is now
 * @property {number[]} ids
 * @property {number[]} x 0 to 1, from the left
 * @property {number[]} y 0 to 1, from the top
 * @property {{side: number, columns: number, rows: number}} cells
 */

/**
 * One part of the page.
 * @typedef {object} View
 * @property {(place: Place) => Promise<void> | void} show
 * @property {() => void} hide
 * @property {() => void} [forget] the collection has changed: what is known of it is old
 */

export {};
