/**
 * What a document from the network may not do unless the local file says `remote.allow_code: true`: make the site run other
 * code (commands, modules, plug-ins, their environment), read other secrets, or grant itself that right. Compared with the
 * file, so that handing back what is there is no change. Pure; looks at documents as written, before anything is decoded.
 */
import type { ConfigIssue } from "../operations/ConfigOperations.js"
import { isReference } from "../site/Secrets.js"
import { pathText } from "./ConfigDecode.js"
import * as Shape from "./ConfigShape.js"

/** Every place where the new document oversteps; none if it may be taken. */
export const oversteps = (file: Shape.Mapping, next: Shape.Mapping): ReadonlyArray<ConfigIssue> => {
  if (Shape.get(file, ["remote", "allow_code"]) === true) return []
  const found = new Map<string, string>()
  const changed = (path: Shape.Path) => !Shape.same(orNothing(Shape.get(file, path)), orNothing(Shape.get(next, path)))
  const note = (path: Shape.Path, what: string) => void (found.has(pathText(path)) || found.set(pathText(path), what))

  for (const path of localOnly) if (changed(path)) note(path, "may be changed in the local file only")
  const procedures = Shape.asMapping(next["procedures"])
  for (const name of Object.keys(procedures)) {
    for (const key of codeKeys) {
      const path = ["procedures", name, key]
      if (changed(path)) note(path, "runs code: it may be added or changed in the local file only")
    }
  }
  for (const path of [...referencesIn(file), ...referencesIn(next)]) {
    // An entry that is gone as a whole takes its references with it.
    const gone = path[0] === "procedures" && !Object.hasOwn(procedures, String(path[1]))
    if (!gone && changed(path)) note(path, "is a secret reference: it may be added or changed in the local file only")
  }
  const known = remotesOf(file)
  remotesOf(next).forEach((remote, i) => {
    if (!known.includes(remote) && /^[-:]|^[^:]*,/.test(remote.trim())) {
      note(["storage", "remotes", i, "remote"], "sets options of the copying program: local file only")
    }
  })
  return [...found].map(([path, message]) => ({
    path,
    message,
    remedy: "edit the file on the machine, or set remote.allow_code: true there"
  }))
}

// ------------------------------------------------------------------------------------------------------------------

const localOnly: ReadonlyArray<Shape.Path> = [["plugins"], ["remote", "allow_code"], ["general", "allow_env"]]
const codeKeys = ["command", "module", "env", "directory"] as const

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
