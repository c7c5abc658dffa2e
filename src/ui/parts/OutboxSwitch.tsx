/** Whether messages are handed to the uplinks, and how to hold or resume that. A stop is pending until it is done. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { useState, type FormEvent } from "react"
import type { OutboxStats } from "../../domain/Outbox.js"
import { OutboxOperations } from "../../operations/OutboxOperations.js"
import { useOrders } from "../live/Order.js"
import { counted } from "../model/Quantity.js"
import { Dialog } from "./Dialog.js"
import { Mark } from "./Mark.js"

export const OutboxSwitch = ({ again, stats }: { readonly stats: OutboxStats; readonly again: () => void }) => {
  const [asked, setAsked] = useState(false)
  const { order, pending, problem } = useOrders()
  const stop = (seconds: number) => {
    setAsked(false)
    void order(
      "stop",
      Effect.flatMap(OutboxOperations, (outbox) => outbox.stop(Duration.seconds(seconds)))
    ).then(again)
  }
  const start = () =>
    void order(
      "start",
      Effect.flatMap(OutboxOperations, (outbox) => outbox.start)
    ).then(again)
  return (
    <>
      {problem !== undefined && (
        <span className="field-problem" role="alert">
          {problem.text}
        </span>
      )}
      {pending !== undefined ? (
        <Mark shape="ring" tone="busy" word={pending === "stop" ? "delivering what is left" : "starting"} />
      ) : stats.stopped ? (
        <Mark shape="square" tone="rest" word="stopped" />
      ) : (
        <Mark shape="disc" tone="good" word="sending" />
      )}
      {stats.stopped ? (
        <button type="button" className="button primary" disabled={pending !== undefined} onClick={start}>
          {pending === "start" ? "Starting…" : "Start sending"}
        </button>
      ) : (
        <button type="button" className="button" disabled={pending !== undefined} onClick={() => setAsked(true)}>
          {pending === "stop" ? "Stopping…" : "Stop sending…"}
        </button>
      )}
      {asked && <AskStop stats={stats} onStop={stop} onClose={() => setAsked(false)} />}
    </>
  )
}

// ------------------------------------------------------------------------------------------------------------------

/** The server's own bound, and what a shell's `outbox stop` waits. */
const mostSeconds = 86_400
const usualSeconds = 60

interface AskStopProps {
  readonly stats: OutboxStats
  readonly onStop: (seconds: number) => void
  readonly onClose: () => void
}

const AskStop = ({ onClose, onStop, stats }: AskStopProps) => {
  const [text, setText] = useState(String(usualSeconds))
  const seconds = text.trim() === "" ? Number.NaN : Number(text)
  const valid = seconds >= 0 && seconds <= mostSeconds
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (valid) onStop(seconds)
  }
  return (
    <Dialog title="Stop sending?" kind="card" onClose={onClose}>
      <form className="dialog-form" onSubmit={submit}>
        <p>
          {counted(stats.uplinks.length, "uplink")} may deliver what waits ({counted(stats.messages, "message")}) within
          a time, then nothing more is handed over. Messages are taken and kept all the while. Sending goes on when it
          is started again, here or with <code>outpost outbox start</code>, or with the site.
        </p>
        <label>
          Seconds to deliver what waits
          <input
            className="mono"
            inputMode="numeric"
            data-first
            value={text}
            aria-invalid={!valid}
            onChange={(event) => setText(event.target.value)}
          />
        </label>
        {!valid && <p className="field-problem">A number of seconds, 0 to {mostSeconds}.</p>}
        <div className="dialog-actions">
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="button danger" disabled={!valid}>
            Stop sending
          </button>
        </div>
      </form>
    </Dialog>
  )
}
