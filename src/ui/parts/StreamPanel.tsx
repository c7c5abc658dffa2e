/** Live streams and their true state: when the last message came, how often the connection was lost, and why. */
import * as Effect from "effect/Effect"
import type { StreamEntry } from "../../domain/Collector.js"
import { CollectorOperations } from "../../operations/CollectorOperations.js"
import { useOrders } from "../live/Order.js"
import { usePolled } from "../live/Polled.js"
import { count } from "../model/Quantity.js"
import { Age } from "./Age.js"
import { Mark, type Shape, type Tone } from "./Mark.js"
import { Empty, Panel, Problem } from "./Panel.js"

const everyMillis = 2_000

export const useStreams = () =>
  usePolled("streams", () => Effect.flatMap(CollectorOperations, (collector) => collector.streams), everyMillis)

export const StreamPanel = ({ now }: { readonly now: number }) => {
  const [{ problem, value }, again] = useStreams()
  const { order, pending, problem: refused } = useOrders()
  const turn = ({ channels, exchange, key, pair, running }: StreamEntry) => {
    const stream = { exchange, pair, channels }
    const operation = Effect.flatMap(
      CollectorOperations,
      (collector): Effect.Effect<unknown, { readonly message: string }> =>
        running ? collector.stopStream(stream) : collector.startStream(stream)
    )
    void order(key, operation).then(again)
  }
  const live = value?.filter(({ state }) => state === "live").length ?? 0
  return (
    <Panel
      title="Live streams"
      className="stream-panel"
      aside={
        <span className="meta">
          {value === undefined || value.length === 0 ? "" : `${count(live)} of ${count(value.length)} live`}
        </span>
      }
    >
      {problem !== undefined && <Problem onRetry={again}>{problem}</Problem>}
      {refused !== undefined && (
        <Problem>
          {refused.name}: {refused.text}
        </Problem>
      )}
      {value === undefined ? (
        problem === undefined && <Empty>Asking the site…</Empty>
      ) : value.length === 0 ? (
        <Empty command="outpost stream start binance BTC/USDT --channel trades">
          A live stream writes trades or books as they happen. The config names none under <code>stream_jobs</code>.
          Once it does, this starts one from a shell:
        </Empty>
      ) : (
        <div className="table-scroll">
          <table className="streams">
            <thead>
              <tr>
                <th scope="col">Stream</th>
                <th scope="col">State</th>
                <th scope="col" className="number">
                  Last message
                </th>
                <th scope="col" className="number wide-only">
                  Rows
                </th>
                <th scope="col" className="number wide-only">
                  Reconnects
                </th>
                <th scope="col" className="wide-only">
                  Reason
                </th>
                <th scope="col">
                  <span className="hidden-label">Orders</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {value.map((stream) => (
                <Row key={stream.key} stream={stream} now={now} pending={pending} onTurn={turn} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  )
}

// ------------------------------------------------------------------------------------------------------------------

const looks: Readonly<Record<StreamEntry["state"], readonly [Shape, Tone, string]>> = {
  stopped: ["square", "rest", "stopped"],
  connecting: ["ring", "busy", "connecting"],
  live: ["disc", "good", "live"],
  stale: ["disc", "warn", "stale"],
  "backing-off": ["half", "warn", "backing off"],
  rejected: ["triangle", "bad", "rejected"],
  failed: ["triangle", "bad", "failed"]
}

interface RowProps {
  readonly stream: StreamEntry
  readonly now: number
  readonly pending: string | undefined
  readonly onTurn: (stream: StreamEntry) => void
}

const Row = ({ now, onTurn, pending, stream }: RowProps) => {
  const [shape, tone, word] = looks[stream.state]
  return (
    <tr data-stream={stream.key}>
      <td>
        <span className="mono">
          {stream.exchange} {stream.pair}
        </span>{" "}
        <span className="meta note">{stream.channels.join(", ")}</span>
      </td>
      <td>
        <Mark shape={shape} tone={tone} word={word} />
        {stream.since !== null && (
          <span className="meta note">
            for <Age at={stream.since * 1000} now={now} />
          </span>
        )}
      </td>
      <td className="number">
        {stream.last_message_at === null ? (
          <span className="meta">none yet</span>
        ) : (
          <>
            <Age at={stream.last_message_at * 1000} now={now} />
          </>
        )}
      </td>
      <td className="mono number wide-only">{count(stream.rows)}</td>
      <td className="mono number wide-only">{count(stream.reconnects)}</td>
      <td className="wide-only">
        <span className="reason note" data-error={stream.error !== null}>
          {stream.error ?? ""}
        </span>
      </td>
      <td className="number">
        <button
          type="button"
          className="small button"
          disabled={pending !== undefined}
          aria-label={`${stream.running ? "Stop" : "Start"} ${stream.key}`}
          title={stream.running ? "What it holds is written before it ends" : undefined}
          onClick={() => onTurn(stream)}
        >
          {pending === stream.key ? "Working…" : stream.running ? "Stop" : "Start"}
        </button>
      </td>
    </tr>
  )
}
