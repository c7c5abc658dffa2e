/**
 * `layer` of `@effect/vitest`, which shares what a layer builds among the tests of a block. Theirs changes the one `it` there
 * is, so that tests behind the block would have its services and its clock, in other files too: files share a process here.
 */
import * as Vitest from "@effect/vitest"
import type { Layer } from "effect"

type Block<R> = (it: Vitest.Vitest.MethodsNonLive<R>) => void

export const layer =
  <R, E>(shared: Layer.Layer<R, E>, options?: Parameters<typeof Vitest.layer>[1]) =>
  (...[name, block]: [name: string, block: Block<R>] | [block: Block<R>, none?: undefined]): void => {
    const { effect, flakyTest, layer, prop, scoped } = Vitest.it
    const detached = (body: Block<R>) => (it: Vitest.Vitest.MethodsNonLive<R>) => {
      const own = Object.assign(it.bind(undefined), it)
      Object.assign(Vitest.it, { effect, flakyTest, layer, prop, scoped })
      body(own)
    }
    if (typeof name === "string") Vitest.layer(shared, options)(name, detached(block as Block<R>))
    else Vitest.layer(shared, options)(detached(name))
  }
