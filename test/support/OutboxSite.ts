/** An outbox on a directory of its own, as an app opens it, with what it told. */
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as Effect from "effect/Effect"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import type { MessageInput } from "../../src/domain/Message.js"
import type { Drain } from "../../src/outbox/Outbox.js"
import { OutboxSettings } from "../../src/outbox/Settings.js"
import * as SqlOutbox from "../../src/outbox/SqlOutbox.js"

export interface TestOptions extends Partial<Omit<SqlOutbox.Options, "settings">> {
  readonly settings?: ConstructorParameters<typeof OutboxSettings>[0]
}

export const open = (directory: string, { settings, ...options }: TestOptions = {}) =>
  SqlOutbox.make({
    path: join(directory, "outbox.sqlite"),
    archive: join(directory, "messages"),
    settings: new OutboxSettings(settings ?? {}),
    revision: Effect.succeed(7),
    notify: () => undefined,
    ...options
  }).pipe(Effect.provide(NodeFileSystem.layer))

export const data = (values: Readonly<Record<string, number | string>>): MessageInput => ({
  body: { variant: "data", data: values }
})

/** A message that bears a number. */
export const numbered = (n: number, options: Omit<MessageInput, "body"> = {}): MessageInput => ({
  ...data({ n }),
  ...options
})

export const numberOf = (message: { readonly body: unknown }): unknown =>
  (message.body as { readonly data?: Record<string, unknown> }).data?.["n"]

/** Takes and confirms until nothing waits; the numbers in the order in which they came. */
export const drainAll = (drain: Drain, size = 100) =>
  Effect.gen(function* () {
    const got: Array<unknown> = []
    for (;;) {
      const messages = yield* drain.take(size)
      if (messages.length === 0) return got
      got.push(...messages.map(numberOf))
      yield* drain.ack(messages.map(({ id }) => id))
    }
  })

export const archiveText = (directory: string, day: string): string =>
  readFileSync(join(directory, "messages", `${day}.csv`), "utf8")
