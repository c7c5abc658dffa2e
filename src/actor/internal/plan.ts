/**
 * What a keeper does next. Pure: the children as they are and the time give the next step, so a keeper that was called
 * away by an order needs no memory of where it was.
 *
 * The order is the promise of every strategy: what has ended is accounted for first; then, from right to left, what
 * must end is ended; then, from left to right, what should live is begun, each one only when those before it are ready.
 */
import type { Child, Life } from "./child.js"
import { isDue } from "./due.js"

export type Step =
  | { readonly _tag: "Settle"; readonly child: Child; readonly life: Life }
  | { readonly _tag: "End"; readonly child: Child; readonly life: Life }
  | { readonly _tag: "Begin"; readonly child: Child }
  /** Nothing to do until then, unless something changes. */
  | { readonly _tag: "Rest"; readonly until: number }

export const next = (children: ReadonlyArray<Child>, now: number): Step => {
  for (const child of children) {
    if (child.life?.exit !== undefined) return { _tag: "Settle", child, life: child.life }
  }
  for (let i = children.length - 1; i >= 0; i--) {
    const child = children[i]
    if (child?.life !== undefined && mustEnd(child, child.life)) return { _tag: "End", child, life: child.life }
  }
  for (const child of children) {
    if (!child.wanted || child.life?.abandoned === true) continue
    if (child.life === undefined) {
      return isDue(child.dueAt, now) ? { _tag: "Begin", child } : { _tag: "Rest", until: child.dueAt }
    }
    if (child.life.readyAt === undefined) break
  }
  return { _tag: "Rest", until: Number.POSITIVE_INFINITY }
}

const mustEnd = (child: Child, life: Life): boolean =>
  !life.abandoned && (!child.wanted || life.doom !== undefined || life.over !== undefined)
