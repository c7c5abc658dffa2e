/** The verbs of procedures in this process. What an operator orders is recorded in the system stream before it is done. */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type { NodeStatus } from "../actor/NodeStatus.js"
import { SupervisionTree } from "../actor/SupervisionTree.js"
import type { NodeNotFound, StartFailed } from "../actor/SupervisorError.js"
import * as ProcedureChild from "../procedure/ProcedureChild.js"
import { type Known, Procedures } from "../procedure/Procedures.js"
import type { ProcedureSettings } from "../procedure/Settings.js"
import { StateDocument } from "../state/StateDocument.js"
import { TelemetryStore } from "../telemetry/TelemetryStore.js"
import { ProcedureFailed, ProcedureNotFound, ProcedureOperations, ProcedureStatus } from "./ProcedureOperations.js"

export const layer: Layer.Layer<
  ProcedureOperations,
  never,
  Procedures | StateDocument | SupervisionTree | TelemetryStore
> = Layer.effect(
  ProcedureOperations,
  Effect.gen(function* () {
    const procedures = yield* Procedures
    const state = yield* StateDocument
    const tree = yield* SupervisionTree
    const store = yield* TelemetryStore

    const list = Effect.gen(function* () {
      const { nodes } = yield* tree.get
      const byPath = new Map(nodes.map((node) => [node.path, node]))
      return (yield* procedures.list).flatMap((known) => {
        const node = byPath.get(pathOf(known.id))
        return node === undefined ? [] : [statusOf(known, node)]
      })
    })

    const order =
      (action: "stop" | "start" | "restart", act: (path: string) => Effect.Effect<void, NodeNotFound | StartFailed>) =>
      (name: string) =>
        Effect.ignore(store.postSystem("operator", { action: `procedure.${action}`, procedure: name })).pipe(
          Effect.zipRight(act(pathOf(name))),
          Effect.mapError((error) =>
            error._tag === "NodeNotFound"
              ? new ProcedureNotFound({ name })
              : new ProcedureFailed({ name, reason: error.message })
          )
        )

    return ProcedureOperations.of({
      list,
      get: (name) =>
        Effect.flatMap(list, (all) => {
          const found = all.find((one) => one.name === name)
          return found === undefined ? new ProcedureNotFound({ name }) : Effect.succeed(found)
        }),
      stop: order("stop", tree.stop),
      start: order("start", tree.start),
      restart: order("restart", tree.restart),
      state: state.get,
      stateHistory: state.history
    })
  })
)

// -----------------------------------------------------------------------------

const pathOf = (name: string): string => `procedures/${name}`

const kindOf = ({ command, module }: ProcedureSettings): ProcedureStatus["kind"] =>
  Option.isSome(command) ? "command" : Option.isSome(module) ? "module" : "built-in"

const triggerOf = ({ cron, every }: ProcedureSettings): string =>
  Option.match(every, {
    onNone: () => Option.getOrElse(cron, () => "endless"),
    onSome: (interval) => `every ${Duration.format(interval)}`
  })

const millis = (at: DateTime.Utc | undefined): number | null => (at === undefined ? null : DateTime.toEpochMillis(at))

const statusOf = ({ book, entry, id }: Known, node: NodeStatus): ProcedureStatus =>
  new ProcedureStatus(
    {
      name: id,
      kind: kindOf(entry),
      runs_what: ProcedureChild.describe(id, entry),
      trigger: triggerOf(entry),
      status: node.status,
      reason: node.reason ?? null,
      since: DateTime.toEpochMillis(node.since),
      until: millis(node.until),
      restarts: node.restarts,
      running: book.isRunning,
      runs: book.runs,
      last_start: book.startedAt ?? null,
      last_end: book.endedAt ?? null,
      last_success: book.succeededAt ?? null,
      next_run: node.status === "ready" || node.status === "degraded" ? (book.nextAt ?? null) : null,
      overruns: book.overruns,
      exit: book.exit === undefined ? null : { code: book.exit.code ?? null, signal: book.exit.signal ?? null },
      last_error: node.lastCause?.split("\n", 1)[0] ?? book.lastError ?? null,
      progress: book.shownProgress,
      dropped_lines: book.droppedLines,
      refused_lines: book.refused
    },
    { disableValidation: true }
  )
