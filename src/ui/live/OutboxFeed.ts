/** The outbox as it stands: figures, what was delivered of late, and a page of the queue; asked for while a page shows them. */
import * as Effect from "effect/Effect"
import type { OutboxPage, OutboxQuery, OutboxStats, Receipt } from "../../domain/Outbox.js"
import type { UplinkStatus } from "../../domain/Uplink.js"
import { maximumLimit } from "../../domain/Outbox.js"
import { OutboxOperations } from "../../operations/OutboxOperations.js"
import { counted, type Count } from "../model/Deliveries.js"
import { deliveredOf } from "../model/Outgoing.js"
import { usePolled } from "./Polled.js"
import { serverNow } from "./Ticking.js"

export interface Figures {
  readonly stats: OutboxStats
  /** The connections of those that the config names. */
  readonly uplinks: ReadonlyArray<UplinkStatus>
  /** How the counter of deliveries rose while the page was open. */
  readonly history: ReadonlyArray<Count>
}

/** The figures, with the deliveries of one uplink or of all. */
export const useFigures = (uplink: string | undefined) =>
  usePolled(
    `outbox ${uplink ?? ""}`,
    () =>
      Effect.map(Effect.all({ stats, uplinks }, { concurrency: 2 }), (told): Figures => ({
        ...told,
        history: withCount(told.stats, uplink)
      })),
    figuresMillis
  )

/** The figures alone, for a page that is about something else. */
export const useStats = () => usePolled("outbox", () => stats, statsMillis)

export interface Receipts {
  readonly newest: ReadonlyArray<Receipt>
  /** There are no older ones. */
  readonly whole: boolean
}

/** The newest receipts, as many as one answer bears. */
export const useReceipts = (uplink: string | undefined) =>
  usePolled(
    `receipts ${uplink ?? ""}`,
    () =>
      Effect.map(
        Effect.flatMap(OutboxOperations, (outbox) => outbox.receipts({ uplink, limit: maximumLimit })),
        (newest): Receipts => ({ newest, whole: newest.length < maximumLimit })
      ),
    receiptsMillis
  )

/** A page of the queue. */
export const useMessages = (query: OutboxQuery) =>
  usePolled(
    JSON.stringify(query),
    (): Effect.Effect<OutboxPage, Failure, OutboxOperations> =>
      Effect.flatMap(OutboxOperations, (outbox) => outbox.list(query)),
    messagesMillis
  )

// ------------------------------------------------------------------------------------------------------------------

type Failure = Effect.Effect.Error<OutboxOperations["Type"]["stats"]>

const figuresMillis = 2_000
const statsMillis = 5_000
const receiptsMillis = 10_000
const messagesMillis = 3_000

const stats = Effect.flatMap(OutboxOperations, (outbox) => outbox.stats)
const uplinks = Effect.flatMap(OutboxOperations, (outbox) => outbox.uplinks)

/** Of which uplink the counts are. */
let watched: { readonly uplink: string | undefined; readonly counts: ReadonlyArray<Count> } = {
  uplink: undefined,
  counts: []
}

const withCount = (told: OutboxStats, uplink: string | undefined): ReadonlyArray<Count> => {
  const before = watched.uplink === uplink ? watched.counts : []
  watched = { uplink, counts: counted(before, { at: serverNow(), delivered: deliveredOf(told, uplink) }) }
  return watched.counts
}
