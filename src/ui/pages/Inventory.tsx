/** Every series on disk, with what is missing of it; a row opens onto its newest rows. */
import * as Effect from "effect/Effect"
import { useEffect, useState } from "react"
import type { InventoryEntry } from "../../domain/Collector.js"
import { BackfillOperations } from "../../operations/BackfillOperations.js"
import { CollectorOperations } from "../../operations/CollectorOperations.js"
import { setQuery, useAddress } from "../live/Address.js"
import { useOrders } from "../live/Order.js"
import { usePolled } from "../live/Polled.js"
import { matching, sumOf } from "../model/Inventory.js"
import { bytes, count, counted } from "../model/Quantity.js"
import { InventoryTable } from "../parts/InventoryTable.js"
import { NewBackfill } from "../parts/NewBackfill.js"
import { Empty, Panel, Problem } from "../parts/Panel.js"
import type { PageProps } from "./Overview.js"

const everyMillis = 10_000

export const Inventory = ({ chosen }: PageProps & { readonly chosen: string | undefined }) => {
  const text = useAddress().searchParams.get("filter") ?? ""
  const [{ problem, value }, again] = usePolled(
    "inventory",
    () => Effect.flatMap(CollectorOperations, (collector) => collector.inventory()),
    everyMillis
  )
  const [filling, setFilling] = useState<InventoryEntry | undefined>(undefined)
  const updates = useUpdates(again)
  const shown = matching(value ?? [], text)
  const sum = sumOf(shown)
  return (
    <div className="stack">
      <div className="page-head">
        <h1>Inventory</h1>
        <button
          type="button"
          className="button"
          disabled={updates.pending !== undefined || value === undefined || value.length === 0}
          title="Fetch what is new of every series of the jobs"
          onClick={() => void updates.start(undefined)}
        >
          {updates.pending === "all" ? "Starting…" : "Update all"}
        </button>
      </div>
      <Panel
        title="Series on disk"
        className="inventory-panel"
        aside={
          <>
            <span className="meta" role="status">
              {updates.said}
            </span>
            <span className="meta">
              {value === undefined ? "" : `${count(shown.length)} series, ${count(sum.rows)} rows, ${bytes(sum.bytes)}`}
            </span>
            <input
              type="search"
              className="filter"
              aria-label="Filter series"
              placeholder="Filter by source, pair, type"
              value={text}
              onChange={(event) => setQuery({ filter: event.target.value }, { replace: true })}
            />
          </>
        }
      >
        {problem !== undefined && <Problem onRetry={again}>{problem}</Problem>}
        {updates.problem !== undefined && <Problem>{updates.problem.text}</Problem>}
        {value === undefined ? (
          problem === undefined && <Empty>Asking the site…</Empty>
        ) : value.length === 0 ? (
          <Empty command={`outpost backfill --url ${location.origin}`}>
            Every series that is collected stands here with its span, its rows and what is missing. Nothing is on disk
            yet. Fetch it with New backfill on the Backfill page, or from a shell:
          </Empty>
        ) : shown.length === 0 ? (
          <Empty>None of the {count(value.length)} series matches the filter.</Empty>
        ) : (
          <InventoryTable
            entries={shown}
            chosen={chosen}
            pending={updates.pending}
            onUpdate={(entry) => void updates.start(entry.series)}
            onBackfill={setFilling}
          />
        )}
      </Panel>
      {filling !== undefined && (
        <NewBackfill preset={{ series: [filling.series] }} onClose={() => setFilling(undefined)} />
      )}
    </div>
  )
}

// ------------------------------------------------------------------------------------------------------------------

/** Rounds of collecting: started, followed to their end, and told in a word. */
const useUpdates = (onEnd: () => void) => {
  const { order, pending, problem } = useOrders()
  const [round, setRound] = useState<string | undefined>(undefined)
  const [{ value: record }] = usePolled(
    `round ${round ?? ""}`,
    () =>
      round === undefined
        ? Effect.succeed(undefined)
        : Effect.flatMap(BackfillOperations, (backfills) => backfills.get(round)),
    round === undefined ? 3_600_000 : 1_000
  )
  const over = record !== undefined && record.isOver
  useEffect(() => {
    if (over) onEnd()
  }, [over, onEnd])
  const said =
    round === undefined
      ? ""
      : record === undefined || !over
        ? "fetching what is new"
        : record.status === "done" && record.failed === 0
          ? record.rows === 0
            ? "nothing new"
            : `${counted(record.rows, "new row")}`
          : `the update failed: ${record.error ?? record.log.at(-1) ?? record.status}`
  return {
    pending,
    problem,
    said,
    start: async (series: string | undefined) => {
      const request = { collect: true, ...(series === undefined ? {} : { series: [series] }) }
      const operation = Effect.flatMap(BackfillOperations, (backfills) => backfills.start(request))
      const started = await order(series ?? "all", operation)
      if (started !== undefined) setRound(started.id)
    }
  }
}
