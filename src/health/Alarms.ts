/**
 * The alarms of a site. Who watches something says which conditions hold now; what is new among them is raised, once, and
 * what no longer holds is cleared. Raised alarms are kept in a file, so that a restart neither raises them again nor forgets
 * since when they hold.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as FileSystem from "@effect/platform/FileSystem"
import type * as Path from "@effect/platform/Path"
import { Alarm, type AlarmChange, type Condition } from "../domain/Alarm.js"
import * as DurableFile from "../site/DurableFile.js"

export class Alarms extends Context.Tag("outpost/health/Alarms")<
  Alarms,
  {
    /**
     * These conditions hold, and no others. What that changes is told, cleared ones first, then in the order of the
     * conditions, and noted when all of it has been: whoever is cut off between the two tells it again. The alarms are on the
     * device once it returns; a disk that does not take them is told in the log and keeps nothing from being raised.
     */
    readonly settle: <R>(
      conditions: ReadonlyArray<Condition>,
      tell: (change: AlarmChange) => Effect.Effect<void, never, R>
    ) => Effect.Effect<void, never, R>
    /** What is raised now, longest first. */
    readonly active: Effect.Effect<ReadonlyArray<Alarm>>
  }
>() {}

/** Alarms that are kept in a file of their own; one that can't be read counts as none raised. */
export const make = (path: string): Effect.Effect<Alarms["Type"], never, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function* () {
    const context = yield* Effect.context<FileSystem.FileSystem | Path.Path>()
    const clock = yield* Effect.clock
    const alone = yield* Effect.makeSemaphore(1)
    let raised: ReadonlyMap<string, Alarm> = new Map((yield* read(path)).map((alarm) => [alarm.key, alarm]))

    const save = (alarms: ReadonlyArray<Alarm>) =>
      Effect.flatMap(encode(alarms), (text) => DurableFile.replace(path, `${text}\n`, { mode: 0o644 })).pipe(
        Effect.catchAll((error) => Effect.logWarning(`the alarms could not be written down: ${error.message}`)),
        Effect.provide(context)
      )

    return {
      settle: (conditions, tell) =>
        alone.withPermits(1)(
          Effect.suspend(() => {
            const now = clock.unsafeCurrentTimeMillis()
            const next = new Map(
              conditions.map((condition) => [
                condition.key,
                new Alarm({ ...condition, since: raised.get(condition.key)?.since ?? now })
              ])
            )
            const gone = [...raised.values()].filter(({ key }) => !next.has(key))
            const fresh = [...next.values()].filter(({ key }) => !raised.has(key))
            const changes = [
              ...gone.map((alarm): AlarmChange => ({ _tag: "Cleared", alarm })),
              ...fresh.map((alarm): AlarmChange => ({ _tag: "Raised", alarm }))
            ]
            const note = Effect.suspend(() => {
              raised = next
              return changes.length === 0 ? Effect.void : save([...next.values()])
            })
            return Effect.zipRight(Effect.forEach(changes, tell, { discard: true }), note)
          })
        ),
      active: Effect.sync(() => [...raised.values()].sort((a, b) => a.since - b.since))
    }
  })

// -----------------------------------------------------------------------------

const Json = Schema.parseJson(Schema.Array(Alarm))
const encode = Schema.encode(Json)

const read = (path: string) =>
  Effect.flatMap(FileSystem.FileSystem, (fs) => fs.readFileString(path)).pipe(
    Effect.flatMap(Schema.decode(Json)),
    Effect.catchTags({
      SystemError: ({ reason, message }) =>
        reason === "NotFound" ? Effect.void : Effect.logWarning(`the alarms could not be read: ${message}`),
      BadArgument: ({ message }) => Effect.logWarning(`the alarms could not be read: ${message}`),
      ParseError: () => Effect.logWarning(`${path} is no list of alarms: counted as none`)
    }),
    Effect.map((alarms) => alarms ?? [])
  )
