/** Connections without a network: a test says what the venue says, and when it falls silent, on the test's own clock. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Mailbox from "effect/Mailbox"
import { type Heard, LiveSockets } from "../../src/backfill/live/LiveSockets.js"
import { SourceError } from "../../src/source/SourceError.js"

const lost = (detail: string) => new SourceError({ source: "toy", reason: "Disconnected", detail })

export class ScriptedConnection {
  readonly sent: Array<string> = []
  pings = 0
  closed = false
  /** Answers pings. */
  alive = true
  behind = false

  constructor(
    readonly url: string,
    readonly at: number,
    readonly mailbox: Mailbox.Mailbox<Heard, SourceError>,
    public lastHeard = at
  ) {}

  /** The venue says something. */
  readonly say = (...messages: ReadonlyArray<unknown>) =>
    Effect.flatMap(Clock.currentTimeMillis, (at) => {
      this.lastHeard = at
      const texts = messages.map((message) => (typeof message === "string" ? message : JSON.stringify(message)))
      return Effect.zipRight(this.mailbox.offer({ at, texts }), settle)
    })

  readonly drop = Effect.suspend(() => Effect.zipRight(this.mailbox.fail(lost("closed by the venue")), settle))
}

export class ScriptedSockets {
  readonly connections: Array<ScriptedConnection> = []
  /** When each one was asked for, in ms. */
  readonly asked: Array<number> = []
  /** Fails the next attempts. */
  refusal: SourceError | undefined

  get last(): ScriptedConnection {
    return this.connections.at(-1) ?? assertNever()
  }

  readonly layer: Layer.Layer<LiveSockets> = Layer.succeed(
    LiveSockets,
    LiveSockets.of({
      open: ({ url }) =>
        Effect.gen(this, function* () {
          const at = yield* Clock.currentTimeMillis
          this.asked.push(at)
          if (this.refusal !== undefined) return yield* this.refusal
          const connection = new ScriptedConnection(url, at, yield* Mailbox.make<Heard, SourceError>())
          this.connections.push(connection)
          yield* Effect.addFinalizer(() =>
            Effect.sync(() => {
              connection.closed = true
            })
          )
          return {
            heard: Mailbox.toStream(connection.mailbox),
            send: (text: string) => Effect.sync(() => void connection.sent.push(text)),
            ping: Effect.flatMap(Clock.currentTimeMillis, (now) =>
              Effect.sync(() => {
                connection.pings++
                if (connection.alive) connection.lastHeard = now
              })
            ),
            lastHeard: Effect.sync(() => connection.lastHeard),
            isBehind: Effect.sync(() => connection.behind)
          }
        })
    })
  )
}

/** Lets everything happen that needs no time. */
export const settle: Effect.Effect<void> = Effect.repeatN(Effect.yieldNow(), 100)

const assertNever = (): never => {
  throw new Error("nobody connected yet")
}
