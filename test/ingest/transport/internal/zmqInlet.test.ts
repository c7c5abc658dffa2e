import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import * as Inlet from "../../../../src/ingest/transport/internal/zmqInlet.js"

/** A socket as the library's: it signals what has come once, to whoever polls or asks first. */
class OnceSignalled {
  closed = false
  private readonly queue: Array<Array<Buffer>> = []
  private signalled = false
  private waiting: ((message: Array<Buffer>) => void) | undefined

  arrive(...texts: ReadonlyArray<string>): void {
    this.queue.push(...texts.map((text) => [Buffer.from(text)]))
    this.signalled = true
    setImmediate(() => this.poll())
  }

  get readable(): boolean {
    this.signalled = false
    return this.queue.length > 0
  }

  readonly receive = (): Promise<Array<Buffer>> =>
    new Promise((resolve) => {
      const first = this.queue.shift()
      if (first === undefined) this.waiting = resolve
      else resolve(first)
    })

  private poll(): void {
    const { waiting } = this
    const first = this.signalled && waiting !== undefined ? this.queue.shift() : undefined
    if (first === undefined) return
    this.signalled = false
    this.waiting = undefined
    waiting?.(first)
  }
}

const texts = (messages: ReadonlyArray<ReadonlyArray<Buffer>>) => messages.map(([part]) => String(part))

describe("an inlet", () => {
  for (const count of [0, 1, 3]) {
    it.live(`throws away ${count} that have just come while somebody waits, and none that come then`, () =>
      Effect.gen(function* () {
        const socket = new OnceSignalled()
        const { drain, take } = Inlet.make(socket, 10)
        const waiting = yield* Effect.fork(take)
        yield* Effect.yieldNow()
        socket.arrive(...Array.from({ length: count }, () => "old"))
        assert.strictEqual(yield* drain, count)
        socket.arrive("new")
        assert.deepStrictEqual(texts(yield* Fiber.join(waiting)), ["new"])
      })
    )
  }

  it.live("throws away what has come while nobody waits", () =>
    Effect.gen(function* () {
      const socket = new OnceSignalled()
      const { drain, take } = Inlet.make(socket, 10)
      socket.arrive("old", "old")
      assert.strictEqual(yield* drain, 2)
      socket.arrive("new")
      assert.deepStrictEqual(texts(yield* take), ["new"])
    })
  )
})
