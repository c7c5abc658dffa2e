/** Pause, resume, cancel, try again; what can't be undone says first what it touches. */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { useState } from "react"
import type { BackfillRecord } from "../../domain/Backfill.js"
import { BackfillOperations } from "../../operations/BackfillOperations.js"
import { go } from "../live/Address.js"
import { learnRecord } from "../live/BackfillFeed.js"
import { ask } from "../live/Server.js"
import { pathOf } from "../model/Address.js"
import { touched, verbsOf, windowsOf, type Verb } from "../model/BackfillState.js"
import { count, counted } from "../model/Quantity.js"
import { Confirm } from "./Dialog.js"

export const BackfillOrders = ({ record }: { readonly record: BackfillRecord }) => {
  const [asked, setAsked] = useState<"cancel" | "retry" | undefined>(undefined)
  const [pending, setPending] = useState<Verb | undefined>(undefined)
  const [problem, setProblem] = useState<string | undefined>(undefined)
  const { done, total } = windowsOf(record)
  const order = async (verb: Verb) => {
    setPending(verb)
    setProblem(undefined)
    const wrong = await carryOut(verb, record.id)
    setPending(undefined)
    return wrong
  }
  const press = (verb: Verb) =>
    verb === "cancel" || verb === "retry" ? setAsked(verb) : void order(verb).then(setProblem)
  const verbs = verbsOf(record)
  if (verbs.length === 0 && problem === undefined) return undefined
  return (
    <span className="orders always">
      {verbs.map((verb) => (
        <button
          key={verb}
          type="button"
          className="small button"
          disabled={pending !== undefined}
          title={`${words[verb][0]}: ${touched(record)}`}
          onClick={() => press(verb)}
        >
          {verb === "retry" ? `Retry ${count(record.failed)} failed…` : words[verb][pending === verb ? 1 : 0]}
        </button>
      ))}
      {problem !== undefined && (
        <span className="field-problem" role="alert">
          {problem}
        </span>
      )}
      {asked === "cancel" && (
        <Confirm
          title={`Cancel ${record.id}?`}
          action={`Cancel ${record.id}`}
          onClose={() => setAsked(undefined)}
          onConfirm={() => order("cancel")}
        >
          <p>
            Ends the backfill of {touched(record)}, with {count(done)} of {counted(total, "window")} finished. Requests
            under way are aborted; the {count(record.rows)} rows that are written stay. From a shell:{" "}
            <code className="break">outpost backfill cancel {record.id}</code>.
          </p>
        </Confirm>
      )}
      {asked === "retry" && (
        <Confirm
          title={`Try ${counted(record.failed, "failed window")} again?`}
          action={`Retry ${counted(record.failed, "failed window")}`}
          onClose={() => setAsked(undefined)}
          onConfirm={() => order("retry")}
        >
          <p>
            Starts a new backfill of {touched(record)} with the same request. Windows that failed are asked for again;
            what is fetched or confirmed empty is not.
          </p>
        </Confirm>
      )}
    </span>
  )
}

// ------------------------------------------------------------------------------------------------------------------

const words: Readonly<Record<Verb, readonly [string, string]>> = {
  pause: ["Pause", "Pausing…"],
  resume: ["Resume", "Resuming…"],
  cancel: ["Cancel…", "Cancelling…"],
  retry: ["Retry", "Starting…"]
}

const carryOut = async (verb: Verb, id: string): Promise<string | undefined> => {
  if (verb === "cancel") {
    const answer = await ask(Effect.flatMap(BackfillOperations, (backfills) => backfills.cancel(id)))
    return Either.isLeft(answer) ? answer.left.message : undefined
  }
  const operation = { pause: "pause", resume: "resume", retry: "retryFailed" } as const
  const answer = await ask(
    Effect.flatMap(BackfillOperations, (backfills): Effect.Effect<BackfillRecord, { readonly message: string }> =>
      backfills[operation[verb]](id)
    )
  )
  if (Either.isLeft(answer)) return answer.left.message
  learnRecord(answer.right)
  if (answer.right.id !== id) go(pathOf("backfill", answer.right.id))
  return undefined
}
