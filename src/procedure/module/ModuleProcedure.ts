/**
 * A procedure that is a user's module: its default export, or one named `procedure`, is a value of `Procedure.make` or a plain
 * function `(settings, tools) => Promise`. A procedure is known by its mark: the module may have brought a copy of this library.
 *
 * A run that is interrupted aborts the function's signal and waits until the function has ended, so that its own teardown is
 * awaited; one that never ends is abandoned by its supervisor when `shutdown` has passed. A module runs in this process: code
 * that never gives way blocks the site, and belongs into a command.
 */
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as UserModule from "../../site/UserModule.js"
import { isProcedure, type Procedure, ProcedureError, type Run, TypeId } from "../Procedure.js"
import * as ModuleTools from "./ModuleTools.js"
import type { RunBook } from "../RunBook.js"

/** What a module's plain function is. */
export type ModuleFunction = (settings: unknown, tools: ModuleTools.ModuleTools) => unknown

export interface Options {
  readonly name: string
  /** Absolute. */
  readonly file: string
  readonly book: RunBook
}

/** The module is loaded when a life begins: a file that has changed counts from the next one. */
export const make = ({ book, file, name }: Options): Procedure => ({
  _tag: "Procedure",
  [TypeId]: TypeId,
  name,
  description: `The module ${file}`,
  pace: "endless",
  prepare: (settings) =>
    Effect.tryPromise({
      try: () => UserModule.load(file),
      catch: (cause) => misconfigured(name, `${file} can't be loaded: ${UserModule.describe(cause)}`)
    }).pipe(
      Effect.flatMap((exports) => {
        const found = candidates(exports).find((value) => isProcedure(value) || Predicate.isFunction(value))
        if (isProcedure(found)) return Effect.map(found.prepare(settings), (run) => translated(name, run))
        if (isModuleFunction(found)) return Effect.succeed(runOf(name, found, settings, book))
        return misconfigured(name, `${file} has to export a procedure, or a function, as its default`)
      })
    )
})

// -----------------------------------------------------------------------------

const misconfigured = (procedure: string, detail: string) =>
  new ProcedureError({ procedure, reason: "Misconfigured", detail })

const candidates = (exports: unknown): ReadonlyArray<unknown> =>
  Predicate.isRecord(exports) ? [exports["default"], exports["procedure"]] : []

const isModuleFunction = (value: unknown): value is ModuleFunction => Predicate.isFunction(value)

/** An error of another copy of the class keeps its reason, and gets the name of the entry. */
const translated = (procedure: string, run: Run): Run =>
  Effect.mapError(run, (error) =>
    error instanceof ProcedureError
      ? error
      : new ProcedureError({ procedure, reason: "Failed", detail: UserModule.describe(error) })
  )

const runOf = (procedure: string, code: ModuleFunction, settings: unknown, book: RunBook): Run =>
  Effect.gen(function* () {
    const tools = yield* ModuleTools.make(procedure, book)
    yield* Effect.async<void, ProcedureError>((resume, signal) => {
      const failed = (cause: unknown) =>
        new ProcedureError({ procedure, reason: "Failed", detail: UserModule.describe(cause) })
      const running = new Promise((settle) => settle(code(settings, { ...tools, signal })))
      const ended = running.then(
        () => Effect.void,
        (cause: unknown) => Effect.fail(failed(cause))
      )
      void ended.then(resume)
      // An abort that is obeyed with an error is obeyed all the same; anything else is told.
      return Effect.promise(() => ended).pipe(
        Effect.flatten,
        Effect.catchAll((error) => (signal.aborted && isAbort(error) ? Effect.void : told(error)))
      )
    })
  }).pipe(Effect.scoped)

const told = (error: ProcedureError) => Effect.logWarning(`its teardown failed: ${error.detail}`)

const isAbort = ({ detail }: ProcedureError): boolean => /abort/i.test(detail)
