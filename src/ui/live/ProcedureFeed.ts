/** The procedures as they stand, asked for once a second while a page shows them; and orders to them, pending until they are done. */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { useEffect } from "react"
import { ProcedureOperations, type ProcedureStatus } from "../../operations/ProcedureOperations.js"
import type { Action } from "../model/Procedure.js"
import { Cell, useChanging } from "./Changing.js"
import type { Polled } from "./Polled.js"
import { useSeen } from "./Seen.js"
import { ask } from "./Server.js"

/** In the order of the config. */
export const useProcedures = (): Polled<ReadonlyArray<ProcedureStatus>> => {
  const seen = useSeen()
  useEffect(() => (seen ? poll() : undefined), [seen])
  return useChanging(procedures)
}

/** What was last ordered of a procedure. */
export interface Ordered {
  /** What it is being brought to. */
  readonly pending: Action | undefined
  /** Why the last order was not carried out. */
  readonly problem: string | undefined
}

/** By the name of the procedure. */
export const useOrdered = (): ReadonlyMap<string, Ordered> => useChanging(ordered)

/** Pending until the procedure is where it should be and the page has seen it; resolves with what went wrong, or nothing. */
export const order = async (name: string, action: Action): Promise<string | undefined> => {
  note(name, { pending: action, problem: undefined })
  const answer = await ask(Effect.flatMap(ProcedureOperations, (operations) => operations[action](name)))
  await refresh()
  const problem = Either.isLeft(answer) ? answer.left.message : undefined
  note(name, { pending: undefined, problem })
  return problem
}

// ------------------------------------------------------------------------------------------------------------------

const everyMillis = 1_000

const procedures = new Cell<Polled<ReadonlyArray<ProcedureStatus>>>({ value: undefined, problem: undefined })
const ordered = new Cell<ReadonlyMap<string, Ordered>>(new Map())

const note = (name: string, what: Ordered) => ordered.set(new Map(ordered.get()).set(name, what))

const refresh = async (): Promise<void> => {
  const answer = await ask(Effect.flatMap(ProcedureOperations, ({ list }) => list))
  procedures.set(
    Either.isRight(answer)
      ? { value: answer.right, problem: undefined }
      : { value: procedures.get().value, problem: answer.left.message }
  )
}

const poll = (): (() => void) => {
  let wanted = true
  let next: ReturnType<typeof setTimeout> | undefined
  const turn = () =>
    void refresh().then(() => {
      if (wanted) next = setTimeout(turn, everyMillis)
    })
  turn()
  return () => {
    wanted = false
    clearTimeout(next)
  }
}
