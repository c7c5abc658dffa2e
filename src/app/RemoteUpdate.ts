/**
 * Another version of the software, asked for by a config that came over an uplink. The config is written for that version
 * only: it is merged into the file as this version knows it, checked by the other one, and put in force together with it.
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import { describe } from "../operations/ConfigOperations.js"
import { Updater } from "../update/Updater.js"
import { UpdateRefused, UpdateRequests } from "../uplink/UpdateRequests.js"
import { ConfigFile } from "./ConfigFile.js"
import { prepare } from "./ConfigPut.js"
import { changes, edit, parse } from "./ConfigText.js"

export const layer: Layer.Layer<UpdateRequests, never, ConfigFile | Updater> = Layer.effect(
  UpdateRequests,
  Effect.gen(function* () {
    const config = yield* ConfigFile
    const updater = yield* Updater
    return UpdateRequests.of({
      request: Effect.fn("RemoteUpdate.request")(function* ({ document, uplink, version }) {
        const refused = (reason: string) => new UpdateRefused({ version, reason })
        const { allow_unsigned } = yield* config.slice("update")
        if (allow_unsigned) return yield* refused("this station takes unsigned releases, and those never from afar")
        const text = yield* config.raw
        const { raw } = yield* Either.mapLeft(parse(text), (issues) => refused(issues.map(describe).join("; ")))
        // What a document from the network may not change is what this version knows of it; the rest is the other's to judge.
        const next = yield* Either.mapLeft(prepare(raw, document, "amend"), ({ issues }) =>
          refused(issues.map(describe).join("; "))
        )
        yield* updater
          .apply({ version, by: uplink, config: edit(text, changes(raw, next)) })
          .pipe(Effect.mapError((error) => refused(error.message)))
      })
    })
  })
)
