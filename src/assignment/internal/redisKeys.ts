/**
 * Where everything of an ensemble stands in Redis.
 *
 * @internal
 */
import type { ServiceState } from "../ServiceState.js"

export const updates = "dranspose:controller:updates"
export const lock = "dranspose:controller_lock"
export const logs = "dranspose_logs"

export const assigned = (mapping: string): string => `dranspose:assigned:${mapping}`
export const ready = (mapping: string): string => `dranspose:ready:${mapping}`
/** Python workers that start before there is any mapping report here; nobody reads it. */
export const readyBeforeAny = "dranspose:ready:None"
export const clock = (mapping: string): string => `dranspose:clock:${mapping}`

export const config = (kind: ServiceState["kind"], name: string): string => `dranspose:${kind}:${name}:config`
export const configs = "dranspose:*:config"

/** The kind of the service whose state stands under a key. */
export const kindOf = (key: string): ServiceState["kind"] | undefined => {
  const kind = /^dranspose:([^:]+):[^:]+:config$/.exec(key)?.[1]
  return kind === "ingester" || kind === "worker" || kind === "reducer" ? kind : undefined
}

export const parameter = (name: string, version: string): string => `dranspose:parameters:${name}:${version}`
export const parameters = "dranspose:parameters:*:*"
export const description = (name: string): string => `dranspose:parameter_description:${name}`
export const descriptions = "dranspose:parameter_description:*"
