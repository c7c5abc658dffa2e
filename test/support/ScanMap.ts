/** The scans that ensembles are tried with: a trigger map, the messages of its detectors, and what has to come of them. */
import { assert } from "@effect/vitest"
import { type MapEntry, type PeerMap, type VirtualWorker } from "./peer/PeerController.js"
import { type Multipart, seriesOf } from "./peer/PeerDetector.js"
import type { Reduced } from "./peer/PeerReducer.js"

/** By stream; an event without any is `{}`. */
export type Assigned = Readonly<Record<string, ReadonlyArray<string>>>

const to = (constraint: number, ...tags: ReadonlyArray<string>): ReadonlyArray<VirtualWorker> => [
  { tags: tags.length > 0 ? tags : ["generic"], constraint }
]
const everyone: ReadonlyArray<VirtualWorker> = [{ tags: ["generic"], constraint: null }]
const both: ReadonlyArray<VirtualWorker> = [...to(1), ...to(2)]

/** Everything that a map can say: shared and merged frames, `[]`, `null`, broadcast, tags, parts that come twice. */
export const variedMap: PeerMap = {
  parts: {
    varied: {
      eiger: [to(1), to(2), both, [], null, everyone, to(5, "generic", "debug"), to(6), null],
      cam_a: [to(1), to(1), null, to(3), null, null, to(5, "generic", "debug"), null, []],
      cam_b: [to(1), to(2), to(2), to(4), null, [], to(5, "generic", "debug"), everyone, to(7)]
    },
    plain: { eiger: Array.from({ length: 20 }, (_, event) => to(Math.floor(event / 4))) }
  },
  sequence: ["varied", "plain", "varied"]
}

/** One stream, an event for each frame; so many of them share a constraint. */
export const plainMap = (frames: number, together = 1): PeerMap => ({
  parts: { main: { eiger: Array.from({ length: frames }, (_, event) => to(Math.floor(event / together))) } },
  sequence: ["main"]
})

/** The events between the first and the last one, with the part that each belongs to. */
const eventsOf = (map: PeerMap) =>
  map.sequence.flatMap((name, occurrence) => {
    const part = map.parts[name] ?? {}
    const length = Object.values(part)[0]?.length ?? 0
    return Array.from({ length }, (_, event) => ({
      occurrence,
      entries: Object.fromEntries(
        Object.entries(part).map(([stream, all]): [string, MapEntry] => [stream, all[event] ?? null])
      )
    }))
  })

export const streamsOf = (map: PeerMap): ReadonlyArray<string> => [
  ...new Set(Object.values(map.parts).flatMap((part) => Object.keys(part)))
]

export const framesOf = (map: PeerMap, stream: string): number =>
  eventsOf(map).filter(({ entries }) => (entries[stream] ?? null) !== null).length

export const countOf = (map: PeerMap): number => eventsOf(map).length + 2

/** What the detector of a stream sends for its scan. */
export const messagesOf = (map: PeerMap, stream: string, scan: number): ReadonlyArray<Multipart> =>
  seriesOf(stream, scan, framesOf(map, stream))

/** Every event was assigned once, in order, as the map asks for. */
export const assertLegal = (
  map: PeerMap,
  workers: Readonly<Record<string, ReadonlyArray<string>>>,
  assigned: ReadonlyArray<Assigned>
): void => {
  const events = eventsOf(map)
  assert.strictEqual(assigned.length, events.length + 2, "events that were assigned")
  const fitting = (tags: ReadonlyArray<string>) =>
    Object.keys(workers)
      .filter((name) => tags.every((tag) => workers[name]?.includes(tag)))
      .sort()
  for (const at of [0, assigned.length - 1]) {
    for (const stream of streamsOf(map)) assert.deepStrictEqual(assigned[at]?.[stream], Object.keys(workers).sort())
  }
  const bound = new Map<string, string>()
  for (const several of [false, true]) {
    for (const [index, { entries, occurrence }] of events.entries()) {
      const event = index + 1
      for (const [stream, entry] of Object.entries(entries)) {
        const found = assigned[event]?.[stream]
        const where = `event ${event}, ${stream}`
        if (entry === null) {
          assert.isUndefined(found, where)
          continue
        }
        assert.isDefined(found, where)
        if (entry.length > 1 !== several) continue
        const wanted = entry.flatMap(({ constraint, tags = [] }) => {
          if (constraint === null || constraint === undefined) return fitting(tags)
          const key = `${occurrence} ${constraint}`
          const [first = ""] = found ?? []
          if (!several && !bound.has(key)) bound.set(key, first)
          const worker = bound.get(key) ?? ""
          assert.include(fitting(tags), worker, where)
          return [worker]
        })
        assert.deepStrictEqual(found, [...new Set(wanted)].sort(), where)
      }
    }
  }
}

/** Who was given which streams of each event: by the log as far as it stands, else by the results that came of it. */
export const assignedBy = (
  map: PeerMap,
  standing: ReadonlyMap<number, Assigned>,
  results: ReadonlyArray<Reduced>
): ReadonlyArray<Assigned> => {
  const told = Array.from({ length: countOf(map) }, (): Record<string, Array<string>> => ({}))
  for (const { event_number, payload, worker } of results) {
    const streams = told[event_number] ?? {}
    for (const stream of Object.keys(payload)) (streams[stream] ??= []).push(worker)
  }
  return told.map((streams, event) => {
    for (const workers of Object.values(streams)) workers.sort()
    return standing.get(event) ?? streams
  })
}

/** What was sent for a stream, as far as it belongs to its series. */
export type Sent = (stream: string) => ReadonlyArray<Multipart>

/** The frames of each event, as texts; of a stream that has none in it, nothing. */
const framesByEvent = (map: PeerMap, sent: Sent): ReadonlyArray<Readonly<Record<string, Multipart>>> => {
  const left = new Map(streamsOf(map).map((stream) => [stream, [...sent(stream)]]))
  const take = (streams: ReadonlyArray<string>) =>
    Object.fromEntries(streams.map((stream) => [stream, left.get(stream)?.shift() ?? []]))
  const named = eventsOf(map).map(({ entries }) => Object.keys(entries).filter((stream) => entries[stream] !== null))
  return [streamsOf(map), ...named, streamsOf(map)].map(take)
}

/** A result as one text, so that many of them can be compared. */
const tell = (event: number, worker: string, payload: Readonly<Record<string, ReadonlyArray<string>>>): string =>
  JSON.stringify([event, worker, Object.entries(payload).sort(([one], [other]) => (one < other ? -1 : 1))])

/** What every worker has to be given. */
const wanted = (map: PeerMap, sent: Sent, assigned: ReadonlyArray<Assigned>): ReadonlyArray<string> => {
  const frames = framesByEvent(map, sent)
  return assigned.flatMap((streams, event) =>
    [...new Set(Object.values(streams).flat())].sort().map((worker) => {
      const own = Object.keys(streams).filter((stream) => streams[stream]?.includes(worker))
      return tell(event, worker, Object.fromEntries(own.map((stream) => [stream, frames[event]?.[stream] ?? []])))
    })
  )
}

const byText = (one: string, other: string) => (one < other ? -1 : 1)

/** Each worker was given all of its frames, and nothing else, once and in order. */
export const assertExact = (
  map: PeerMap,
  sent: Sent,
  assigned: ReadonlyArray<Assigned>,
  results: ReadonlyArray<Reduced>
): void => {
  const found = results.map(({ event_number, payload, worker }) => tell(event_number, worker, payload))
  assert.deepStrictEqual(found.toSorted(byText), wanted(map, sent, assigned).toSorted(byText))
  assertInOrder(results)
}

/** Whatever there is of it is right, and nothing is there twice. Answers the events of which nothing is missing. */
export const assertPartOf = (
  map: PeerMap,
  sent: Sent,
  assigned: ReadonlyArray<Assigned>,
  results: ReadonlyArray<Reduced>
): ReadonlySet<number> => {
  const all = new Set(wanted(map, sent, assigned))
  const found = new Set(results.map(({ event_number, payload, worker }) => tell(event_number, worker, payload)))
  assert.strictEqual(found.size, results.length, "a result came twice")
  for (const one of found) assert.isTrue(all.has(one), `not to be expected: ${one}`)
  assertInOrder(results)
  const whole = new Set(assigned.keys())
  for (const one of all) if (!found.has(one)) whole.delete(Number(/\d+/.exec(one)?.[0]))
  return whole
}

const assertInOrder = (results: ReadonlyArray<Reduced>): void => {
  const last = new Map<string, number>()
  for (const { event_number, worker } of results) {
    assert.isAbove(event_number, last.get(worker) ?? -1, `of ${worker}`)
    last.set(worker, event_number)
  }
}
