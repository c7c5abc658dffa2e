/** Where the datasets are copied to, how the copies went, and what room is left. */
import * as Effect from "effect/Effect"
import type { StorageStatus, SyncResult } from "../../domain/Collector.js"
import { CollectorOperations } from "../../operations/CollectorOperations.js"
import { useOrders } from "../live/Order.js"
import { usePolled } from "../live/Polled.js"
import { bytes, count, counted, duration } from "../model/Quantity.js"
import { Ago, Time } from "../parts/Age.js"
import { Mark } from "../parts/Mark.js"
import { Empty, Panel, Problem } from "../parts/Panel.js"
import type { PageProps } from "./Overview.js"

const everyMillis = 3_000

export const useStorage = () =>
  usePolled("storage", () => Effect.flatMap(CollectorOperations, (collector) => collector.storage), everyMillis)

export const Storage = ({ now }: PageProps) => {
  const [{ problem, value }, again] = useStorage()
  const { order, pending, problem: refused } = useOrders()
  const busy = pending !== undefined || value?.running === true
  const sync = () => {
    const done = order(
      "sync",
      Effect.flatMap(CollectorOperations, (collector) => collector.sync)
    )
    setTimeout(again, 200)
    void done.then(again)
  }
  return (
    <div className="stack">
      <div className="page-head">
        <h1>Storage</h1>
        <button
          type="button"
          className="button primary"
          disabled={busy || value === undefined || value.remotes.length === 0}
          title={value === undefined ? undefined : `Copies all datasets to ${counted(value.remotes.length, "remote")}`}
          onClick={sync}
        >
          {busy ? "Syncing…" : "Sync now"}
        </button>
      </div>
      {problem !== undefined && <Problem onRetry={again}>{problem}</Problem>}
      {refused !== undefined && <Problem>{refused.text}</Problem>}
      {value === undefined ? (
        problem === undefined && <Empty>Asking the site…</Empty>
      ) : (
        <div className="beside">
          <History value={value} />
          <Remotes value={value} now={now} />
        </div>
      )}
    </div>
  )
}

// ------------------------------------------------------------------------------------------------------------------

const Remotes = ({ now, value }: { readonly value: StorageStatus; readonly now: number }) => (
  <Panel title="Remotes" aside={<span className="meta">{count(value.remotes.length)}</span>}>
    {value.remotes.length === 0 ? (
      <Empty command='storage: { remotes: [{ provider: rclone, remote: "backup:site-1" }] }'>
        What is collected stands on this disk alone. Name a remote in the config, and every file is copied there and
        verified:
      </Empty>
    ) : (
      <ul className="series-progress">
        {value.remotes.map(({ provider, remote }) => (
          <li key={`${provider} ${remote}`}>
            <span className="mono break">{remote}</span>
            <span className="meta">{provider}</span>
          </li>
        ))}
      </ul>
    )}
    <dl className="facts pad">
      <dt>rclone</dt>
      <dd>
        {value.rclone_available ? (
          <Mark shape="disc" tone="good" word="available" />
        ) : value.remotes.some(({ provider }) => provider === "rclone") ? (
          <Mark shape="triangle" tone="bad" word="not found: apt-get install rclone" />
        ) : (
          <Mark shape="square" tone="rest" word="not installed" />
        )}
      </dd>
      <dt>Every</dt>
      <dd className="mono">{value.sync_interval === 0 ? "only when asked" : duration(value.sync_interval * 1000)}</dd>
      <dt>Last sync</dt>
      <dd>
        {value.last_sync === null ? (
          <span className="meta">no copy to all of them yet</span>
        ) : (
          <>
            <Time at={value.last_sync.last_sync_at * 1000} />{" "}
            <span className="meta">
              <Ago at={value.last_sync.last_sync_at * 1000} now={now} />
            </span>
          </>
        )}
      </dd>
      <dt>Disk left</dt>
      <dd className="mono">{value.free_bytes === null ? "–" : bytes(value.free_bytes)}</dd>
    </dl>
  </Panel>
)

const History = ({ value: { history, remotes, running } }: { readonly value: StorageStatus }) => (
  <Panel
    title="Copies"
    aside={
      running ? <Mark shape="ring" tone="busy" word="copying" /> : <span className="meta">{count(history.length)}</span>
    }
  >
    {history.length === 0 ? (
      <Empty command={`outpost sync --url ${location.origin}`}>
        How each copy to each remote went, with its reason where it failed.{" "}
        {remotes.length === 0 ? "There has been none: no remote is configured." : "There has been none yet."} Copy now
        from a shell:
      </Empty>
    ) : (
      <div className="table-scroll tall">
        <ul className="failed-windows">
          {history.map((result) => (
            <Copy key={`${result.remote} ${result.started_at}`} result={result} />
          ))}
        </ul>
      </div>
    )}
  </Panel>
)

const Copy = ({ result }: { readonly result: SyncResult }) => (
  <li data-ok={result.ok}>
    <Mark
      shape={result.ok ? "disc" : "triangle"}
      tone={result.ok ? "good" : "bad"}
      word={result.ok ? "copied and verified" : "failed"}
    />{" "}
    <span className="mono break">{result.remote}</span>
    <div className="meta">
      <Time at={result.started_at * 1000} />, took {duration((result.finished_at - result.started_at) * 1000)}
      {result.files === null ? "" : `, ${counted(result.files, "file")}`}
      {result.bytes === null ? "" : `, ${bytes(result.bytes)}`}
    </div>
    {result.error !== null && <div className="mono failed-reason">{result.error}</div>}
  </li>
)
