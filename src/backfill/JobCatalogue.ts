/** The jobs of the config in force, and what is needed to plan them, as of the moment it is asked. */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { Catalogue } from "./SeriesPlan.js"

export class JobCatalogue extends Context.Tag("outpost/backfill/JobCatalogue")<
  JobCatalogue,
  { readonly now: Effect.Effect<Catalogue> }
>() {}
