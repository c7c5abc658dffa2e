/**
 * Orders to one child. Each changes what is wanted in one synchronous step and then waits for the keeper to make it so;
 * a later order overrules an earlier one, whose waiter is told. Whoever gives up waiting does not take the order back.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as FiberId from "effect/FiberId"
import * as RestartIntensity from "../RestartIntensity.js"
import { StartFailed } from "../SupervisorError.js"
import { type Child, isDown, isUp, tiedTo } from "./child.js"
import * as Ending from "./ending.js"
import { comeToRest, failStarter } from "./life.js"
import type { TreeState } from "./treeState.js"

/** Down it goes, and down it stays. Returns when it is down, or abandoned. Its siblings are left alone. */
export const stop = (tree: TreeState, child: Child): Effect.Effect<void> =>
  Effect.suspend(() => {
    child.wanted = false
    failStarter(child, Ending.requested, undefined)
    if (child.life === undefined && child.cell.state !== "stopped") comeToRest(tree, child, Ending.requested)
    child.unit.signal.pulse()
    return child.unit.signal.until(() => isDown(child))
  })

/** Up, if it is not. Returns when the next life is ready; a failure is told and then treated as any crash is. */
export const start = (child: Child): Effect.Effect<void, StartFailed> =>
  Effect.suspend(() => {
    return isUp(child) ? Effect.void : awaitNextLife(child)
  })

/** A new life for it and for what the strategy ties to it. */
export const restart = (child: Child): Effect.Effect<void, StartFailed> =>
  Effect.suspend(() => {
    for (const tied of tiedTo(child)) {
      if (tied.life !== undefined && !tied.life.abandoned && tied.wanted) {
        tied.life.doom ??= tied === child ? Ending.requested : Ending.sibling
      }
    }
    return awaitNextLife(child)
  })

/** Clears what earlier crashes left and waits for the next life's readiness. */
export const awaitNextLife = (child: Child): Effect.Effect<void, StartFailed> =>
  Effect.zipRight(
    child.backoff.reset,
    Effect.suspend(() => {
      child.wanted = true
      child.crashes = RestartIntensity.empty
      child.dueAt = 0
      child.again = false
      if (child.life?.abandoned === true) {
        return new StartFailed({ path: child.cell.path, reason: "abandoned" })
      }
      const starter = (child.starter ??= Deferred.unsafeMake(FiberId.none))
      child.unit.signal.pulse()
      return Deferred.await(starter)
    })
  )
