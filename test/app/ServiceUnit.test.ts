import { assert, describe, it } from "@effect/vitest"
import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as ServiceUnit from "../../src/app/ServiceUnit.js"

const facts: ServiceUnit.UnitFacts = {
  site: "/var/lib/outpost",
  config: undefined,
  program: [process.execPath, join(import.meta.dirname, "../../dist/launcher.js")],
  runAs: "root",
  user: false
}

/** What systemd itself says of a unit. */
const verified = (text: string): string => {
  const directory = mkdtempSync(join(tmpdir(), "outpost-unit-"))
  const file = join(directory, "outpost.service")
  writeFileSync(file, text)
  const { stderr, stdout } = spawnSync("systemd-analyze", ["verify", file], { encoding: "utf8" })
  rmSync(directory, { recursive: true })
  return `${stdout}${stderr}`
    .split("\n")
    .filter((line) => line.includes("outpost.service"))
    .join("\n")
}

const hasSystemd = spawnSync("systemd-analyze", ["--version"]).status === 0

describe("the systemd unit", () => {
  it("is ready when the server says so, is watched, restarts, and may write its site alone", () => {
    const lines = ServiceUnit.text(facts).split("\n")
    for (const line of [
      "Type=notify",
      "NotifyAccess=all",
      "Restart=always",
      "WatchdogSec=120",
      "NoNewPrivileges=true",
      "ProtectSystem=strict",
      "ReadWritePaths=/var/lib/outpost",
      "CapabilityBoundingSet=",
      "User=root",
      "WantedBy=multi-user.target"
    ])
      assert.include(lines, line)
  })

  it("of a user's own chooses no user and takes no rights it can't", () => {
    const text = ServiceUnit.text({ ...facts, user: true, runAs: undefined })
    assert.notMatch(text, /^(User|ProtectSystem|CapabilityBoundingSet)=/m)
    assert.include(text, "WantedBy=default.target")
  })

  it("quotes what means something to systemd", () => {
    const text = ServiceUnit.text({ ...facts, site: '/srv/a b "c" 50% $HOME\\x', config: "/etc/out post.yaml" })
    assert.include(text, '--site "/srv/a b \\"c\\" 50%% $$HOME\\\\x" --config "/etc/out post.yaml"')
    assert.include(text, 'ReadWritePaths="/srv/a b \\"c\\" 50%% $$HOME\\\\x"')
  })

  it.skipIf(!hasSystemd)("systemd takes it without a word", () => {
    assert.strictEqual(verified(ServiceUnit.text(facts)), "")
    assert.strictEqual(verified(ServiceUnit.text({ ...facts, user: true, runAs: undefined })), "")
    assert.notStrictEqual(verified(`${ServiceUnit.text(facts)}\nNonsense=1\n`), "")
  })
})
