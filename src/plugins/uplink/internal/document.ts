/**
 * A message as a far side gets it that has no form of its own: (`station`, `id`) is its key, and it is the same each time.
 *
 * @internal
 */
import type { QueuedMessage } from "../../../outbox/Outbox.js"

/** JSON text. `body` is given as it stands in the archive. */
export const textOf = ({ id, micros, priority, revision, text }: QueuedMessage, station: string): string =>
  `{"station":${JSON.stringify(station)},"id":${id},"timestamp":${micros / 1_000_000},"revision":${revision},` +
  `"priority":"${priority}","body":${text}}`
