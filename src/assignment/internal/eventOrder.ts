/**
 * Brings the assignments of one scan into the order of their events, each once. A log has every event from 0 on exactly once
 * and in order; only a controller that was told of a failed append and repeats it can put an event there twice, or behind a
 * later one. Repeats are dropped; what comes early is held until the gap before it is filled, since who joins frames by
 * their order must never miss an event. What is held is bounded by the events of the scan.
 *
 * @internal
 */
import type { WorkAssignment } from "../WorkAssignment.js"

export interface EventOrder {
  /** Takes what was read, gives what is next. */
  readonly pass: (assignments: ReadonlyArray<WorkAssignment>) => ReadonlyArray<WorkAssignment>
  /** The first event that is missing while later ones are held. */
  readonly missing: () => number | undefined
}

export const make = (): EventOrder => {
  let next = 0
  const held = new Map<number, WorkAssignment>()

  const sort = (assignments: ReadonlyArray<WorkAssignment>) => {
    const ready: Array<WorkAssignment> = []
    for (const assignment of assignments) {
      if (assignment.event_number < next) continue
      held.set(assignment.event_number, assignment)
      for (let found = held.get(next); found !== undefined; found = held.get(next)) {
        held.delete(next)
        ready.push(found)
        next++
      }
    }
    return ready
  }

  const isNext = (assignments: ReadonlyArray<WorkAssignment>): boolean => {
    for (let k = 0; k < assignments.length; k++) if (assignments[k]?.event_number !== next + k) return false
    return true
  }

  return {
    pass: (assignments) => {
      if (held.size > 0 || !isNext(assignments)) return sort(assignments)
      next += assignments.length
      return assignments
    },
    missing: () => (held.size > 0 ? next : undefined)
  }
}
