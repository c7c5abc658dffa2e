/**
 * Keeps the start of a server from growing the space for young objects: nearly all that a start makes is garbage, V8 answers
 * it with 30 MB more room, and a server at rest never gives that back.
 *
 * The flag is read by V8 each time it thinks of growing that space, so it can be set while the program runs.
 */
import * as Effect from "effect/Effect"
import { setFlagsFromString } from "node:v8"

/** From now on the space stays as it is. */
export const hold = (): void => setFlagsFromString("--semi-space-growth-factor=1")

/** From now on it grows with the load, as it does by default. */
export const release: Effect.Effect<void> = Effect.sync(() => setFlagsFromString("--semi-space-growth-factor=2"))
