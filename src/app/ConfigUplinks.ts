/**
 * What is wrong with the entries of `uplinks` beyond their own schema: nothing of the name that is used, and settings that it
 * does not take. What carries messages is loaded where a document has uplinks.
 */
import * as Effect from "effect/Effect"
import type { Secrets } from "../site/Secrets.js"
import * as Plugins from "./ConfigPlugins.js"
import * as Shape from "./ConfigShape.js"

/** Of a document as written. An entry that is switched off is held to its schema alone. */
export const problems: (raw: Shape.Mapping) => Effect.Effect<ReadonlyArray<Plugins.PluginProblem>, never, Secrets> =
  Effect.fnUntraced(function* (raw) {
    const entries = Object.entries(Shape.asMapping(raw["uplinks"])).flatMap(([name, entry]) =>
      Shape.isMapping(entry) && entry["enabled"] !== false && typeof entry["use"] === "string"
        ? [{ path: ["uplinks", name], use: entry["use"], settings: entry["settings"] }]
        : []
    )
    if (entries.length === 0) return []
    const { uplinks } = yield* Effect.promise(() => import("../plugins/UplinkRegistry.js"))
    const names = uplinks.map(({ name }) => name)
    const each = yield* Effect.forEach(entries, ({ path, settings, use }) => {
      const uplink = uplinks.find(({ name }) => name === use)
      if (uplink === undefined) return Effect.succeed([Plugins.stranger([...path, "use"], "uplink", use, names)])
      const told = Plugins.inside([...path, "settings"], `the settings of ${use} stand in docs/uplinks.md`)
      return Effect.map(uplink.problems(settings), (problems) => problems.map(told))
    })
    return each.flat()
  })
