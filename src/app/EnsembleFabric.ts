/** What the services of an ensemble meet at, and what frames and results travel on. */
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import type { Ensemble } from "../assignment/Ensemble.js"
import * as InProcessEnsemble from "../assignment/InProcessEnsemble.js"
import * as RedisEnsemble from "../assignment/RedisEnsemble.js"
import type { FrameTransport } from "../ingest/FrameTransport.js"
import type { ResultTransport } from "../ingest/ResultTransport.js"
import * as InProcessTransport from "../ingest/transport/InProcessTransport.js"
import * as ZmqTransport from "../ingest/transport/ZmqTransport.js"

export type Fabric = Ensemble | FrameTransport | ResultTransport

/** Redis and ZeroMQ where an address is given, this process's memory where there is none. */
export const layer = (redis: Option.Option<Redacted.Redacted>): Layer.Layer<Fabric> =>
  Option.match(redis, {
    onNone: () => Layer.merge(InProcessEnsemble.layer, InProcessTransport.layer),
    onSome: (url) => Layer.merge(RedisEnsemble.layerWith(new RedisEnsemble.RedisSettings({ url })), ZmqTransport.layer)
  })
