/** The plug-ins that come with Outpost. */
import type { Procedure } from "../procedure/Procedure.js"
import { HttpPoll } from "./procedure/HttpPoll.js"
import { RandomWalk } from "./procedure/RandomWalk.js"
import { SerialLines } from "./procedure/SerialLines.js"
import { SystemChecks } from "./procedure/SystemChecks.js"

export const builtIn: ReadonlyArray<Procedure> = [SystemChecks, RandomWalk, HttpPoll, SerialLines]
