/** An order to the server that a button gives: pending while it is under way, and what went wrong. */
import * as Either from "effect/Either"
import { useState } from "react"
import { ask } from "./Server.js"

type Operation<A, E> = Parameters<typeof ask<A, E>>[0]

export interface Ordering {
  /** What is being ordered now, by its name. */
  readonly pending: string | undefined
  /** What went wrong with the last one, and with which. */
  readonly problem: { readonly name: string; readonly text: string } | undefined
  /** Carries out one order; the answer, or undefined where it was refused. */
  readonly order: <A, E extends { readonly message: string }>(
    name: string,
    operation: Operation<A, E>
  ) => Promise<A | undefined>
}

export const useOrders = (): Ordering => {
  const [pending, setPending] = useState<string | undefined>(undefined)
  const [problem, setProblem] = useState<Ordering["problem"]>(undefined)
  return {
    pending,
    problem,
    order: async (name, operation) => {
      setPending(name)
      setProblem(undefined)
      const answer = await ask(operation)
      setPending(undefined)
      if (Either.isRight(answer)) return answer.right
      setProblem({ name, text: answer.left.message })
      return undefined
    }
  }
}
