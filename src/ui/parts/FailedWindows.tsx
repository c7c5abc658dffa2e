/** The windows of a backfill that were given up, with the reason, page by page. */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { useEffect, useState } from "react"
import type { ChunkView } from "../../domain/Backfill.js"
import { BackfillOperations } from "../../operations/BackfillOperations.js"
import { useAsked } from "../live/Asked.js"
import { ask } from "../live/Server.js"
import { count, counted } from "../model/Quantity.js"
import { Time } from "./Age.js"
import { Empty, Panel, Problem } from "./Panel.js"

const pageRows = 50

export interface FailedWindowsProps {
  readonly id: string
  /** How many there are, as the record tells. */
  readonly failed: number
}

export const FailedWindows = ({ failed, id }: FailedWindowsProps) => {
  const [first, again] = useAsked(`failed ${id} ${failed}`, () => page(id, undefined))
  const [more, setMore] = useState<ReadonlyArray<ChunkView>>([])
  const [next, setNext] = useState<string | null>(null)
  const [problem, setProblem] = useState<string | undefined>(undefined)
  useEffect(() => {
    setMore([])
    setNext(first.state === "here" ? first.value.next : null)
    setProblem(undefined)
  }, [first])
  const readOn = async () => {
    const answer = await ask(page(id, next ?? undefined))
    if (Either.isLeft(answer)) return setProblem(answer.left.message)
    setProblem(undefined)
    setMore((before) => [...before, ...answer.right.chunks])
    setNext(answer.right.next)
  }
  const rows = first.state === "here" ? [...first.value.chunks, ...more] : []
  return (
    <Panel title="Failed windows" aside={<span className="meta">{count(failed)}</span>}>
      {first.state === "waiting" && <Empty>Asking the site…</Empty>}
      {first.state === "failed" && <Problem onRetry={again}>{first.problem}</Problem>}
      {first.state === "here" && rows.length === 0 && (
        <Empty>None of its windows stands as failed now: a later attempt has settled them.</Empty>
      )}
      {rows.length > 0 && (
        <div className="table-scroll">
          <ul className="failed-windows">
            {rows.map((chunk) => (
              <li key={`${chunk.series}@${chunk.start}`}>
                <div className="meta">
                  <span className="mono">{chunk.series}</span> <Time at={chunk.start} /> to <Time at={chunk.end} />,{" "}
                  {counted(chunk.attempts, "attempt")}
                </div>
                <div className="mono failed-reason">
                  {chunk.error_type === "" ? "" : `${chunk.error_type}: `}
                  {chunk.error_message}
                </div>
              </li>
            ))}
          </ul>
        </div>
      )}
      {problem !== undefined && <Problem onRetry={() => void readOn()}>{problem}</Problem>}
      {next !== null && (
        <div className="pad">
          <button type="button" className="small button" onClick={() => void readOn()}>
            Show {pageRows} more
          </button>
        </div>
      )}
    </Panel>
  )
}

// ------------------------------------------------------------------------------------------------------------------

const page = (id: string, after: string | undefined) =>
  Effect.flatMap(BackfillOperations, (backfills) => backfills.chunks({ id, status: "FAILED", limit: pageRows, after }))
