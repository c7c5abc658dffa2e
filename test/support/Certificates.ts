/** Authorities and certificates of a test alone, made with openssl. */
import { Effect, type Scope } from "effect"
import { execFileSync, spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

export const installed = spawnSync("openssl", ["version"]).status === 0

/** Where they stand, and what stands there. */
export interface Certificate {
  readonly files: { readonly certificate: string; readonly key: string }
  readonly pem: { readonly certificate: string; readonly key: string }
}

export interface Authority extends Certificate {
  /** A certificate for a name, `DNS:...` or `IP:...`, signed by this authority. */
  readonly issue: (name: string) => Certificate
}

/** One that nobody but this test trusts. */
export const authority: Effect.Effect<Authority, never, Scope.Scope> = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "outpost-certificates-"))),
  (made) => Effect.sync(() => rmSync(made, { recursive: true, force: true }))
).pipe(
  Effect.map((directory) => {
    const openssl = (...args: ReadonlyArray<string>) => execFileSync("openssl", args, { cwd: directory, stdio: "pipe" })
    const read = (name: string): Certificate => {
      const files = { certificate: join(directory, `${name}.crt`), key: join(directory, `${name}.key`) }
      return {
        files,
        pem: { certificate: readFileSync(files.certificate, "utf8"), key: readFileSync(files.key, "utf8") }
      }
    }
    const key = (name: string) => openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", `${name}.key`)
    key("ca")
    openssl("req", "-x509", "-new", "-key", "ca.key", "-days", "2", "-subj", "/CN=an authority", "-out", "ca.crt")
    let issued = 0
    return {
      ...read("ca"),
      issue: (name) => {
        const file = `issued-${++issued}`
        key(file)
        writeFileSync(join(directory, `${file}.ext`), `subjectAltName=${name}\n`)
        openssl("req", "-new", "-key", `${file}.key`, "-subj", "/CN=issued", "-out", `${file}.csr`)
        const signed = ["-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2"]
        openssl("x509", "-req", "-in", `${file}.csr`, ...signed, "-extfile", `${file}.ext`, "-out", `${file}.crt`)
        return read(file)
      }
    }
  })
)
