/** A site at rest with one actor; `SiteDouble` says what was asked of it. */
import { NodeStatus } from "../../src/actor/NodeStatus.js"
import {
  ActorFailed,
  NoSuchActor,
  ShutdownUnavailable,
  SiteOperations,
  SiteStatus
} from "../../src/operations/SiteOperations.js"
import { TelemetryStats } from "../../src/operations/TelemetryOperations.js"
import { Context, DateTime, Effect, Layer, Stream } from "effect"

export class SiteDouble extends Context.Tag("test/SiteDouble")<
  SiteDouble,
  {
    ready: boolean
    canShutDown: boolean
    shutdowns: number
    readonly orders: Array<string>
  }
>() {}

const node = new NodeStatus({
  id: "clock",
  path: "procedures/clock",
  kind: "worker",
  status: "ready",
  restarts: 0,
  since: DateTime.unsafeMake(0)
})

export const layer: Layer.Layer<SiteOperations | SiteDouble> = Layer.effectContext(
  Effect.sync(() => {
    const double: Context.Tag.Service<SiteDouble> = { ready: true, canShutDown: true, shutdowns: 0, orders: [] }
    const order = (action: string) => (path: string) =>
      Effect.suspend((): Effect.Effect<void, NoSuchActor | ActorFailed> => {
        if (path === "stubborn") return Effect.fail(new ActorFailed({ path, reason: "it would not" }))
        if (path !== node.path) return Effect.fail(new NoSuchActor({ path }))
        double.orders.push(`${action} ${path}`)
        return Effect.void
      })
    const log = '{"ts":"2026-01-02T03:04:05.678Z","level":"INFO","message":"hello"}'
    const operations = SiteOperations.of({
      status: Effect.succeed(
        new SiteStatus({
          version: "1.2.3",
          site: "/site",
          siteName: "site",
          host: "station",
          pid: 1,
          startedAt: 0,
          now: 1,
          ready: true,
          reasons: [],
          alarms: [],
          run: null,
          telemetry: new TelemetryStats({
            seq: { site: 0, run: 0, system: 0 },
            eventsAccepted: 0,
            bytesWritten: 0,
            syncs: 0,
            pendingEvents: 0
          }),
          disk: { free: 1, total: 2 },
          memory: { rss: 3 },
          config: { path: null, error: null },
          tree: [node]
        })
      ),
      ready: Effect.sync(() => ({
        ready: double.ready,
        runActive: false,
        version: "1.2.3",
        reasons: double.ready ? [] : ["the disk is full"]
      })),
      tree: Effect.succeed([node]),
      treeChanges: Stream.concat(Stream.make([node]), Stream.never),
      stopActor: order("stop"),
      startActor: order("start"),
      restartActor: order("restart"),
      logs: () => Effect.succeed([log]),
      followLogs: () => Stream.concat(Stream.make(log), Stream.never),
      metrics: Effect.succeed("outpost_up 1\n"),
      shutdown: Effect.suspend(() => {
        if (!double.canShutDown) return Effect.fail(new ShutdownUnavailable())
        double.shutdowns++
        return Effect.void
      })
    })
    return Context.make(SiteOperations, operations).pipe(Context.add(SiteDouble, double))
  })
)
