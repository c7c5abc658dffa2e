/** Procedures that misbehave in every way we know: each is contained, told of, and disturbs no other. */
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { join } from "node:path"
import * as AwakeSite from "../support/AwakeSite.js"
import { rounds } from "../support/Crashes.js"
import { cleanUp, newDirectory } from "../support/SiteServer.js"

afterAll(async () => {
  await AwakeSite.endAll()
  await cleanUp()
})

const fixture = (name: string) => join(import.meta.dirname, "../fixtures/procedures", name)
const shell = (script: string) => ["/bin/sh", "-c", script]

/** One that behaves, beside which the others do not. */
const good = { command: shell(`echo '{"event": {"type": "good", "data": 1}}'`), every: "500ms" }

const goesOn = async (site: AwakeSite.AwakeSite) => {
  const before = site.events("good").length
  await site.until("the good one goes on", () => site.events("good").length >= before + 3)
}

describe.skipIf(process.platform !== "linux")("a procedure", () => {
  it("that ignores SIGTERM and forks children out of its group is ended with all of them", async () => {
    const site = await AwakeSite.serve({ good, bad: { command: ["/bin/sh", fixture("stubborn.sh")], shutdown: "1s" } })
    const mark = `OUTPOST_SITE=${site.site}`
    await site.until("all of it runs", () => AwakeSite.processesOf(`OUTPOST_PROCEDURE=bad`).length >= 5)
    const stopped = await site.json("/procedures/bad/stop", { method: "POST" })
    assert.strictEqual(stopped.status, "stopped")
    assert.deepStrictEqual(stopped.exit, { code: null, signal: "SIGKILL" })
    assert.deepStrictEqual(AwakeSite.processesOf("OUTPOST_PROCEDURE=bad"), [])
    await goesOn(site)
    await site.stop()
    assert.deepStrictEqual(AwakeSite.processesOf(mark), [])
  })

  it("ivy 14.11: whose site is killed with kill -9 is gone within five seconds, its strays too", async () => {
    for (let round = 0; round < rounds(1, 10); round++) {
      const site = await AwakeSite.serve({ bad: { command: ["/bin/sh", fixture("stubborn.sh")] } })
      const mark = `OUTPOST_SITE=${site.site}`
      await site.until("all of it runs", () => AwakeSite.processesOf(mark).length >= 5)
      site.child.kill("SIGKILL")
      await site.ended
      await site.until("nothing is left", () => AwakeSite.processesOf(mark).length === 0, 5_000)
    }
  })

  it("ivy 14.11: that an earlier life left behind is ended at the next start, and told", async () => {
    const directory = newDirectory()
    const site = await AwakeSite.serve({ bad: { command: ["/bin/sh", fixture("stubborn.sh")] } }, directory)
    const mark = `OUTPOST_SITE=${directory}`
    await site.until("all of it runs", () => AwakeSite.processesOf(mark).length >= 5)
    // The guards first: nobody is there to end it.
    for (const guard of AwakeSite.guards(mark)) process.kill(guard, "SIGKILL")
    site.child.kill("SIGKILL")
    await site.ended
    assert.isAtLeast(AwakeSite.processesOf(mark).length, 5)
    const next = await AwakeSite.serve({ good }, directory)
    const left = AwakeSite.processesOf(mark).filter(
      (pid) => !AwakeSite.processesOf("OUTPOST_PROCEDURE=good").includes(pid)
    )
    assert.deepStrictEqual(left, [])
    await next.until("it is told", async () => (await next.system("procedure.reaped")).length === 1)
  })

  it("that prints 100 MB is read, its log lines limited with a count, and what it says besides counts", async () => {
    const site = await AwakeSite.serve({
      good,
      bad: {
        command: shell(
          `yes 'all work and no play makes a dull log file of it' | head -c 100000000; echo; echo '{"event": {"type": "end", "data": 1}}'; sleep 600`
        )
      }
    })
    await site.until("it is read to its end", () => site.events("end").length === 1, 60_000)
    const { dropped_lines } = await site.procedure("bad")
    assert.isAbove(dropped_lines, 1_900_000)
    await site.until("it is told", async () => (await site.system("procedure.output-dropped")).length >= 1)
    const lines = (await site.log()).split("\n").filter((line) => line.includes("dull log file"))
    assert.isBelow(lines.length, 1_000)
    await goesOn(site)
  }, 120_000)

  it("that throws where nobody can catch it is told, with the place, and the station goes on", async () => {
    const site = await AwakeSite.serve({ good, bad: { module: fixture("stray.mjs") } })
    for (const what of ["the timer is stuck", "the port is gone"])
      await site.until(`it is told that ${what}`, async () => (await site.log()).includes(what))
    assert.match(await site.log(), /an exception that nobody caught: the timer is stuck, at file:\S+stray\.mjs:6:\d+/)
    await goesOn(site)
    await site.stop()
  })

  it("that throws in its teardown is told, and the stop goes on", async () => {
    const site = await AwakeSite.serve({ good, bad: { module: fixture("teardown.mjs"), settings: { a: 1 } } })
    await site.until("it is up", () => site.events("teardown.up").length === 1)
    const stopped = await site.json("/procedures/bad/stop", { method: "POST" })
    assert.strictEqual(stopped.status, "stopped")
    await site.until("it is told", async () => (await site.log()).includes("its teardown failed: the valve is stuck"))
    await goesOn(site)
    await site.stop()
  })

  it("ivy 14.9: a config that changes, again and again, does not keep the others from being looked after", async () => {
    const crashing = {
      command: shell(`echo '{"event": {"type": "life", "data": 1}}'; sleep 0.2; exit 1`),
      limits: { restarts: 1000 }
    }
    const site = await AwakeSite.serve({ good, crashing })
    await site.until("it lives", () => site.events("life").length >= 1)
    const { pid } = await site.json("/status")
    assert.isAbove(pid, 0)
    const before = site.events("life").length
    for (let n = 0; n < 5; n++) {
      await AwakeSite.reconfigure(site, { good: { ...good, settings: { n } }, crashing })
      await AwakeSite.pause(300)
    }
    assert.isAbove(site.events("life").length, before)
    await goesOn(site)
  })
})

describe.skipIf(process.platform !== "linux")("on one site", () => {
  let site: AwakeSite.AwakeSite

  const ending = (exit: string, restart: string) => ({ command: shell(exit), restart })
  beforeAll(async () => {
    site = await AwakeSite.serve({
      good,
      binary: {
        command: shell(
          `head -c 3000000 /dev/urandom; head -c 3000000 /dev/zero >&2; echo; echo '{"event": {"type": "end", "data": 1}}'; sleep 600`
        )
      },
      leak: { command: ["python3", fixture("leak.py")], limits: { memory_bytes: "80 MiB" } },
      slow: { command: shell("sleep 60"), limits: { run_time: "300ms" } },
      crashing: { command: shell("exit 7"), limits: { restarts: 3 } },
      silent: { command: shell(`echo '{"progress": "begun"}'; sleep 600`), heartbeat: "600ms" },
      clean: ending("exit 0", "on-failure"),
      failed: ending("exit 1", "never"),
      killed: ending("kill -KILL $$", "never")
    })
  })

  it("one that prints binary does no harm to the log, nor to what it says besides", async () => {
    await site.until("it is read to its end", () => site.events("end").length === 1, 30_000)
    for (const line of (await site.log()).trim().split("\n")) assert.doesNotThrow(() => JSON.parse(line))
  })

  it("one that leaks memory is killed with that reason, and started again", async () => {
    await site.until("it is killed", async () => (await site.procedure("leak")).restarts >= 1)
    const { last_error } = await site.procedure("leak")
    assert.match(last_error ?? "", /killed: it had \d+ bytes in memory, at most 83886080/)
  })

  it("one that takes longer than it may is ended with that reason", async () => {
    await site.until("it is ended", async () => (await site.procedure("slow")).restarts >= 1)
    assert.include((await site.procedure("slow")).last_error, "a run took longer than 300ms")
  })

  it("ivy 14.10: a crash loop backs off and ends in quarantine, with its exit code and an event", async () => {
    await site.until("it is set aside", async () => (await site.procedure("crashing")).status === "quarantined")
    const bad = await site.procedure("crashing")
    assert.deepInclude(bad, { restarts: 3, runs: 4, exit: { code: 7, signal: null } })
    assert.include(bad.last_error, "with code 7")
    await site.until("it is told", async () =>
      (await site.system("actor.quarantined")).some(({ data }) => data.path === "procedures/crashing")
    )
    await site.json("/procedures/crashing/start", { method: "POST" })
    assert.isAtLeast((await site.procedure("crashing")).runs, 5)
  })

  it("ivy 14.10: silence for longer than the heartbeat is a restart, with that reason", async () => {
    await site.until("it is told", async () =>
      (await site.system("actor.crashed")).some(
        ({ data }) => data.path === "procedures/silent" && data.reason === "silence"
      )
    )
    assert.isAtLeast((await site.procedure("silent")).restarts, 1)
  })

  it("ivy 14.10: a clean end is told from a crash, a code from a signal", async () => {
    for (const [name, status, reason, exit] of [
      ["clean", "stopped", "returned", { code: 0, signal: null }],
      ["failed", "failed", "failure", { code: 1, signal: null }],
      ["killed", "failed", "failure", { code: null, signal: "SIGKILL" }]
    ] as const) {
      await site.until(`${name} has ended`, async () => (await site.procedure(name)).status === status)
      assert.deepInclude(await site.procedure(name), { reason, exit, restarts: 0 })
    }
  })

  it("ivy 14.19: each shows in the list of processes as what it is", () => {
    const [pid] = AwakeSite.processesOf("OUTPOST_PROCEDURE=binary")
    assert.include(AwakeSite.commandLine(pid ?? 0), "sleep 600")
    const names = AwakeSite.guards("OUTPOST_PROCEDURE=binary").map(AwakeSite.commandLine)
    assert.isTrue(names.some((line) => line.includes("guard of")))
  })

  it("the one that behaves goes on all the while", () => goesOn(site))
})
