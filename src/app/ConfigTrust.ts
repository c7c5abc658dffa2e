/**
 * What a document from the network may not do unless the local file says `remote.allow_code: true`: make the site run other
 * code (commands, modules, plug-ins, their environment, services of an ensemble), read other secrets or send them elsewhere, read other directories,
 * ask private addresses, or grant itself that right. Compared with the
 * file, so that handing back what is there is no change. Pure; looks at documents as written, before anything is decoded.
 */
import type { ConfigIssue } from "../operations/ConfigOperations.js"
import { isReference } from "../site/Secrets.js"
import { pathText } from "./ConfigDecode.js"
import { shape } from "./ConfigDocument.js"
import * as Shape from "./ConfigShape.js"

/** Over HTTP somebody asks who has the token; over an uplink, from afar, nobody sees the machine. */
export type From = "http" | "uplink"

/** Every place where the new document oversteps; none if it may be taken. */
export const oversteps = (file: Shape.Mapping, next: Shape.Mapping, from: From): ReadonlyArray<ConfigIssue> => {
  if (Shape.get(file, ["remote", "allow_code"]) === true) return []
  const found = new Map<string, string>()
  const changed = (path: Shape.Path) => !Shape.same(orNothing(Shape.get(file, path)), orNothing(Shape.get(next, path)))
  const note = (path: Shape.Path, what: string) => void (found.has(pathText(path)) || found.set(pathText(path), what))

  for (const path of from === "http" ? localOnly : [...localOnly, ...nearOnly])
    if (changed(path)) note(path, "may be changed in the local file only")
  const procedures = Shape.asMapping(next["procedures"])
  for (const name of Object.keys(procedures)) {
    for (const key of codeKeys) {
      const path = ["procedures", name, key]
      if (changed(path)) note(path, "runs code: it may be added or changed in the local file only")
    }
  }
  const jobs = Shape.asMapping(next["jobs"])
  for (const name of Object.keys(jobs)) {
    for (const key of placeKeys) {
      const path = ["jobs", name, "settings", key]
      if (changed(path)) note(path, "names a place that this machine trusts: local file only")
    }
    const path = ["jobs", name, "settings"]
    if (holdsReference(file, path) && changed(path))
      note(path, "sends a secret: it may be changed in the local file only")
  }
  const uplinks = Shape.asMapping(next["uplinks"])
  for (const name of Object.keys(uplinks)) {
    const entry = ["uplinks", name]
    const place = [...entry, "settings", "directory"]
    if (changed(place)) note(place, "names a place that this machine trusts: local file only")
    if (!keepsSecret(file, next, entry)) continue
    for (const key of addressKeys) {
      const path = [...entry, ...key]
      if (changed(path)) note(path, "would send a stored secret elsewhere: local file only, or give the secret anew")
    }
  }
  if (holdsReference(file, buckets) && changed(buckets))
    note(buckets, "sends a secret: it may be changed in the local file only")
  for (const path of [...referencesIn(file), ...referencesIn(next)]) {
    // An entry that is gone as a whole takes its references with it.
    const entries = { procedures, jobs, uplinks }[String(path[0])]
    const gone = entries !== undefined && !Object.hasOwn(entries, String(path[1]))
    if (!gone && changed(path)) note(path, "is a secret reference: it may be added or changed in the local file only")
  }
  const known = remotesOf(file)
  remotesOf(next).forEach((remote, i) => {
    if (!known.includes(remote) && !/^[\w.+@][\w.+@ -]*:/.test(remote.trim())) {
      note(["storage", "remotes", i, "remote"], "is no remote by name (a place here, or options): local file only")
    }
  })
  return [...found].map(([path, message]) => ({
    path,
    message,
    remedy: "edit the file on the machine, or set remote.allow_code: true there"
  }))
}

// ------------------------------------------------------------------------------------------------------------------

const localOnly: ReadonlyArray<Shape.Path> = [
  ["plugins"],
  // Modules, files that frames are read from and dumped to, addresses of devices: all of it is this machine's.
  ["ingest", "redis"],
  ["ingest", "ingesters"],
  ["ingest", "workers"],
  ["ingest", "reducer"],
  ["ingest", "dump_roots"],
  ["ingest", "run_map"],
  ["remote", "allow_code"],
  // Where code comes from, whose it has to be, and what installs it.
  ["update", "source"],
  ["update", "keys"],
  ["update", "allow_unsigned"],
  ["update", "allow_older"],
  ["update", "install"],
  ["general", "allow_env"],
  ["outgoing", "allow_private"]
]
/** Where data is written: the collector's own clients change these over HTTP. */
const nearOnly: ReadonlyArray<Shape.Path> = [
  ["settings", "data_path"],
  ["storage", "local_path"]
]
const buckets: Shape.Path = ["storage", "s3"]
const codeKeys = ["command", "module", "env", "directory"] as const

/** Settings of histories: directories of this machine, and addresses that are asked even where they are private. */
const placeKeys = ["directory", "base_url"] as const

/** Where an uplink's secrets go. */
const addressKeys: ReadonlyArray<Shape.Path> = [
  ["use"],
  ["settings", "host"],
  ["settings", "port"],
  ["settings", "tls"],
  ["settings", "url"]
]

/** Whether a secret that the file holds below a place is still the same one. */
const keepsSecret = (file: Shape.Mapping, next: Shape.Mapping, place: Shape.Path): boolean =>
  Shape.secretsOf(shape, file).some(
    ([path, stored]) => place.every((key, i) => path[i] === key) && Shape.same(Shape.get(next, path), stored)
  )

const holdsReference = (document: Shape.Mapping, path: Shape.Path): boolean =>
  referencesIn(Shape.get(document, path)).length > 0

/** What is written out as its default is the same as left out. */
const orNothing = (value: unknown): unknown => {
  const size = Array.isArray(value) ? value.length : Shape.isMapping(value) ? Object.keys(value).length : 1
  return size === 0 || value === undefined || value === false ? null : value
}

const referencesIn = (value: unknown, path: Shape.Path = []): ReadonlyArray<Shape.Path> => {
  if (typeof value === "string") return isReference(value) ? [path] : []
  if (Array.isArray(value)) return value.flatMap((item, i) => referencesIn(item, [...path, i]))
  return Shape.isMapping(value) ? Object.keys(value).flatMap((key) => referencesIn(value[key], [...path, key])) : []
}

const remotesOf = (document: Shape.Mapping): ReadonlyArray<string> => {
  const remotes = Shape.get(document, ["storage", "remotes"])
  return Array.isArray(remotes) ? remotes.map((remote) => String(Shape.asMapping(remote)["remote"] ?? "")) : []
}
