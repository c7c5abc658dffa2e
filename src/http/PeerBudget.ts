/**
 * How often one address may do something: so many times at once, then as often as time forgives it. Bounded: of many
 * addresses, the one that was heard of first is forgotten first. Times are Unix milliseconds.
 */
export interface PeerBudget {
  /** Milliseconds until the address may do it again; 0 means now. */
  readonly wait: (peer: string, now: number) => number
  /** It has done it once. */
  readonly count: (peer: string, now: number) => void
  /** As if it had never done it. */
  readonly clear: (peer: string) => void
}

export const make = (options: {
  /** Times at once. */
  readonly burst: number
  /** Milliseconds after which one of them is forgiven. */
  readonly forgive: number
  /** Addresses that are remembered. */
  readonly peers?: number
}): PeerBudget => {
  const { burst, forgive, peers = 1_000 } = options
  /** Per address the time until which what it did counts. */
  const until = new Map<string, number>()
  return {
    wait: (peer, now) => Math.max(0, (until.get(peer) ?? 0) - now - (burst - 1) * forgive),
    count: (peer, now) => {
      const counted = Math.max(until.get(peer) ?? 0, now) + forgive
      until.delete(peer)
      until.set(peer, counted)
      if (until.size > peers) for (const oldest of until.keys()) return void until.delete(oldest)
    },
    clear: (peer) => void until.delete(peer)
  }
}
