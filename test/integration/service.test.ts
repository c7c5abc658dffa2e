import { assert, describe, it } from "@effect/vitest"
import { spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { vi } from "vitest"
import { Disk, stuckPart } from "../../src/app/ServiceManager.js"
import { start } from "../support/OutpostProcess.js"

const hasNotify = spawnSync("systemd-notify", ["--version"]).status === 0 && spawnSync("python3", ["-V"]).status === 0

/** What systemd would hear: the messages that come to a datagram socket, one a line. */
const listener = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print("bound", flush=True)
while True:
    data, fds, flags, address = socket.recv_fds(s, 65536, 4)
    for fd in fds:
        socket.close(fd)
    print(data.decode().replace("\\n", " "), flush=True)
`

describe("progress, as systemd is told", () => {
  it("there is none where a vital part does nothing; what a user added is another matter", () => {
    assert.isUndefined(
      stuckPart([
        { path: "http", status: "ready" },
        { path: "procedures/pump", status: "quarantined" },
        { path: "config-watch", status: "backing-off" }
      ])
    )
    assert.strictEqual(stuckPart([{ path: "http", status: "quarantined" }]), "http is quarantined")
    assert.strictEqual(stuckPart([{ path: "alarms", status: "degraded" }]), "alarms is degraded")
  })

  it("a disk hangs where senders wait and nothing becomes durable from look to look", () => {
    const disk = new Disk()
    assert.isFalse(disk.hangs(true, 5))
    assert.isFalse(disk.hangs(true, 5))
    assert.isTrue(disk.hangs(true, 5))
    assert.isFalse(disk.hangs(true, 6))
    assert.isFalse(disk.hangs(true, 6))
    assert.isFalse(disk.hangs(false, 6))
    assert.isFalse(disk.hangs(true, 6))
  })

  it.skipIf(!hasNotify)(
    "the site says that it is ready, that it goes on, and that it stops",
    async () => {
      const directory = mkdtempSync(join(tmpdir(), "outpost-notify-"))
      const socket = join(directory, "notify")
      const systemd = spawn("python3", ["-u", "-c", listener, socket], { stdio: ["ignore", "pipe", "inherit"] })
      let heard = ""
      systemd.stdout.setEncoding("utf8").on("data", (text: string) => (heard += text))
      const hears = (what: RegExp) => vi.waitUntil(() => what.test(heard), { timeout: 120_000, interval: 50 })
      try {
        await hears(/bound/)
        const { child, ended } = start(["serve", "--site", join(directory, "site"), "--port", "0", "--idle"], {
          env: { NOTIFY_SOCKET: socket, WATCHDOG_USEC: "2000000" }
        })
        await hears(/READY=1/)
        await hears(/WATCHDOG=1[^]*WATCHDOG=1/)
        child.kill("SIGTERM")
        assert.strictEqual((await ended).code, 0)
        await hears(/STOPPING=1/)
      } finally {
        systemd.kill()
        await once(systemd, "close")
        rmSync(directory, { recursive: true, force: true })
      }
    },
    120_000
  )
})
