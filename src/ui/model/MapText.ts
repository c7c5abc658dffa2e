/** A trigger map as a text that people edit: one to begin with, and what a text says or why it says nothing. */
import * as Either from "effect/Either"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import { TriggerMap } from "../../ingest/controller/TriggerMap.js"

type WrittenMap = typeof TriggerMap.Encoded

/** Parts are no longer than so many events: the sequence repeats them. */
const longestPart = 100

/** So many events, each with a frame of every stream, each for whichever worker is free. */
export const evenMap = (streams: ReadonlyArray<string>, events: number): WrittenMap => {
  const length = Math.min(events, longestPart)
  const rounds = length === 0 ? 0 : Math.floor(events / length)
  const rest = events - rounds * length
  const part = (count: number) => Object.fromEntries(streams.map((stream) => [stream, entries(count)]))
  return {
    parts: {
      ...(rounds > 0 ? { main: part(length) } : {}),
      ...(rest > 0 ? { rest: part(rest) } : {})
    },
    sequence: [...Array.from({ length: rounds }, () => "main"), ...(rest > 0 ? ["rest"] : [])]
  }
}

/** A line for each stream of a part, and one for the sequence. */
export const write = ({ parts, sequence }: WrittenMap): string => {
  const part = (streams: WrittenMap["parts"][string]) =>
    Object.entries(streams).map(([stream, list]) => `      ${JSON.stringify(stream)}: ${JSON.stringify(list)}`)
  const told = Object.entries(parts).map(
    ([name, streams]) => `    ${JSON.stringify(name)}: {\n${part(streams).join(",\n")}\n    }`
  )
  return `{\n  "parts": {\n${told.join(",\n")}\n  },\n  "sequence": ${JSON.stringify(sequence)}\n}\n`
}

export interface Readable {
  readonly map: TriggerMap
  readonly events: number
  readonly streams: ReadonlyArray<string>
}

/** What a text says; else what is wrong with it, and where. */
export const read = (text: string): Either.Either<Readable, string> =>
  Either.map(
    Either.mapLeft(decode(text), (error) => {
      const [first] = ParseResult.ArrayFormatter.formatErrorSync(error)
      const place = first?.path.map(String).join(".") ?? ""
      return `${place === "" ? "" : `${place}: `}${first?.message ?? "not a map"}`
    }),
    (map) => ({
      map,
      events: map.sequence.reduce((sum, name) => sum + lengthOf(map, name), 0),
      streams: Array.from(new Set(Object.values(map.parts).flatMap((part) => Object.keys(part))))
    })
  )

// ------------------------------------------------------------------------------------------------------------------

/** Short: what a worker is by default is left out. */
const entries = (count: number): ReadonlyArray<ReadonlyArray<{ readonly constraint: number }>> =>
  Array.from({ length: count }, (_, constraint) => [{ constraint }])

const decode = Schema.decodeUnknownEither(Schema.parseJson(TriggerMap))

const lengthOf = ({ parts }: TriggerMap, name: string): number => Object.values(parts[name] ?? {})[0]?.length ?? 0
