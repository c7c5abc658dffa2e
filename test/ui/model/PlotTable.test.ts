import { assert, describe, it } from "@effect/vitest"
import { FastCheck } from "effect"
import { groupsOf, spread, tableOf } from "../../../src/ui/model/PlotTable.js"
import { TypeSeries } from "../../../src/ui/model/TypeSeries.js"

const seriesOf = (rows: ReadonlyArray<readonly [number, { readonly [path: string]: number }]>) => {
  const series = new TypeSeries("t")
  for (const [at, fields] of rows)
    series.add(
      at,
      Object.entries(fields).map(([path, value]) => ({ path, value }))
    )
  return series
}

describe("groupsOf", () => {
  it("puts fields on one axis that are of one unit and of like size", () => {
    const series = seriesOf([
      [0, { load1: 0.4, load5: 0.3, used_bytes: 4e9, free_bytes: 8e9, cpu_percent: 3, big: 4000 }]
    ])
    assert.deepStrictEqual(
      groupsOf(series).map(({ paths }) => paths),
      [["load1", "load5"], ["used_bytes", "free_bytes"], ["cpu_percent"], ["big"]]
    )
  })

  it("a field that is always zero goes along with another", () => {
    assert.strictEqual(groupsOf(seriesOf([[0, { frames: 50, dropped: 0 }]])).length, 1)
  })

  it("never draws more lines than there are colours", () => {
    const many = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`f${i}`, 1]))
    assert.deepStrictEqual(
      groupsOf(seriesOf([[0, many]])).map(({ paths }) => paths.length),
      [8, 8, 4]
    )
  })
})

describe("tableOf", () => {
  const beats = Array.from({ length: 10 }, (_, i) => [i * 1_000, { x: i }] as const)

  it("draws silence as a gap", () => {
    const { x, ys } = tableOf(seriesOf([...beats, [60_000, { x: 1 }]]), ["x"], 0, 60_000, 1_000)
    assert.strictEqual(x.length, 12)
    assert.strictEqual(ys[0]?.[10], null)
    assert.deepStrictEqual(x.slice(9), [9, 34.5, 60])
  })

  it("a field that a row does not have is no gap", () => {
    const { ys } = tableOf(
      seriesOf([
        [0, { x: 1 }],
        [1_000, { y: 2 }],
        [2_000, { x: 3 }]
      ]),
      ["x"],
      0,
      2_000,
      100
    )
    assert.deepStrictEqual(ys[0], [1, undefined, 3])
  })

  it("holds the window and one row beyond either edge", () => {
    assert.deepStrictEqual(tableOf(seriesOf(beats), ["x"], 3_000, 5_000, 100).x, [2, 3, 4, 5, 6])
  })

  it("keeps gaps when it thins", () => {
    const rows = Array.from({ length: 4_000 }, (_, i) => [i * 10 + (i >= 2_000 ? 30_000 : 0), { x: i % 7 }] as const)
    const { x, ys } = tableOf(seriesOf(rows), ["x"], 0, 100_000, 200)
    assert.isBelow(x.length, 300)
    assert.strictEqual(ys[0]?.filter((value) => value === null).length, 1)
  })
})

describe("spread", () => {
  it.prop(
    "labels keep their distance and their order, inside the height that holds them",
    [FastCheck.array(FastCheck.double({ min: -50, max: 350, noNaN: true }), { minLength: 1, maxLength: 12 })],
    ([wanted]) => {
      const placed = spread(wanted, 15, 300)
      const order = wanted.map((_, i) => i).sort((a, b) => (wanted[a] ?? 0) - (wanted[b] ?? 0))
      for (const [rank, index] of order.entries()) {
        const place = placed[index] ?? Number.NaN
        assert.isAtLeast(place, 7.5 - 1e-9)
        assert.isAtMost(place, 292.5 + 1e-9)
        const above = order[rank - 1]
        if (above !== undefined) assert.isAtLeast(place - (placed[above] ?? 0), 15 - 1e-9)
      }
    }
  )

  it("leaves alone what does not touch", () => {
    assert.deepStrictEqual(spread([200, 50], 15, 300), [200, 50])
  })
})
