/** What the reducer of this program publishes, for whoever shows it: the values as they are now, and word of each change. */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"
import type { Group } from "./PublishedValue.js"

export class Publication extends Context.Tag("outpost/Publication")<
  Publication,
  {
    /** By name. The values belong to the reducer: they are to be read at once, and not changed. */
    readonly values: Effect.Effect<Group>
    /** How often they have changed: now, then after changes, at most ten times a second. */
    readonly changes: Stream.Stream<number>
  }
>() {}
