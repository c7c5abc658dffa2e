/**
 * The procedure `system-checks`: what the machine itself is doing, as events `system.load`, `system.memory`, `system.disk`,
 * `system.network` and `system.uptime`. Percentages are 0 to 100, sizes bytes, rates bytes per second, times seconds.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { Emitter, make, ProcedureError } from "../../procedure/Procedure.js"

const Group = Schema.Literal("load", "memory", "disk", "network", "uptime")

const Settings = Schema.Struct({
  /** Which groups are read; all by default. */
  only: Schema.optionalWith(Schema.Array(Group), { default: () => Group.literals })
})

const name = "system-checks"

export const SystemChecks = make({
  name,
  description: "Reads the machine's load, memory, disk, network and uptime",
  settings: Settings,
  prepare: ({ only }) =>
    Effect.gen(function* () {
      const host = yield* library
      // Rates are differences between two readings: these are the first ones.
      yield* Effect.ignore(read("load", () => host.currentLoad()))
      yield* Effect.ignore(read("network", () => host.networkStats("*")))
      const groups = only.map((group) =>
        measure[group](host).pipe(Effect.flatMap((data) => emit(`system.${group}`, data)))
      )
      return Effect.all(groups, { discard: true })
    })
})

// -----------------------------------------------------------------------------

type Library = typeof import("systeminformation")

/** Loaded when first needed: it is large. */
const library: Effect.Effect<Library, ProcedureError> = Effect.tryPromise({
  try: async (): Promise<Library> => {
    const module: { readonly default?: Library } & Library = await import("systeminformation")
    return module.default ?? module
  },
  catch: (cause) => new ProcedureError({ procedure: name, reason: "Misconfigured", detail: String(cause) })
})

const read = <A>(what: string, of: () => Promise<A>): Effect.Effect<A, ProcedureError> =>
  Effect.tryPromise({
    try: of,
    catch: (cause) =>
      new ProcedureError({ procedure: name, reason: "Disconnected", detail: `${what}: ${String(cause)}` })
  })

const emit = (type: string, data: unknown) => Effect.flatMap(Emitter, (emitter) => emitter.emit({ type, data }))

/** Readings without a value on this machine come as null, NaN or -1. */
const number = (value: number | null | undefined): number | null =>
  value === null || value === undefined || !Number.isFinite(value) || value < 0 ? null : value

const rounded = (value: number | null | undefined, digits: number): number | null => {
  const known = number(value)
  return known === null ? null : Number(known.toFixed(digits))
}

const measure: Record<typeof Group.Type, (host: Library) => Effect.Effect<unknown, ProcedureError>> = {
  load: (host) =>
    Effect.zipWith(
      read("load", () => host.currentLoad()),
      read("load", async () => (await import("node:os")).loadavg()),
      (load, [one, five, fifteen]) => ({
        cpu_percent: rounded(load.currentLoad, 2),
        user_percent: rounded(load.currentLoadUser, 2),
        system_percent: rounded(load.currentLoadSystem, 2),
        load_1: rounded(one, 2),
        load_5: rounded(five, 2),
        load_15: rounded(fifteen, 2)
      })
    ),
  memory: (host) =>
    Effect.map(
      read("memory", () => host.mem()),
      (memory) => ({
        total: memory.total,
        available: memory.available,
        used_percent: rounded((100 * (memory.total - memory.available)) / memory.total, 2),
        swap_used: number(memory.swapused)
      })
    ),
  disk: (host) =>
    Effect.map(
      read("disk", () => host.fsSize()),
      (disks) => {
        const root = disks.find((disk) => disk.mount === "/") ?? disks[0]
        return {
          mount: root?.mount ?? null,
          size: number(root?.size),
          free: number(root?.available),
          used_percent: rounded(root?.use, 2)
        }
      }
    ),
  network: (host) =>
    Effect.map(
      read("network", () => host.networkStats("*")),
      (interfaces) => {
        const sum = (of: (i: (typeof interfaces)[number]) => number | null) =>
          interfaces.reduce((total, i) => total + (number(of(i)) ?? 0), 0)
        return {
          received_per_second: rounded(
            sum((i) => i.rx_sec),
            1
          ),
          sent_per_second: rounded(
            sum((i) => i.tx_sec),
            1
          ),
          received: sum((i) => i.rx_bytes),
          sent: sum((i) => i.tx_bytes),
          errors: sum((i) => i.rx_errors) + sum((i) => i.tx_errors)
        }
      }
    ),
  uptime: (host) =>
    Effect.map(
      read("uptime", async () => host.time()),
      (time) => ({ seconds: Math.floor(time.uptime) })
    )
}
