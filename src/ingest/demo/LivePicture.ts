/**
 * A module of the reducer to begin with, for what `FrameSums` gives: how many events came and how fast, the mean of their
 * pixels, the latest frame and how its pixels are distributed.
 */
import * as Predicate from "effect/Predicate"
import type { ReducerModule } from "../reducer/ReducerModule.js"

/** How many seconds the line of rates has. */
const seconds = 120

/** A module with nothing gathered. */
export const make = (): ReducerModule => {
  let published: Record<string, unknown> = {}
  let events = 0
  let before = 0
  let sum = 0
  let pixels = 0
  let rates: Array<number> = []
  const start = () => {
    published = {}
    rates = []
    events = before = sum = pixels = 0
  }
  return {
    start,
    reduce: ({ payload }) => {
      if (!Predicate.isRecord(payload)) return
      events++
      pixels += numberOf(payload["pixels"])
      sum += numberOf(payload["sum"])
      const { picture } = payload
      if (!Predicate.isRecord(picture)) return
      published["histogram"] = picture["histogram"]
      published["image"] = { shape: picture["shape"], data: picture["data"] }
      published["image_attrs"] = { stream: picture["stream"] }
    },
    timer: () => {
      rates = [...rates, events - before].slice(-seconds)
      before = events
      return 1
    },
    publish: () => ({
      events,
      mean: pixels === 0 ? 0 : sum / pixels,
      rate: rates.at(-1) ?? 0,
      rates,
      ...published
    })
  }
}

// -----------------------------------------------------------------------------

const numberOf = (value: unknown): number => (typeof value === "number" ? value : 0)
