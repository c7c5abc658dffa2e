/** An answer fetched for a component, and fetched again when what it depends on changes. */
import * as Either from "effect/Either"
import { useCallback, useEffect, useState } from "react"
import { ask } from "./Server.js"

export type Asked<A> =
  | { readonly state: "waiting" }
  | { readonly state: "failed"; readonly problem: string }
  | { readonly state: "here"; readonly value: A }

type Operation<A, E> = Parameters<typeof ask<A, E>>[0]

/** `key` names the question: the same key is asked once, however often the component renders. */
export const useAsked = <A, E extends { readonly message: string }>(
  key: string,
  operation: () => Operation<A, E>
): readonly [Asked<A>, () => void] => {
  const [answer, setAnswer] = useState<Asked<A> & { readonly key?: string }>({ state: "waiting" })
  const [round, setRound] = useState(0)
  useEffect(() => {
    let wanted = true
    void ask(operation()).then((result) => {
      if (!wanted) return
      setAnswer(
        Either.isRight(result)
          ? { state: "here", value: result.right, key }
          : { state: "failed", problem: result.left.message, key }
      )
    })
    return () => {
      wanted = false
    }
    // The key stands for the operation, which is new with every render.
  }, [key, round])
  const again = useCallback(() => setRound((before) => before + 1), [])
  return [answer.key === key ? answer : { state: "waiting" }, again]
}
