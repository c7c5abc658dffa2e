/**
 * Which methods a path answers to: read off the router's own routes, so that every route, whoever added it, has its 405,
 * its redirect and its 404 by the same rule.
 */

export interface RouteTable {
  readonly find: (path: string) => Found
}

/**
 * - `Route`: the path in the one spelling the router sees, the methods it answers to, the pattern it matched.
 * - `Redirect`: known without its trailing slash.
 * - `Unknown`.
 */
export type Found =
  | { readonly _tag: "Route"; readonly path: string; readonly methods: ReadonlyArray<string>; readonly pattern: string }
  | { readonly _tag: "Redirect"; readonly path: string }
  | { readonly _tag: "Unknown" }

interface Pattern {
  readonly pattern: string
  readonly segments: ReadonlyArray<string>
  readonly methods: Array<string>
}

export const make = (routes: Iterable<{ readonly method: string; readonly path: string }>): RouteTable => {
  const patterns = new Map<string, Pattern>()
  for (const { method, path } of routes) {
    const known = patterns.get(path)
    if (known === undefined)
      patterns.set(path, { pattern: path, segments: path.split("/").slice(1), methods: [method] })
    else if (!known.methods.includes(method)) known.methods.push(method)
  }
  // Fixed words before parameters, parameters before a rest.
  const ordered = [...patterns.values()].sort((a, b) => rank(a) - rank(b))
  const match = (segments: ReadonlyArray<string>) => ordered.find((pattern) => fits(pattern.segments, segments))

  const find = (path: string): Found => {
    const segments = decode(path)
    if (segments === undefined) return unknown
    const found = match(segments)
    if (found !== undefined) {
      return {
        _tag: "Route",
        path: `/${segments.map(encodeURIComponent).join("/")}`,
        methods: found.methods,
        pattern: found.pattern
      }
    }
    if (segments.length > 1 && segments.at(-1) === "" && match(segments.slice(0, -1)) !== undefined) {
      return { _tag: "Redirect", path: path.slice(0, -1) }
    }
    return unknown
  }
  return { find }
}

// ------------------------------------------------------------------------------------------------------------------

const unknown: Found = { _tag: "Unknown" }

const rank = (pattern: Pattern): number =>
  pattern.segments.reduce((sum, segment) => sum + (segment === "*" ? 100 : segment.startsWith(":") ? 1 : 0), 0)

const fits = (pattern: ReadonlyArray<string>, segments: ReadonlyArray<string>): boolean => {
  for (let i = 0; i < pattern.length; i++) {
    const wanted = pattern[i]
    const segment = segments[i]
    if (wanted === "*") return segment !== undefined
    if (segment === undefined) return false
    if (wanted?.startsWith(":") ? segment === "" : wanted !== segment) return false
  }
  return pattern.length === segments.length
}

/** The segments of a path, percent-decoded; undefined where one is malformed or hides a slash. */
const decode = (path: string): ReadonlyArray<string> | undefined => {
  if (!path.startsWith("/")) return undefined
  try {
    const segments = path.split("/").slice(1).map(decodeURIComponent)
    return segments.some((segment) => segment.includes("/")) ? undefined : segments
  } catch {
    return undefined
  }
}
