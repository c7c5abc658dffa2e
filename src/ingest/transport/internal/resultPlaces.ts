/**
 * Results within one process: each address is one line that all workers fill and one reducer empties. Results that come before
 * anybody listens wait in it, as far as it goes.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import { TransportFailed } from "../../FrameTransport.js"
import type { ResultMessage, ResultTransport } from "../../ResultTransport.js"
import { BoundedLine } from "../../internal/boundedLine.js"

const limits = { items: 1000, weight: 64 * 1024 * 1024 }

interface Place {
  readonly line: BoundedLine<ResultMessage>
  taken: boolean
}

export const resultPlaces = (): ResultTransport["Type"] => {
  const places = new Map<string, Place>()
  const placeOf = (url: string): Place => {
    const place = places.get(url) ?? { line: new BoundedLine(limits, weightOf), taken: false }
    places.set(url, place)
    return place
  }

  return {
    listen: Effect.fnUntraced(function* (url) {
      const place = placeOf(url)
      const { line } = place
      yield* Effect.acquireRelease(
        Effect.suspend(() => {
          if (place.taken) {
            return new TransportFailed({ operation: "listen at", address: url, reason: "somebody listens there" })
          }
          place.taken = true
          return Effect.void
        }),
        () =>
          Effect.sync(() => {
            place.taken = false
            line.takeAll()
          })
      )
      const take: Effect.Effect<ReadonlyArray<ResultMessage>> = Effect.suspend(() =>
        line.size > 0 ? Effect.succeed(line.takeAll()) : Effect.zipRight(line.something, take)
      )
      return { url, take }
    }),

    connect: (url) =>
      Effect.sync(() => {
        const { line } = placeOf(url)
        const sendFrom = (messages: ReadonlyArray<ResultMessage>, first: number): Effect.Effect<void> =>
          Effect.suspend(() => {
            for (let at = first; at < messages.length; at++) {
              const message = messages[at]
              if (message !== undefined && !line.offer(message))
                return Effect.zipRight(line.room, sendFrom(messages, at))
            }
            return Effect.void
          })
        return { send: (messages) => sendFrom(messages, 0) }
      })
  }
}

// ---------------------------------------------------------------------------------------------------------------------

const weightOf = ({ header, payload }: ResultMessage) => header.byteLength + payload.byteLength
