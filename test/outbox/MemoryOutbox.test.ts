import { Effect } from "effect"
import * as MemoryOutbox from "../../src/outbox/MemoryOutbox.js"
import { OutboxSettings } from "../../src/outbox/Settings.js"
import { suite } from "../conformance/OutboxSuite.js"

suite("in memory", (settings) =>
  MemoryOutbox.make({ settings: new OutboxSettings(settings), revision: Effect.succeed(7) })
)
