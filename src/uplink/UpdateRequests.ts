/** The port by which a config that is meant for another version of the software reaches whoever can change the software. */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"

/** The software can't be changed as it was asked for, and why. Nothing was done. */
export class UpdateRefused extends Schema.TaggedError<UpdateRefused>()("UpdateRefused", {
  version: Schema.String,
  reason: Schema.String
}) {
  override get message() {
    return `no change to version ${this.version}: ${this.reason}`
  }
}

export interface UpdateRequest {
  /** Over which uplink it came. */
  readonly uplink: string
  readonly revision: number
  /** The version that is asked for. */
  readonly version: string
  /** The config that the other version is to start with, as it came. */
  readonly document: Readonly<Record<string, unknown>>
}

export class UpdateRequests extends Context.Tag("outpost/uplink/UpdateRequests")<
  UpdateRequests,
  {
    /**
     * Takes a request over: once it returns it survives a crash, and whoever carries it out puts an `accepted` or a `rejected`
     * config message at its end. A revision is asked for once.
     */
    readonly request: (request: UpdateRequest) => Effect.Effect<void, UpdateRefused>
  }
>() {}

/** For a station whose software is changed on the spot alone. */
export const layerRefusing: Layer.Layer<UpdateRequests> = Layer.succeed(UpdateRequests, {
  request: ({ version }) =>
    new UpdateRefused({ version, reason: "the software of this station is not changed from afar" })
})
