/**
 * The ensemble as it works: its services, asked for once a second, and how far the scan is, as it changes. Runs while the page
 * that shows it is seen; the rate of the scan over time stays with the page.
 */
import * as Effect from "effect/Effect"
import { useEffect } from "react"
import type { EnsembleState } from "../../ingest/controller/Controller.js"
import type { WorkerLoad } from "../../ingest/controller/ScanStatus.js"
import { IngestOperations, type IngestError } from "../../operations/IngestOperations.js"
import { type IngestServices, ScanProgress } from "../../operations/IngestServices.js"
import { counted, type Counts } from "../model/Flow.js"
import { ScanPace } from "../model/ScanPace.js"
import { Cell, useChanging } from "./Changing.js"
import { usePolled } from "./Polled.js"
import { useSeen } from "./Seen.js"
import { follow } from "./Tail.js"
import { serverNow } from "./Ticking.js"

export type Progress = ScanProgress

export interface ScanFeed {
  /** Undefined until it is known. */
  readonly progress: Progress | undefined
  readonly tail: "opening" | "open" | "lost"
  readonly pace: ScanPace
  /** Rises when there is something new to draw. */
  readonly version: number
}

/** Follows the scan while the component is there, the page is seen, and there is a controller to ask. */
export const useScan = (wanted: boolean): ScanFeed => {
  const seen = useSeen()
  useEffect(() => (wanted && seen ? followScan() : undefined), [wanted, seen])
  return useChanging(scan)
}

export interface HereNow {
  readonly services: IngestServices
  /** How its counters have risen. */
  readonly counts: ReadonlyArray<Counts>
}

/** The services of the ensemble that run in the site's process. */
export const useServices = () => {
  useEffect(() => forget, [])
  return usePolled(
    "services",
    () =>
      Effect.map(
        Effect.flatMap(IngestOperations, ({ services }) => services),
        withCounts
      ),
    everyMillis
  )
}

export type Loads = Readonly<Record<string, WorkerLoad>>

export interface Everywhere {
  readonly ensemble: EnsembleState
  readonly loads: Loads
}

/** All services that live anywhere, as the controller knows them, and how busy the workers are; of nobody without one. */
export const useRoster = (wanted: boolean) =>
  usePolled(
    `roster ${wanted}`,
    (): Effect.Effect<Everywhere | undefined, IngestError, IngestOperations> =>
      wanted
        ? Effect.flatMap(IngestOperations, ({ ensemble, load }) =>
            Effect.all({ ensemble, loads: load({ intervals: [loadEvents], scan: true }) }, { concurrency: 2 })
          )
        : Effect.succeed(undefined),
    everyMillis
  )

/** A worker's load is told over so many of the last events. */
export const loadEvents = 100

// ------------------------------------------------------------------------------------------------------------------

const everyMillis = 1_000

const scan = new Cell<ScanFeed>({ progress: undefined, tail: "opening", pace: new ScanPace(), version: 0 })

const followScan = (): (() => void) => {
  const { pace } = scan.get()
  pace.interrupt()
  const stop = follow("/api/v1/progress/tail", ScanProgress, {
    onOpen: () => scan.set({ ...scan.get(), tail: "open" }),
    onMessage: (progress) => scan.set({ ...scan.get(), progress }),
    onLost: () => {
      pace.interrupt()
      scan.set({ ...scan.get(), tail: "lost" })
    }
  })
  const timer = setInterval(() => {
    const { progress, tail, version } = scan.get()
    if (progress === undefined || tail !== "open") return
    pace.take(serverNow(), progress)
    scan.set({ ...scan.get(), version: version + 1 })
  }, everyMillis)
  return () => {
    stop()
    clearInterval(timer)
  }
}

let history: ReadonlyArray<Counts> = []

const forget = () => {
  history = []
}

/** Adds to what was counted before. */
const withCounts = (services: IngestServices): HereNow => {
  const values = new Map<string, number>()
  for (const { name: ingester, streams } of services.ingesters) {
    for (const { bytes, frames, name } of streams) {
      values.set(`${ingester} ${name} frames`, frames)
      values.set(`${ingester} ${name} bytes`, bytes)
    }
  }
  history = counted(history, { at: serverNow(), values })
  return { services, counts: history }
}
