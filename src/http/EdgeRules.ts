/**
 * Whom the server answers at all, before any credentials are looked at: the name it was called by (against DNS rebinding)
 * and the page that called it (against requests forged by another site). Pure; the same rules hold on both lanes.
 */
import { isIP } from "node:net"

export interface EdgeRules {
  /** Names in lower case, without a port. */
  readonly names: ReadonlySet<string>
  /** Origins in lower case. */
  readonly origins: ReadonlySet<string>
  /** Whoever reaches the address may ask, from any page and by any name. */
  readonly anyone: boolean
}

export const make = (options: {
  readonly hosts: ReadonlyArray<string>
  readonly allowOrigins: ReadonlyArray<string>
  /** This machine's own name. */
  readonly machine: string
  readonly anyone?: boolean | undefined
}): EdgeRules => {
  const machine = options.machine.toLowerCase()
  const own = machine === "" ? [] : [machine, machine.split(".")[0] ?? machine]
  return {
    names: new Set(["localhost", ...own, ...options.hosts.map((host) => host.toLowerCase())]),
    origins: new Set(options.allowOrigins.map((origin) => origin.toLowerCase())),
    anyone: options.anyone === true
  }
}

/** An IP literal, localhost, this machine's name or a configured one. A client without a Host is no browser and passes. */
export const hostAllowed = (rules: EdgeRules, host: string | undefined): boolean => {
  if (host === undefined || rules.anyone) return true
  const name = nameOf(host)
  return name !== undefined && (isIP(name) !== 0 || rules.names.has(name))
}

/** Where a request came from: no other page, a page of ours, a page that is allowed by name, or a foreign one. */
export type Provenance = "direct" | "same" | "allowed" | "foreign"

export const provenance = (
  rules: EdgeRules,
  request: {
    readonly host: string | undefined
    readonly origin: string | undefined
    readonly fetchSite: string | undefined
  }
): Provenance => {
  if (rules.anyone) return request.origin === undefined ? "direct" : "allowed"
  if (request.origin !== undefined) {
    const origin = request.origin.toLowerCase()
    if (rules.origins.has(origin)) return "allowed"
    const named = origin.startsWith("http://") ? origin.slice(7) : origin.startsWith("https://") ? origin.slice(8) : ""
    if (named === "" || request.host === undefined || named !== request.host.toLowerCase()) return "foreign"
  }
  if (request.fetchSite?.toLowerCase() === "cross-site") return "foreign"
  return request.origin === undefined ? "direct" : "same"
}

/** True for an address only this machine can reach. */
export const isLoopback = (address: string | undefined): boolean =>
  address !== undefined &&
  (address === "localhost" || address === "::1" || /^(?:::ffff:)?127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/i.test(address))

/** Whether every address a proxy says it speaks for is of this machine; so where there is no such header. */
export const forwardedLoopback = (forwardedFor: string | undefined): boolean =>
  forwardedFor === undefined || forwardedFor.split(",").every((address) => isLoopback(address.trim()))

// ------------------------------------------------------------------------------------------------------------------

/** The name in a Host header, in lower case, without port and brackets; undefined where it is malformed. */
const nameOf = (host: string): string | undefined => {
  const found = /^(?:\[([0-9a-f:.]+)\]|([^:[\]/@\s]+))(?::\d{1,5})?$/i.exec(host)
  return (found?.[1] ?? found?.[2])?.toLowerCase()
}
