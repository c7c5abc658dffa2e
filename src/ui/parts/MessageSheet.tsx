/** One message of the queue in full, as the address names it: `?message=4711`. */
import * as Effect from "effect/Effect"
import { type MessageId, type OutboxEntry } from "../../domain/Outbox.js"
import { OutboxOperations } from "../../operations/OutboxOperations.js"
import { setQuery } from "../live/Address.js"
import { useAsked } from "../live/Asked.js"
import { kindOf } from "../model/Outgoing.js"
import { Time } from "./Age.js"
import { Dialog } from "./Dialog.js"
import { Copy, Json } from "./Json.js"
import { Empty, Problem } from "./Panel.js"
import { RetryButton } from "./RetryButton.js"

export const MessageSheet = ({ id }: { readonly id: number }) => {
  const [answer, again] = useAsked(`message ${id}`, () =>
    Effect.map(
      Effect.flatMap(OutboxOperations, (outbox) => outbox.list({ after: id - 1, limit: 1 })),
      ({ messages }) => messages.find((message) => message.id === id)
    )
  )
  const message = answer.state === "here" ? answer.value : undefined
  return (
    <Dialog
      kind="sheet"
      title={<span className="mono">Message {id}</span>}
      onClose={() => setQuery({ message: undefined })}
    >
      {answer.state === "waiting" && <p className="meta">asking the site</p>}
      {answer.state === "failed" && <Problem onRetry={again}>{answer.problem}</Problem>}
      {answer.state === "here" && message === undefined && (
        <Empty command="outpost outbox export --since yesterday">
          Message {id} does not wait any more: it was delivered, dropped or has expired. The archive has it:
        </Empty>
      )}
      {message !== undefined && <Facts message={message} again={again} />}
    </Dialog>
  )
}

// ------------------------------------------------------------------------------------------------------------------

const Facts = ({ again, message }: { readonly message: OutboxEntry; readonly again: () => void }) => {
  const { at, body, expires_at, priority, revision, set_aside, waiting_for } = message
  const ids: ReadonlyArray<MessageId> = [message.id]
  return (
    <>
      <dl className="facts">
        <dt>Kind</dt>
        <dd>{kindOf(message)}</dd>
        <dt>Time</dt>
        <dd>
          <Time at={at * 1000} />
        </dd>
        <dt>Priority</dt>
        <dd>{priority}</dd>
        <dt>Revision</dt>
        <dd className="mono">{revision}</dd>
        <dt>Expires</dt>
        <dd>{expires_at === null ? "never" : <Time at={expires_at * 1000} />}</dd>
        <dt>Waits for</dt>
        <dd className="mono break">{waiting_for.length === 0 ? "nobody" : waiting_for.join(", ")}</dd>
      </dl>
      {set_aside.length > 0 && (
        <>
          <div className="sheet-bar">
            <h3>Set aside</h3>
            <RetryButton ids={ids} messages={1} onDone={again} />
          </div>
          <ul className="stack-small">
            {set_aside.map(({ at: since, reason, uplink }) => (
              <li key={uplink}>
                <span className="mono">{uplink}</span>, <Time at={since * 1000} />
                <span className="field-problem break note">{reason}</span>
              </li>
            ))}
          </ul>
        </>
      )}
      <div className="sheet-bar">
        <h3>Body</h3>
        <Copy text={() => JSON.stringify(body, null, 2)} />
      </div>
      <Json value={body} />
    </>
  )
}
