/**
 * Finds out what was lost with connections that broke. ZeroMQ makes a connection again by itself, and what was on its way is
 * gone without a word. A later message tells the gap by its number; but a worker whose whole share was lost has nothing to
 * report, is given nothing more, and so gets no later message.
 *
 * It is judged from look to look, two seconds apart: a connection that has broken in this scan, and has brought nothing since
 * the last look, has lost what its ingester had handed over by then and what is still missing. An ingester of the field does
 * not say what it has handed over: there, what was assigned when the silence began is given up after half a minute of it.
 *
 * @internal
 */
import type { IngesterState } from "../../../assignment/ServiceState.js"
import type { Lane, Pairing } from "../Pairing.js"
import type { Connected } from "./ingesterLinks.js"

/** What a look has seen of a connection. */
interface Seen {
  /** How often it had broken when the scan began. */
  readonly before: number
  received: number
  /** The last event that its ingester said it had handed over. */
  handedOver: number
  /** The last event that was assigned when the silence began. */
  known: number
  /** Looks in a row in which nothing came. */
  silent: number
}

/** A scan, as far as it matters here. */
export interface Judged {
  readonly mapping: string
  readonly pairing: Pairing
}

/** Looks in a row without a message, for an ingester that does not say what it has handed over. */
const patience = 15

export class BrokenLinks {
  #seen = new Map<Lane, Seen>()

  constructor(readonly worker: string) {}

  /** A scan begins: what broke before does not matter to it. */
  begin(connected: ReadonlyArray<Connected>): void {
    this.#seen = new Map(connected.map((one) => [one.lane, seenOf(one.received, one.breaks())]))
  }

  /** A look; says whether something was given up. */
  judge(
    { mapping, pairing }: Judged,
    connected: ReadonlyArray<Connected>,
    ingesters: ReadonlyArray<IngesterState>
  ): boolean {
    let gaveUp = false
    const seen = new Map<Lane, Seen>()
    for (const one of connected) {
      const { breaks, lane, received, state } = one
      const before = this.#seen.get(lane) ?? seenOf(received, 0)
      seen.set(lane, before)
      const now = ingesters.find(({ service_uuid }) => service_uuid === state.service_uuid)
      const isQuiet = received === before.received && pairing.outstanding > 0 && !pairing.isFull(lane)
      if (isQuiet && breaks() > before.before) {
        before.silent++
        const upTo = now?.handed_over !== undefined || before.silent < patience ? before.handedOver : before.known
        if (upTo > pairing.latest(lane)) gaveUp = pairing.giveUp(lane, upTo) || gaveUp
      } else {
        before.silent = 0
        before.known = pairing.known
      }
      before.received = received
      before.handedOver = now?.mapping_uuid === mapping ? (now.handed_over?.[this.worker] ?? -1) : -1
    }
    this.#seen = seen
    return gaveUp
  }
}

// -----------------------------------------------------------------------------

const seenOf = (received: number, before: number): Seen => ({
  before,
  received,
  handedOver: -1,
  known: -1,
  silent: 0
})
