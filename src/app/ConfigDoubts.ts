/**
 * What the dccd daemon lets pass and should not: a series that two entries of `histo_jobs` fetch, a channel that two
 * entries of `stream_jobs` record, a pair that can be no directory. A file with one is run as far as it goes (each series is
 * fetched once); a document over HTTP, and `config validate`, are refused. Pure.
 */
import * as Schema from "effect/Schema"
import { pairInPath, SeriesPart } from "../domain/Series.js"
import type { ConfigDocument } from "./ConfigDocument.js"
import type * as Shape from "./ConfigShape.js"

/** Something that stands in the way, at its own place; the message names the other place too. */
export interface Doubt {
  readonly path: Shape.Path
  readonly message: string
  readonly remedy: string
}

/** @param pathText writes a path as people do: `histo_jobs[0].pairs[1]`. */
export const doubts = (
  { histo_jobs, stream_jobs }: Pick<ConfigDocument, "histo_jobs" | "stream_jobs">,
  pathText: (path: Shape.Path) => string
): ReadonlyArray<Doubt> => [
  ...twice(histo_jobs.flatMap(candles), pathText),
  ...twice(stream_jobs.flatMap(channels), pathText),
  ...histo_jobs.flatMap(({ pairs }, i) => homeless("histo_jobs", i, pairs)),
  ...stream_jobs.flatMap(({ pairs }, i) => homeless("stream_jobs", i, pairs))
]

// ------------------------------------------------------------------------------------------------------------------

/** Something a job makes, and what people call it. */
interface Made {
  readonly key: string
  readonly path: Shape.Path
  readonly what: string
}

const candles = ({ exchange, pairs, span }: ConfigDocument["histo_jobs"][number], i: number): ReadonlyArray<Made> =>
  pairs.map((pair, j) => ({
    key: JSON.stringify([exchange, pairInPath(pair), span]),
    path: ["histo_jobs", i, "pairs", j],
    what: `candles of ${span} s of ${pair} at ${exchange}`
  }))

const channels = (
  { channels, exchange, pairs }: ConfigDocument["stream_jobs"][number],
  i: number
): ReadonlyArray<Made> =>
  pairs.flatMap((pair, j) =>
    channels.map((channel) => ({
      key: JSON.stringify([exchange, pairInPath(pair), channel]),
      path: ["stream_jobs", i, "pairs", j],
      what: `${channel} of ${pair} at ${exchange}`
    }))
  )

const twice = (made: ReadonlyArray<Made>, pathText: (path: Shape.Path) => string): ReadonlyArray<Doubt> => {
  const first = new Map<string, Made>()
  return made.flatMap((one) => {
    const { key, path, what } = one
    const before = first.get(key)
    if (before === undefined) first.set(key, one)
    if (before === undefined) return []
    const places = `${pathText(before.path)} and ${pathText(path)}`
    return [{ path, message: `${what}: asked for twice, by ${places}`, remedy: "take one of the two out" }]
  })
}

const isPart = Schema.is(SeriesPart)

const homeless = (section: string, i: number, pairs: ReadonlyArray<string>): ReadonlyArray<Doubt> =>
  pairs.flatMap((pair, j) =>
    isPart(pairInPath(pair))
      ? []
      : [
          {
            path: [section, i, "pairs", j],
            message: "can't be the name of a directory",
            remedy: "a pair has letters, digits and . _ + = @ - on both sides of its slash, such as BTC/USDT"
          }
        ]
  )
