/** Puts back in line what was set aside: the button and the question say how many. */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { useState } from "react"
import type { MessageId } from "../../domain/Outbox.js"
import { OutboxOperations } from "../../operations/OutboxOperations.js"
import { ask } from "../live/Server.js"
import { counted } from "../model/Quantity.js"
import { Confirm } from "./Dialog.js"

export interface RetryButtonProps {
  /** Only what this uplink has set aside. */
  readonly uplink?: string | undefined
  /** Only these messages. */
  readonly ids?: ReadonlyArray<MessageId> | undefined
  /** How many that are. */
  readonly messages: number
  readonly onDone?: () => void
}

export const RetryButton = ({ ids, messages, onDone, uplink }: RetryButtonProps) => {
  const [asked, setAsked] = useState(false)
  const many = counted(messages, "message")
  const whose = uplink === undefined ? "" : ` of ${uplink}`
  return (
    <>
      <button
        type="button"
        className="small button"
        aria-label={`Retry ${counted(messages, "set aside", "set aside")}${whose}`}
        onClick={() => setAsked(true)}
      >
        Retry {counted(messages, "set aside", "set aside")}…
      </button>
      {asked && (
        <Confirm
          title={`Try ${many}${whose} again?`}
          action={`Retry ${many}`}
          onClose={() => setAsked(false)}
          onConfirm={async () => {
            const answer = await ask(Effect.flatMap(OutboxOperations, (outbox) => outbox.retry({ uplink, ids })))
            if (Either.isLeft(answer)) return answer.left.message
            onDone?.()
            return undefined
          }}
        >
          <p>
            Puts what could not be sent back in line. What can't be sent this time either is set aside again, with its
            reason. From a shell:{" "}
            <code className="break">
              outpost outbox retry{ids === undefined ? "" : ` ${ids.join(" ")}`}
              {uplink === undefined ? "" : ` --uplink ${uplink}`}
            </code>
            .
          </p>
        </Confirm>
      )}
    </>
  )
}
