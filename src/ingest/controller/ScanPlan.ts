/**
 * A trigger map made ready to be run through: checked, with the events at both ends that carry the first and the last message
 * of each stream, and each part looked through once, however often the sequence repeats it.
 */
import * as Either from "effect/Either"
import type { Roster } from "../../assignment/ServiceState.js"
import { repr } from "../../domain/PythonRepr.js"
import * as PartPlan from "./PartPlan.js"
import { TagSets } from "./TagSets.js"
import { MapRefused, type Part, type TriggerMap } from "./TriggerMap.js"

export interface ScanPlan {
  /** With the part that was added. */
  readonly map: TriggerMap
  /** One for each occurrence; occurrences of a part share it. */
  readonly sequence: ReadonlyArray<PartPlan.PartPlan>
  readonly tagSets: TagSets
  readonly streams: ReadonlyArray<string>
  readonly totalEvents: number
  readonly minWorkers: number
}

/** The part that is added at both ends. */
export const startEnd = "reserved_start_end"

/** Checks what the map says by itself. */
export const make = (map: TriggerMap, allWrap: boolean): Either.Either<ScanPlan, MapRefused> => {
  const fault = faultOf(map, allWrap)
  if (fault !== undefined) return Either.left(fault)
  const tagSets = new TagSets()
  const plans = new Map(
    Object.entries(map.parts).map(([name, part]) => [name, PartPlan.make(name, part, tagSets)] as const)
  )
  const streams = [...new Set(Object.values(map.parts).flatMap((part) => Object.keys(part)))]
  const wrapped = allWrap ? wrap(map, streams, tagSets.tags()) : map
  const ends = wrapped.parts[startEnd]
  if (allWrap && ends !== undefined) plans.set(startEnd, PartPlan.make(startEnd, ends, tagSets))
  const sequence = wrapped.sequence.flatMap((name) => plans.get(name) ?? [])
  return Either.right({
    map: wrapped,
    sequence,
    tagSets,
    streams,
    totalEvents: sequence.reduce((sum, { length }) => sum + length, 0),
    minWorkers: Array.from(plans.values()).reduce((most, plan) => Math.max(most, plan.minWorkers), 0)
  })
}

/** Of an ensemble that was given nothing to do yet. */
export const empty: ScanPlan = {
  map: { parts: { [startEnd]: {} }, sequence: [startEnd, startEnd] },
  sequence: [],
  tagSets: new TagSets(),
  streams: [],
  totalEvents: 0,
  minWorkers: 0
}

/** Checks the map against the services that live. A stream counts if every worker is connected to an ingester of it. */
export const fits = (plan: ScanPlan, roster: Roster): MapRefused | undefined => {
  const reached = roster.workers.map(({ ingesters }) => new Set(ingesters.flatMap((ingester) => ingester.streams)))
  const owned = new Set(roster.ingesters.flatMap(({ streams }) => streams))
  const missing = plan.streams.filter((name) => !owned.has(name) || reached.some((names) => !names.has(name)))
  if (missing.length > 0) {
    return new MapRefused({ reason: "streams", detail: `streams {${missing.map(repr).join(", ")}} not available` })
  }
  const workers = roster.workers.length
  return workers < plan.minWorkers
    ? new MapRefused({
        reason: "workers",
        detail: `only ${workers} workers available, but ${plan.minWorkers} required`
      })
    : undefined
}

// -----------------------------------------------------------------------------

const faultOf = (map: TriggerMap, allWrap: boolean): MapRefused | undefined => {
  for (const [name, part] of Object.entries(map.parts)) {
    if (!isName(name)) return refused("name", `the part ${JSON.stringify(name)} must have a name without ':'`)
    const stream = Object.keys(part).find((stream) => !isName(stream))
    if (stream !== undefined) {
      return refused("name", `the stream ${JSON.stringify(stream)} must have a name without ':'`)
    }
    const lengths = new Set(Object.values(part).map(({ length }) => length))
    if (lengths.size > 1) {
      return refused(
        "length",
        `the streams of the part ${JSON.stringify(name)} have different numbers of events: ${[...lengths].join(", ")}`
      )
    }
  }
  if (allWrap && Object.hasOwn(map.parts, startEnd)) {
    return refused("name", `${startEnd} is added to the map; a map that has it already must not be wrapped`)
  }
  const unknown = map.sequence.find((name) => !Object.hasOwn(map.parts, name))
  return unknown === undefined
    ? undefined
    : refused("part", `the sequence names the part ${JSON.stringify(unknown)}, which does not exist`)
}

const refused = (reason: MapRefused["reason"], detail: string) => new MapRefused({ reason, detail })

const isName = (name: string) => name !== "" && name !== "__proto__" && !name.includes(":")

const wrap = (map: TriggerMap, streams: ReadonlyArray<string>, tags: ReadonlyArray<string>): TriggerMap => {
  const everybody = tags.map((tag) => ({ tags: [tag], constraint: null }))
  const part: Part = Object.fromEntries(streams.map((stream) => [stream, [everybody]]))
  return {
    parts: { ...map.parts, [startEnd]: part },
    sequence: [startEnd, ...map.sequence, startEnd]
  }
}
