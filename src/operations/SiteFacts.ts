/** What only the assembled program knows of itself; `SiteOperations` tells it on. */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type { ShutdownUnavailable } from "./SiteOperations.js"

export class SiteFacts extends Context.Tag("outpost/operations/SiteFacts")<
  SiteFacts,
  {
    readonly version: string
    /** Unix milliseconds. */
    readonly startedAt: number
    /** What the site is called. */
    readonly siteName: Effect.Effect<string>
    /** Absolute path of the config file, none where the site has none. */
    readonly configPath: Effect.Effect<Option.Option<string>>
    /** Why the file on disk is not the one in force. */
    readonly configError: Effect.Effect<Option.Option<string>>
    /** Asks the whole process to stop; returns at once. */
    readonly requestShutdown: Effect.Effect<void, ShutdownUnavailable>
  }
>() {}
