/** The ZeroMQ library, loaded when first needed: a site without it pays nothing for it. */
import * as Effect from "effect/Effect"

export type Zeromq = typeof import("zeromq")

export const load: Effect.Effect<Zeromq> = Effect.promise(() => import("zeromq"))
