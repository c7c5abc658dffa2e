/** The built program as a release of a later version. */
import { spawnSync } from "node:child_process"
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { bin } from "./buildOnce.js"

/** The version of the program under test. */
export const built = (JSON.parse(readFileSync(join(bin, "../../package.json"), "utf8")) as { version: string }).version

/** Where a release finds the packages of this repository: below its node_modules. */
export const home = (name: string): string =>
  join(bin, "../../node_modules/.cache", `outpost-update-${name}-${process.pid}`)

/** An archive of what was built, under another number; made in a directory that is there. */
export const archive = (base: string, version: string): Buffer => {
  const place = join(base, "package")
  mkdirSync(place)
  cpSync(join(bin, ".."), join(place, "dist"), {
    recursive: true,
    filter: (path) => !/\/(lib|ui)$|\.map$/.test(path)
  })
  writeFileSync(join(place, "package.json"), `{"name":"outpost","type":"module"}`)
  for (const file of readdirSync(join(place, "dist"), { recursive: true, encoding: "utf8" })) {
    if (!file.endsWith(".js")) continue
    const text = readFileSync(join(place, "dist", file), "utf8")
    if (text.includes(`"${built}"`))
      writeFileSync(join(place, "dist", file), text.replaceAll(`"${built}"`, `"${version}"`))
  }
  const packed = join(base, "whole.tgz")
  const { status } = spawnSync("tar", ["-czf", packed, "-C", base, "package"])
  if (status !== 0) throw new Error(`tar ended with ${status}`)
  return readFileSync(packed)
}
