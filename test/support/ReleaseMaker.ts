/** Releases for tests: archives of any content, honest or not, with signed manifests. */
import { Effect, DateTime } from "effect"
import { createHash } from "node:crypto"
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import { Header } from "tar"
import { ReleaseVersion } from "../../src/domain/ReleaseVersion.js"
import * as Manifest from "../../src/update/Manifest.js"
import * as Signature from "../../src/update/Signature.js"

export interface Item {
  readonly path: string
  readonly content?: string | Buffer
  readonly type?: "File" | "Directory" | "SymbolicLink" | "Link" | "CharacterDevice" | "FIFO"
  readonly linkpath?: string
  readonly mode?: number
}

/** A tar archive of just these entries, whatever their paths are. */
export const tar = (items: ReadonlyArray<Item>): Buffer =>
  Buffer.concat([
    ...items.flatMap(({ content = "", linkpath, mode = 0o644, path, type = "File" }) => {
      const body = Buffer.from(content)
      const block = Buffer.alloc(512)
      const header = new Header({
        path,
        type,
        mode,
        size: body.length,
        mtime: new Date(0),
        uid: 0,
        gid: 0,
        ...(linkpath === undefined ? {} : { linkpath })
      })
      assertFits(header.encode(block, 0), path)
      return [block, body, Buffer.alloc((512 - (body.length % 512)) % 512)]
    }),
    Buffer.alloc(1024)
  ])

export const tgz = (items: ReadonlyArray<Item>): Buffer => gzipSync(tar(items))

/** Files of a release below its top directory. */
export const archiveOf = (files: Readonly<Record<string, string>>): Buffer =>
  tgz(Object.entries(files).map(([path, content]) => ({ path: `package/${path}`, content })))

export type Keys = Effect.Effect.Success<typeof Signature.keygen>

export const keys: Keys = Effect.runSync(Signature.keygen)

export interface Offer {
  readonly version: string
  readonly archive: Buffer
  readonly change?: Partial<typeof Manifest.Manifest.Type>
  readonly signer?: Keys | undefined
}

export const manifestOf = ({ archive, change = {}, version }: Offer): Manifest.Manifest =>
  new Manifest.Manifest({
    name: "outpost",
    version: ReleaseVersion.make(version),
    sha256: createHash("sha256").update(archive).digest("hex"),
    size: archive.length,
    created: DateTime.unsafeMake("2026-01-01T00:00:00Z"),
    expires: DateTime.unsafeMake("2099-01-01T00:00:00Z"),
    minimum_version: ReleaseVersion.make("0.0.0-a"),
    entry: "dist/main.js",
    ...change
  })

export const signed = (offer: Offer): string =>
  Effect.runSync(Manifest.sign(manifestOf(offer), (offer.signer ?? keys).privateKey))

/** Puts a release where the source `file` finds it. */
export const publish = (directory: string, offer: Offer): void => {
  mkdirSync(directory, { recursive: true })
  writeFileSync(join(directory, `${offer.version}.json`), signed(offer))
  writeFileSync(join(directory, `outpost-${offer.version}.tgz`), offer.archive)
}

const assertFits = (needsMore: boolean, path: string): void => {
  if (needsMore) throw new Error(`${path} does not fit into one header`)
}
