/** The plug-ins that come with Outpost. */
import type { Procedure } from "../procedure/Procedure.js"
import { SystemChecks } from "./procedure/SystemChecks.js"

export const builtIn: ReadonlyArray<Procedure> = [SystemChecks]
