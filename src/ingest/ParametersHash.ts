/** One text for the versions of all parameters, the same in every service that holds the same ones. */
import { createHash } from "node:crypto"

/** Hex SHA-256 over the sixteen bytes of each version, in the order of the names' code points. */
export const parametersHash = (versions: Iterable<readonly [name: string, version: string]>): string => {
  const hash = createHash("sha256")
  const named = Array.from(versions, ([name, version]) => ({ name: Buffer.from(name), version }))
  for (const { version } of named.sort((a, b) => Buffer.compare(a.name, b.name))) {
    hash.update(version.replaceAll("-", ""), "hex")
  }
  return hash.digest("hex")
}
