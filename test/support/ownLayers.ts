/** Vitest set-up of each file: `it.layer` changes the one `it` of all files (see SharedLayer.ts), so nobody gets to use it. */
import * as Vitest from "@effect/vitest"

Object.assign(Vitest.it, {
  layer: () => {
    throw new Error("it.layer leaks into other files: use layer of test/support/SharedLayer.ts")
  }
})
