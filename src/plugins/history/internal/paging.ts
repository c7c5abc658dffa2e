/**
 * Where the next page of an answer is: behind a cursor, a number, an address, or a time. A provider that gives the same page
 * twice is told so; it is no end, and it is not asked for ever.
 *
 * @internal
 */
import { createHash } from "node:crypto"
import * as HashSet from "effect/HashSet"
import * as Option from "effect/Option"
import type { TimeRange } from "../../../domain/TimeRange.js"
import type { Paging } from "./httpSettings.js"
import { follow } from "./jsonPath.js"

export interface Position {
  /** Begin of what is asked for, in ms. */
  readonly start: number
  readonly cursor: string | undefined
  readonly page: number
  readonly offset: number
  /** Where a link leads; instead of the address of the settings. */
  readonly url: string | undefined
  /** How many pages there were, and a digest of the last one. */
  readonly pages: number
  readonly digest: string | undefined
  /** Cursors and addresses that were asked for: none leads back to one of them. */
  readonly visited: HashSet.HashSet<string>
  /** Rows of the last page that the next one will give again, as JSON. */
  readonly seen: ReadonlySet<string>
}

export interface Answered {
  readonly json: unknown
  /** The header. */
  readonly link: string | undefined
  /** The address of the settings: links lead to its host only. */
  readonly url: string
  readonly body: Buffer
  /** Rows of the page, readable or not. */
  readonly items: ReadonlyArray<unknown>
  /** Their times in ms; undefined for one that can't be read. */
  readonly times: ReadonlyArray<number | undefined>
}

export const begin = (paging: Paging, { start }: TimeRange): Position => ({
  start,
  cursor: undefined,
  page: paging.by === "page" ? paging.first : 1,
  offset: 0,
  url: undefined,
  pages: 0,
  digest: undefined,
  visited: HashSet.empty(),
  seen: new Set()
})

/** The next page; undefined where there is none; a text where the provider can't be right. */
export const following = (paging: Paging, position: Position, answered: Answered): Position | string | undefined => {
  const change = changeOf(paging, position, answered)
  if (change === undefined || typeof change === "string") return change
  const digest = createHash("sha256").update(answered.body).digest("base64")
  if (answered.items.length > 0 && digest === position.digest) return "the same page came twice"
  if (position.pages >= mostPages) return `more than ${mostPages} pages in one window`
  return { ...position, ...change, pages: position.pages + 1, digest }
}

// ------------------------------------------------------------------------------------------------------------------

const mostPages = 100_000

const changeOf = (
  paging: Paging,
  position: Position,
  { items, json, link, times, url }: Answered
): Partial<Position> | string | undefined => {
  switch (paging.by) {
    case "none":
      return undefined
    case "cursor": {
      const cursor = textOf(follow(json, paging.next))
      if (cursor === undefined) return undefined
      return visiting(position, cursor, { cursor }) ?? "the same cursor came twice"
    }
    case "page":
      return items.length < paging.size
        ? undefined
        : { page: position.page + 1, offset: position.offset + items.length }
    case "link": {
      const next = Option.match(paging.next, {
        onNone: () => /<([^>]+)>\s*;[^<]*\brel="?next\b/i.exec(link ?? "")?.[1],
        onSome: (path) => textOf(follow(json, path))
      })
      if (next === undefined) return undefined
      const target = linked(next, position.url ?? url)
      if (typeof target === "string") return target
      return visiting(position, target.url, target) ?? "the same address of a next page came twice"
    }
    case "time": {
      const last = times.reduce((latest: number, time) => Math.max(latest, time ?? latest), position.start)
      if (items.length < paging.size) return undefined
      if (last === position.start) return "a full page of one time; its size is too small"
      return {
        start: last,
        seen: new Set(items.filter((_, n) => times[n] === last).map((item) => JSON.stringify(item)))
      }
    }
  }
}

/** Undefined for a place that was visited: the pages go round in a circle. */
const visiting = ({ visited }: Position, place: string, change: Partial<Position>): Partial<Position> | undefined =>
  HashSet.has(visited, place) ? undefined : { ...change, visited: HashSet.add(visited, place) }

const textOf = (value: unknown): string | undefined =>
  typeof value === "number" ? String(value) : typeof value === "string" && value !== "" ? value : undefined

/** A link takes the headers along, so it stays with the host they were written for. */
const linked = (link: string, from: string): { readonly url: string } | string => {
  const base = new URL(from.replaceAll(/[{}]/g, "_"))
  if (!URL.canParse(link, base.href)) return "the next page has no readable address"
  const url = new URL(link, base.href)
  return url.origin === base.origin ? { url: url.href } : "the next page is on another host"
}
