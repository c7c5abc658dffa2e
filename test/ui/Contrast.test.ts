/** Both themes are readable: the contrast of every pair of colours that occurs, by the rule of WCAG 2.1. */
import { assert, describe, it } from "@effect/vitest"
import { readFileSync } from "node:fs"
import { join } from "node:path"

const css = readFileSync(join(import.meta.dirname, "../../src/ui/style/tokens.css"), "utf8")

const tokens = (block: RegExp): Map<string, string> =>
  new Map(
    [...(block.exec(css)?.[1] ?? "").matchAll(/--([\w-]+):\s*(#[0-9a-f]{6})\b/gi)].map((match) => [
      match[1]!,
      match[2]!
    ])
  )

const light = tokens(/^:root \{([^}]*)\}/m)
const dark = new Map([...light, ...tokens(/:root\[data-theme="dark"\] \{([^}]*)\}/)])

const luminance = (hex: string): number => {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(hex.slice(at, at + 2), 16) / 255
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!
}

const contrast = (one: string, other: string): number => {
  const [high, low] = [luminance(one), luminance(other)].sort((a, b) => b - a)
  return (high! + 0.05) / (low! + 0.05)
}

const texts = [
  "text",
  "muted",
  "accent",
  "good",
  "busy",
  "warn",
  "bad",
  "rest",
  ...Array.from({ length: 8 }, (_, i) => `series-${i + 1}`)
]
const grounds = ["surface", "ground", "raised"]
const pairs: ReadonlyArray<readonly [string, string, number]> = [
  ...texts.flatMap((text) =>
    grounds.map((ground) => [text, ground, text.startsWith("series") && ground !== "surface" ? 3 : 4.5] as const)
  ),
  ...["text", "muted"].flatMap((text) =>
    ["hover", "accent-soft", "warn-soft", "bad-soft"].map((ground) => [text, ground, 4.5] as const)
  ),
  ["accent", "accent-soft", 4.5],
  ["accent", "hover", 4.5],
  ["accent-text", "accent", 4.5],
  ["bad", "bad-soft", 4.5],
  ["warn", "warn-soft", 4.5],
  ["line-strong", "surface", 3],
  ["bar", "surface", 3]
]

describe.each([
  ["light", light],
  ["dark", dark]
])("%s theme", (_, colours) => {
  it.each(pairs.map(([text, ground, least]) => ({ text, ground, least })))(
    "$text on $ground",
    ({ ground, least, text }) => {
      const one = colours.get(text)
      const other = colours.get(ground)
      assert.isDefined(one)
      assert.isDefined(other)
      assert.isAtLeast(contrast(one!, other!), least)
    }
  )
})
