import { Effect } from "effect"
import { suite } from "../conformance/OutboxSuite.js"
import { open } from "../support/OutboxSite.js"
import { temporaryDirectory } from "../support/Store.js"

suite("in SQLite", (settings) => Effect.flatMap(temporaryDirectory, (directory) => open(directory, { settings })))
