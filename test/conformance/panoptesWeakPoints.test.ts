/** Being written. */
import { assert, it } from "@effect/vitest"
import { existsSync } from "node:fs"
import { bin } from "../support/buildOnce.js"

it("the bin is built", () => assert.isTrue(existsSync(bin)))
