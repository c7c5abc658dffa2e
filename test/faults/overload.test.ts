/** More than the server can take: it says so, in bounded memory, and goes on; readers that don't read slow nobody. */
import { afterAll, assert, describe, it } from "vitest"
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as net from "node:net"
import { join } from "node:path"
import { rounds } from "../support/Crashes.js"
import { cleanUp, newDirectory, serve, type SiteServer, siteLines } from "../support/SiteServer.js"

afterAll(cleanUp)

const megabyte = 1024 * 1024

const siteWith = (config: string): string => {
  const site = newDirectory()
  fs.writeFileSync(join(site, "outpost.yaml"), config)
  return site
}

/** Resident memory of a process, in bytes. */
const memoryOf = (pid: number): number => {
  const [, kilobytes = "0"] = /VmRSS:\s+(\d+)/.exec(fs.readFileSync(`/proc/${pid}/status`, "utf8")) ?? []
  return Number(kilobytes) * 1024
}

/** The server itself, where it runs under a tracer. */
const serverPid = (server: SiteServer): number => {
  const file = JSON.parse(fs.readFileSync(join(server.site, ".outpost", "server.json"), "utf8")) as { pid: number }
  return file.pid
}

const pause = (millis: number) => new Promise((resolve) => setTimeout(resolve, millis))

describe("more events than the disk takes", () => {
  const strace = spawnSync("strace", ["-V"]).status === 0

  it(
    "senders wait, those beyond the bound are told 503 and when to come again, nobody is told wrong",
    { timeout: 120_000 },
    async (context) => {
      if (!strace) {
        if (process.env["OUTPOST_REQUIRE_SERVICES"] === "1") assert.fail("strace is required and not installed")
        console.warn("SKIPPED: strace is not installed")
        return context.skip()
      }
      const under = [
        "strace",
        "-f",
        "-qq",
        "-o",
        "/dev/null",
        "-e",
        "trace=fdatasync",
        "-e",
        "inject=fdatasync:delay_enter=700000"
      ]
      const server = await serve(siteWith("telemetry:\n  checkpoint_interval: 1h\n"), { under })
      const body = Buffer.from(JSON.stringify({ type: "large", data: "x".repeat(megabyte) }))
      const pid = serverPid(server)
      let highest = 0
      let slowest = 0
      let watching = true
      const watch = (async () => {
        while (watching) {
          const begin = performance.now()
          assert.strictEqual((await server.call("/health")).status, 200)
          slowest = Math.max(slowest, performance.now() - begin)
          highest = Math.max(highest, memoryOf(pid))
          await pause(50)
        }
      })()
      const replies = await Promise.all(Array.from({ length: 60 }, () => server.post("/event", body)))
      watching = false
      await watch
      const acked = replies.filter(({ status }) => status === 200).map(({ json }) => json.seq as number)
      const refused = replies.filter(({ status }) => status !== 200)
      assert.isAbove(acked.length, 3)
      assert.isAbove(refused.length, 3)
      for (const { headers, json, status } of refused) {
        assert.strictEqual(status, 503)
        assert.match(headers["retry-after"] ?? "", /^\d+$/)
        assert.isString(json.detail)
      }
      assert.strictEqual((await server.post("/event", { type: "small", data: 1 })).status, 200, "it goes on")
      assert.sameMembers(
        siteLines(server.site).map((line) => JSON.parse(line).seq as number),
        [...acked, acked.length + 1]
      )
      assert.isBelow(highest, 600 * megabyte)
      assert.isBelow(slowest, 5_000, "/health was answered all the while")
      // The tracer ends with what it traces, not the other way round.
      process.kill(pid, "SIGKILL")
      await server.ended
    }
  )
})

describe("readers that don't read", () => {
  const readers = rounds(50, 400)
  it(
    `${readers} of them: every event is taken, in bounded memory, and each can still have all`,
    { timeout: 300_000 },
    async () => {
      const limits = `http:\n  limits:\n    live_clients: ${readers + 10}\n    connections: ${readers + 100}\n`
      const server = await serve(siteWith(limits))
      const sockets = await Promise.all(
        Array.from(
          { length: readers },
          () =>
            new Promise<net.Socket>((resolve, reject) => {
              const socket = net.connect(server.port, "127.0.0.1", () => {
                socket.write("GET /events/tail HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n")
                socket.once("readable", () => resolve(socket))
              })
              socket.on("error", reject)
            })
        )
      )
      const before = memoryOf(server.child.pid ?? 0)
      const total = 10_000
      const pad = "p".repeat(1_000)
      let highest = 0
      let slowest = 0
      for (let n = 0; n < total; n += 100) {
        const lines = Array.from({ length: 100 }, (_, i) =>
          JSON.stringify({ type: "n", data: { n: n + i, pad } })
        ).join("\n")
        const begin = performance.now()
        const { json, status } = await server.post("/events", lines, { "content-type": "application/x-ndjson" })
        slowest = Math.max(slowest, performance.now() - begin)
        assert.deepStrictEqual([status, json.accepted.length], [200, 100])
        highest = Math.max(highest, memoryOf(server.child.pid ?? 0))
      }
      // Kept for each reader, that would be 10 MB a reader.
      assert.isBelow(highest - before, 150 * megabyte + readers * megabyte * 0.1)
      console.log(
        `${readers} silent readers: ${total} events, slowest batch ${slowest.toFixed(0)} ms, memory ${(before / megabyte).toFixed(0)} to ${(highest / megabyte).toFixed(0)} MB`
      )
      const [patient] = sockets
      for (const socket of sockets.slice(1)) socket.destroy()
      const seen = await new Promise<number>((resolve, reject) => {
        let text = ""
        let count = 0
        patient?.on("data", (chunk: Buffer) => {
          text += chunk.toString("latin1")
          const parts = text.split("\n")
          text = parts.pop() ?? ""
          for (const line of parts) {
            const n = /"n":(\d+),"pad"/.exec(line)?.[1]
            if (n === undefined) continue
            if (Number(n) !== count) return reject(new Error(`event ${n} came when ${count} was due`))
            if (++count === total) resolve(count)
          }
        })
        patient?.on("close", () => reject(new Error(`closed after ${count}`)))
      })
      assert.strictEqual(seen, total)
      patient?.destroy()
      assert.strictEqual((await server.call("/health")).status, 200)
    }
  )

  it("one live view more than there are places for is 503, and says when to come again", async () => {
    const server = await serve(siteWith("http:\n  limits:\n    live_clients: 2\n"))
    const open = () =>
      new Promise<net.Socket>((resolve) => {
        const socket = net.connect(server.port, "127.0.0.1", () => {
          socket.write("GET /events/tail HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
          socket.once("readable", () => resolve(socket))
        })
      })
    const taken = [await open(), await open()]
    const refused = await server.call("/events/tail")
    assert.strictEqual(refused.status, 503)
    assert.match(refused.headers["retry-after"] ?? "", /^\d+$/)
    for (const socket of taken) socket.destroy()
  })
})
