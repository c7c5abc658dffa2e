/** Vitest set-up of each file: `it.layer` changes the one `it` of all files (see SharedLayer.ts), so nobody gets to use it. */
import { it } from "@effect/vitest"

Object.assign(it, {
  layer: () => {
    throw new Error("it.layer leaks into other files: use layer of test/support/SharedLayer.ts")
  }
})
