import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Feed from "../../src/source/Feed.js"
import type { Meaning } from "../../src/source/FeedMessage.js"

const Message = Schema.Struct({ say: Schema.NumberFromString })

const feed = (capabilities: Partial<Feed.Capabilities> = {}) =>
  Feed.make({
    name: "echo",
    description: "says how often it was spoken to",
    settings: Schema.Struct({ url: Schema.optionalWith(Schema.String, { default: () => "ws://echo" }) }),
    capabilities: () => ({
      channels: {
        trades: { kind: "rows", type: "trades" },
        quotes: { kind: "rows", type: "trades" },
        book: { kind: "book", type: "orderbook", depths: [10, 5] }
      },
      ...capabilities
    }),
    messages: Message,
    parse: (text) => (text === "pong" ? { say: "0" } : JSON.parse(text)),
    subscribe: ({ url }, { channels, pair }) =>
      Effect.succeed({
        url,
        trusted: false,
        open: () => {
          let count = 0
          return {
            hello: channels.map(({ depth, name }) => `${pair} ${name} ${depth}`),
            read: ({ say }: typeof Message.Type): ReadonlyArray<Meaning> => [
              { _tag: "Numbered", number: say + count++ }
            ]
          }
        }
      })
  })

const subscribe = (channels: ReadonlyArray<string>, capabilities?: Partial<Feed.Capabilities>) =>
  Effect.flatMap(feed(capabilities).prepare({}), (prepared) => prepared.subscribe({ pair: "A/B", channels }))

describe("Feed", () => {
  it.effect("hands the plug-in the channels with their depths, the first one where none was said", () =>
    Effect.gen(function* () {
      const subscribed = yield* subscribe(["trades", "book"])
      assert.deepStrictEqual(subscribed.open().hello, ["A/B trades 0", "A/B book 10"])
      assert.deepStrictEqual((yield* subscribe(["book@5"])).open().hello, ["A/B book@5 5"])
    })
  )

  it.effect("refuses what it does not have, naming what it has", () =>
    Effect.gen(function* () {
      const refused = (channels: ReadonlyArray<string>, capabilities?: Partial<Feed.Capabilities>) =>
        Effect.map(Effect.flip(subscribe(channels, capabilities)), ({ detail, reason }) => `${reason}: ${detail}`)
      assert.match(yield* refused(["ticker"]), /^Unsupported: .*'ticker'.*trades, quotes, book/)
      assert.match(yield* refused(["book@7"]), /no depth '7'; it has 5, 10/)
      assert.match(yield* refused(["book@05"]), /no depth '05'/)
      assert.match(yield* refused(["book@"]), /no depth ''/)
      assert.match(yield* refused(["trades@1"]), /it has none/)
      assert.match(yield* refused(["book@5@5"]), /no channel/)
      assert.match(yield* refused(["toString"]), /no channel/)
      assert.match(yield* refused([]), /no channel was asked for/)
      assert.match(yield* refused(["trades", "quotes"]), /trades is asked for twice/)
      assert.match(yield* refused(["trades", "book"], { perConnection: 1 }), /1 channel per connection/)
    })
  )

  it.effect("begins each connection with a state of its own", () =>
    Effect.gen(function* () {
      const subscribed = yield* subscribe(["trades"])
      const one = subscribed.open()
      one.read('{"say":"1"}')
      assert.deepStrictEqual(one.read('{"say":"1"}'), [{ _tag: "Numbered", number: 2 }])
      assert.deepStrictEqual(subscribed.open().read("pong"), [{ _tag: "Numbered", number: 0 }])
    })
  )

  it.effect("calls malformed what does not parse or decode, and does not keep all of it", () =>
    Effect.gen(function* () {
      const { read } = (yield* subscribe(["trades"])).open()
      for (const text of ["", "{", "null", "7", '{"say":"x"}', '{"say":3}', "x".repeat(1_000_000)]) {
        const [meaning, ...more] = read(text)
        assert.strictEqual(meaning?._tag, "Malformed")
        assert.isBelow(JSON.stringify(meaning).length, 300)
        assert.deepStrictEqual(more, [])
      }
    })
  )

  it.effect("settings that do not decode are misconfigured, with the field named", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(feed().prepare({ url: 7, more: 1 }))
      assert.strictEqual(error.reason, "Misconfigured")
      assert.match(error.detail, /url[^]*more|more[^]*url/)
    })
  )
})
