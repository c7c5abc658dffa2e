/** What an update needs to know of the process it runs in, and of the site. Implemented where the process is put together. */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { UpdateOutcome } from "../domain/Update.js"
import type { UpdateSettings } from "./Settings.js"

/**
 * Who starts the next version: the launcher, once this process has ended by `restart`; nobody, where a server was started by
 * itself; or whoever starts the site next, where a command works on a site without a server.
 */
export type Succession =
  | { readonly _tag: "Launcher"; readonly restart: Effect.Effect<void> }
  | { readonly _tag: "Nobody" }
  | { readonly _tag: "Later" }

export class UpdateHost extends Context.Tag("outpost/update/UpdateHost")<
  UpdateHost,
  {
    /** The version of this process. */
    readonly running: string
    readonly succession: Succession
    /** The directory of the site. */
    readonly site: string
    /** In force now. */
    readonly settings: Effect.Effect<UpdateSettings>
    /** The config file: its path, and its text where there is one. */
    readonly config: Effect.Effect<{ readonly path: string; readonly text: string | null }>
    /** Tells whom it concerns how an update ended. `config` is what came with it. Called once for each, also by a later life. */
    readonly report: (outcome: UpdateOutcome, config: string | undefined) => Effect.Effect<void>
  }
>() {}
