/**
 * One spelling for every document: all defaults filled in, durations and sizes in one form, secrets as they stand in the
 * file. Two files that mean the same have the same canonical form, and writing a changed one back touches only what differs.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { mask, type Secrets } from "../site/Secrets.js"
import type { Decoded } from "./ConfigDecode.js"
import { ConfigDocument, shape } from "./ConfigDocument.js"
import * as Shape from "./ConfigShape.js"

/** Holds secrets in clear; `Shape.masked` makes it fit to be shown. */
export const canonical = ({ document, raw }: Decoded): Effect.Effect<Shape.Mapping, never, Secrets> =>
  Schema.encode(ConfigDocument)(document).pipe(
    Effect.orDie,
    Effect.map((encoded) => {
      const path = document.storage.local_path || document.settings.data_path
      const plain = Shape.put(encoded, ["storage", "local_path"], path)
      return Shape.asMapping(
        Shape.map(shape, plain, (value, here, at) =>
          here?._tag === "Secret" && value === mask ? (Shape.get(raw, at) ?? value) : value
        )
      )
    })
  )

/** The document as it may be shown. */
export const shown = (decoded: Decoded): Effect.Effect<Shape.Mapping, never, Secrets> =>
  Effect.map(canonical(decoded), (document) => Shape.masked(shape, document))
