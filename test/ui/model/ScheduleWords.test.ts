import { cronWords, intervalWords, scheduleWords } from "../../../src/ui/model/ScheduleWords.js"
import { assert, describe, it } from "@effect/vitest"

describe("the schedule of a procedure in words", () => {
  it("an interval is said with its unit, as a config may write it", () => {
    assert.strictEqual(intervalWords("1s"), "every second")
    assert.strictEqual(intervalWords("30s"), "every 30 seconds")
    assert.strictEqual(intervalWords("1h 30m"), "every 1 hour 30 minutes")
    assert.strictEqual(intervalWords("250ms"), "every 250 milliseconds")
    assert.strictEqual(intervalWords("2 days"), "every 2 days")
  })

  it.each([
    ["* * * * *", "every minute"],
    ["*/5 * * * *", "every 5 minutes"],
    ["7 * * * *", "every hour at minute 7"],
    ["0 */6 * * *", "every 6 hours at minute 0"],
    ["30 3 * * *", "every day at 03:30"],
    ["0 30 3 * * *", "every day at 03:30"],
    ["5 30 3 * * *", "at the times of 5 30 3 * * *"],
    ["0 12 * * 1", "every Monday at 12:00"],
    ["0 12 * * 7", "every Sunday at 12:00"],
    ["0 4 1 * *", "on day 1 of every month at 04:00"],
    ["0 4 1 * 1", "at the times of 0 4 1 * 1"],
    ["0 9-17 * * *", "at the times of 0 9-17 * * *"],
    ["0 4 * 6 *", "at the times of 0 4 * 6 *"]
  ])("%s is %s", (expression, words) => {
    assert.strictEqual(cronWords(expression), words)
  })

  it("says what becomes of starts that can't be kept", () => {
    assert.deepStrictEqual(scheduleWords({ cron: "0 3 * * *", timezone: "Europe/Berlin", missed: "skip" }), [
      "Runs every day at 03:00, time of Europe/Berlin.",
      "A start that comes due during a run is left out.",
      "Starts missed while the site was down are left out."
    ])
    assert.deepStrictEqual(scheduleWords({ every: "1m", overlap: "queue", missed: "run-once" }), [
      "Runs every minute, in step with the clock.",
      "A start that comes due during a run follows it.",
      "Starts missed while the site was down are made up for once."
    ])
  })

  it("without times it is the policy of restarts that counts", () => {
    assert.deepStrictEqual(scheduleWords({}), ["Runs without end; when it ends, another life begins."])
    assert.match(scheduleWords({ restart: "on-failure" })[0] ?? "", /only after a failure/)
    assert.match(scheduleWords({ restart: "never" })[0] ?? "", /not started again/)
  })
})
