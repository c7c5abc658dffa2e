/** Server-sent events of one route, taken up again by themselves for as long as somebody follows. */
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

export interface Listening<A> {
  /** What comes from here on is complete. */
  readonly onOpen: () => void
  readonly onMessage: (value: A) => void
  /** Nothing comes until it opens again. */
  readonly onLost: () => void
}

/** Follows a route of the server; what does not decode is passed over. Returns how to stop. */
export const follow = <A, I>(path: string, schema: Schema.Schema<A, I>, on: Listening<A>): (() => void) => {
  const decode = Schema.decodeUnknownOption(Schema.parseJson(schema))
  let source: EventSource
  let again: ReturnType<typeof setTimeout> | undefined
  const open = () => {
    source = new EventSource(path)
    source.addEventListener("open", on.onOpen)
    source.addEventListener("message", (message: MessageEvent<string>) => {
      const value = decode(message.data)
      if (Option.isSome(value)) on.onMessage(value.value)
    })
    source.addEventListener("error", () => {
      on.onLost()
      // A browser gives up where there was an answer of another kind.
      if (source.readyState === EventSource.CLOSED) again = setTimeout(open, againMillis)
    })
  }
  open()
  return () => {
    clearTimeout(again)
    source.close()
  }
}

// ------------------------------------------------------------------------------------------------------------------

const againMillis = 3_000
