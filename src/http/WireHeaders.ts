/** The headers of our own that travel beside bodies whose keys are fixed by others. */

/** The typed error of a contract route, as JSON. */
export const errorHeader = "x-outpost-error"

/** Where the next page of an NDJSON answer begins. */
export const nextCursorHeader = "x-next-cursor"
