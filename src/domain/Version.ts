/** The version of this program; the build writes it in. */
declare const OUTPOST_VERSION: string | undefined

export const version: string = typeof OUTPOST_VERSION === "string" ? OUTPOST_VERSION : "0.0.0-source"
