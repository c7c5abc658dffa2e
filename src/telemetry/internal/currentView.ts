/**
 * The current view: per stream the latest event of each type. The run's values cover the site's; both ends of a run clear
 * the run's. Bounded in types and in characters: beyond a limit the types that were silent longest leave it.
 *
 * @internal
 */
import { readable } from "./lineForm.js"

export interface CurrentEvent {
  readonly seq: number
  readonly line: string
}

export type CurrentStream = "site" | "run"

/** What a checkpoint has to save of the view. */
export interface CurrentChanges {
  readonly current: ReadonlyArray<{ readonly stream: CurrentStream; readonly type: string } & CurrentEvent>
  readonly removed: ReadonlyArray<{ readonly stream: CurrentStream; readonly type: string }>
  readonly clearRun: boolean
}

/** A stored line as its acknowledgement was: without the stream, characters instead of escapes. */
export const publicText = (line: string): string => {
  const mark = line.indexOf('","stream":"') + 1
  const end = line.indexOf('"', mark + 11) + 1
  return readable(mark === 0 ? line : line.slice(0, mark) + line.slice(end))
}

/** The longest the events of one stream in the view may be together. */
const charactersLimit = 64 * 1024 * 1024

export class CurrentView {
  private readonly views: Record<CurrentStream, Map<string, CurrentEvent>> = { site: new Map(), run: new Map() }
  private readonly characters: Record<CurrentStream, number> = { site: 0, run: 0 }
  private text: string | undefined
  /** Types (quoted) that changed since the last checkpoint. */
  private changed: Record<CurrentStream, Set<string>> = { site: new Set(), run: new Set() }
  /** Whether the run's values were cleared since the last checkpoint. */
  private cleared = false
  evicted = 0

  constructor(private readonly limit: number) {}

  /** Keeps the newer one. */
  set(stream: CurrentStream, quotedType: string, seq: number, line: string): void {
    const view = this.views[stream]
    const known = view.get(quotedType)
    if (known !== undefined && known.seq > seq) return
    view.set(quotedType, { seq, line })
    this.characters[stream] += line.length - (known?.line.length ?? 0)
    this.changed[stream].add(quotedType)
    this.text = undefined
    if (view.size > this.limit || this.characters[stream] > charactersLimit) this.evict(stream)
  }

  clearRun(): void {
    this.views.run.clear()
    this.characters.run = 0
    this.changed.run.clear()
    this.cleared = true
    this.text = undefined
  }

  /** Forgets run values up to a number: those of runs before the active one. */
  dropRunUpTo(seq: number): void {
    for (const [type, event] of this.views.run) {
      if (event.seq <= seq) this.leave("run", type, event)
    }
  }

  /** What changed since the last call, for a checkpoint. Give it back with `restoreChanges` if that fails. */
  takeChanges(): CurrentChanges {
    const current: Array<{ stream: CurrentStream; type: string; seq: number; line: string }> = []
    const removed: Array<{ stream: CurrentStream; type: string }> = []
    for (const stream of ["site", "run"] as const) {
      for (const type of this.changed[stream]) {
        const event = this.views[stream].get(type)
        if (event === undefined) removed.push({ stream, type })
        else current.push({ stream, type, ...event })
      }
    }
    const changes = { current, removed, clearRun: this.cleared }
    this.changed = { site: new Set(), run: new Set() }
    this.cleared = false
    return changes
  }

  restoreChanges(changes: CurrentChanges): void {
    for (const { stream, type } of [...changes.current, ...changes.removed]) this.changed[stream].add(type)
    this.cleared ||= changes.clearRun
  }

  get(quotedType: string): CurrentEvent | undefined {
    return this.views.run.get(quotedType) ?? this.views.site.get(quotedType)
  }

  /** `{"current":{...}}` as compact JSON text. */
  snapshot(): string {
    if (this.text === undefined) {
      const merged = new Map([...this.views.site, ...this.views.run])
      const members = [...merged].map(([type, event]) => `${readable(type)}:${publicText(event.line)}`)
      this.text = `{"current":{${members.join(",")}}}`
    }
    return this.text
  }

  private evict(stream: CurrentStream): void {
    const view = this.views[stream]
    const silent = [...view].sort((a, b) => a[1].seq - b[1].seq)
    const enough = Math.max(1, this.limit >> 5)
    for (const [index, [type, event]] of silent.entries()) {
      if (view.size === 1 || (index >= enough && this.characters[stream] <= charactersLimit)) return
      this.leave(stream, type, event)
      this.evicted++
    }
  }

  private leave(stream: CurrentStream, type: string, event: CurrentEvent): void {
    this.views[stream].delete(type)
    this.characters[stream] -= event.line.length
    this.changed[stream].add(type)
    this.text = undefined
  }
}
