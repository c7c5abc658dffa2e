/**
 * Steps of a job, claimed and done, each durable before it counts: windows of a backfill, which are rows of its ledger, beside
 * jobs of graphile-worker on PostgreSQL and of BullMQ on Redis. Every job is empty, so that what is measured is the claim and
 * the acknowledgement. The jobs of the peers stand in their queues before the clock starts; the plan of ours is made within.
 *
 * Rounds are interleaved, all on one disk. Each peer has as many workers in this process as serve it best here.
 *
 *     npm run bench -- queues
 */
import { createClient } from "@redis/client"
import { Queue, Worker } from "bullmq"
import { Effect } from "effect"
import { Logger, makeWorkerUtils, run } from "graphile-worker"
import { rmSync } from "node:fs"
import { join } from "node:path"
import { open } from "../test/support/BackfillSite.js"
import { EmptyHistory, emptyJob } from "./support/EmptyHistory.js"
import { conditions, median, ratio, round, table } from "./support/Report.js"
import { temporary } from "./support/Server.js"
import * as Services from "./support/Services.js"

const count = Number(process.env["BENCH_JOBS"] ?? 20_000)
const rounds = Number(process.env["BENCH_ROUNDS"] ?? 3)
const workers = {
  graphile: Number(process.env["BENCH_GRAPHILE"] ?? 32),
  bullmq: Number(process.env["BENCH_BULLMQ"] ?? 128)
}
const addedAtOnce = 1_000
const ours = "windows of a backfill, ledger"

/** Runs so many jobs; answers the seconds it took. */
type Contender = (jobs: number) => Promise<number>

const directory = temporary("queues")

/** Resolves at the last of so many calls. */
const countdown = (calls: number) => {
  let left = calls
  let resolve = (): void => undefined
  const over = new Promise<void>((done) => (resolve = done))
  const tick = (): void => {
    left--
    if (left === 0) resolve()
  }
  return { tick, over }
}

const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const begin = performance.now()
  await work()
  return (performance.now() - begin) / 1_000
}

const batches = (jobs: number): ReadonlyArray<number> =>
  Array.from({ length: Math.ceil(jobs / addedAtOnce) }, (_, k) => Math.min(addedAtOnce, jobs - k * addedAtOnce))

let places = 0
const backfill: Contender = (jobs) =>
  Effect.runPromise(
    Effect.scoped(
      Effect.gen(function* () {
        const site = yield* open(join(directory, `site-${places++}`), [EmptyHistory], [emptyJob(jobs)])
        const begin = performance.now()
        const { id } = yield* site.backfills.start({})
        const record = yield* site.backfills.await(id)
        const seconds = (performance.now() - begin) / 1_000
        if (record.series[0]?.empty !== jobs) return yield* Effect.dieMessage(JSON.stringify(record.series))
        return seconds
      })
    )
  )

const graphile =
  (connectionString: string): Contender =>
  async (jobs) => {
    const utils = await makeWorkerUtils({ connectionString, logger: silent })
    await utils.migrate()
    await utils.withPgClient((client) =>
      client.query("select graphile_worker.add_job('window', '{}') from generate_series(1, $1::int)", [jobs])
    )
    await utils.release()
    const { over, tick } = countdown(jobs)
    return await timed(async () => {
      const runner = await run({
        connectionString,
        logger: silent,
        noHandleSignals: true,
        concurrency: workers.graphile,
        maxPoolSize: workers.graphile + 2,
        taskList: { window: async () => undefined }
      })
      runner.events.on("job:complete", tick)
      await over
      void runner.stop()
    })
  }

const silent = new Logger(() => () => undefined)

const bullmq =
  (url: string): Contender =>
  async (jobs) => {
    const client = await createClient({ url }).connect()
    const name = `windows-${places++}`
    const queue = new Queue(name, { connection: client })
    for (const size of batches(jobs)) {
      await queue.addBulk(
        Array.from({ length: size }, () => ({ name: "window", data: {}, opts: { removeOnComplete: true } }))
      )
    }
    const { over, tick } = countdown(jobs)
    const seconds = await timed(async () => {
      const worker = new Worker(name, async () => undefined, { connection: client, concurrency: workers.bullmq })
      worker.on("completed", tick)
      await over
      await worker.close()
    })
    await queue.close()
    client.destroy()
    return seconds
  }

const postgres = await Services.postgres(join(directory, "postgres"))
const redis = await Services.redis(join(directory, "redis"))
const contenders = new Map<string, Contender>([[ours, backfill]])
if (postgres !== undefined) contenders.set("graphile-worker, PostgreSQL", graphile(postgres.url))
else console.log("PostgreSQL is not installed (apt-get install postgresql): graphile-worker is left out")
if (redis !== undefined) contenders.set("BullMQ, Redis", bullmq(redis.url))
else console.log("redis-server is not installed (apt-get install redis-server): BullMQ is left out")

console.log(`${count} empty jobs, claimed and done; ${rounds} rounds; ${conditions(directory)}`)
console.log(`PostgreSQL: ${postgres?.durability}, ${workers.graphile} workers`)
console.log(`Redis: ${redis?.durability}, ${workers.bullmq} workers`)
const rates = new Map<string, Array<number>>()
for (const contender of contenders.values()) await contender(Math.min(count, 1_000))
for (let k = 0; k < rounds; k++) {
  for (const [name, contender] of contenders) {
    const rate = count / (await contender(count))
    rates.set(name, [...(rates.get(name) ?? []), rate])
  }
}
const own = median(rates.get(ours) ?? [])
table(
  [...rates].map(([name, found]) => ({
    what: name,
    "jobs/s (median)": round(median(found)),
    "lowest to highest": `${round(Math.min(...found))} to ${round(Math.max(...found))}`,
    "ours over it": ratio(own / median(found))
  }))
)
await postgres?.stop()
await redis?.stop()
rmSync(directory, { recursive: true, force: true })
