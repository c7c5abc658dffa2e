/** The database of what can't be made anew from logs: records of work, schedules, what a person paused. */
import * as Context from "effect/Context"
import type { Database } from "./Database.js"

export class StateDatabase extends Context.Tag("outpost/database/StateDatabase")<StateDatabase, Database>() {}
