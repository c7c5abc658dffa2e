import { NotLaunched, UpdateFailed } from "../../../src/domain/Update.js"
import {
  installedOf,
  phaseWords,
  reasonWords,
  refusalOf,
  refusalWords,
  stepsOf,
  trialWords,
  wayBack
} from "../../../src/ui/model/Updates.js"
import * as UpdateDouble from "../../support/UpdateDouble.js"
import { assert, describe, it } from "@effect/vitest"

const { status } = UpdateDouble
const idle = { ...status, phase: "idle" as const, attempt: null, fetched: null }

describe("an update under way", () => {
  it("has done the steps before the one it is at", () => {
    assert.deepStrictEqual(
      stepsOf("installing").map(({ name, state }) => `${name} ${state}`),
      ["fetch done", "unpack done", "install now", "test ahead", "switch ahead", "trial ahead"]
    )
    assert.strictEqual(stepsOf("trial").filter(({ state }) => state === "done").length, 5)
    assert.deepStrictEqual([stepsOf("idle"), stepsOf("rolling-back")], [[], []])
  })

  it("says what the station does now", () => {
    assert.strictEqual(phaseWords(status), "fetching 1.2.0")
    assert.strictEqual(phaseWords({ ...status, phase: "trial" }), "1.2.0 is on trial")
    assert.strictEqual(phaseWords({ ...status, phase: "rolling-back" }), "returns to 1.1.0")
    assert.strictEqual(phaseWords(idle), "no update under way")
    const byHand = "returns to the version installed by hand"
    assert.strictEqual(phaseWords({ ...idle, phase: "rolling-back", previous: { version: null } }), byHand)
    const attempt = { from: null, to: "1.2.0", begun: "2026-11-21T12:00:00.000Z", by: "office" }
    assert.strictEqual(phaseWords({ ...status, phase: "rolling-back", attempt }), byHand)
  })

  it("on trial, says what is left of it", () => {
    const trial = { until: "2026-11-21T12:10:00.000Z", starts: 1, most_starts: 3, complaints: [] }
    const now = Date.parse("2026-11-21T12:03:30.000Z")
    assert.deepStrictEqual(trialWords({ trial }, now), [
      "6 min 30 s left to prove itself.",
      "Started 1 time of at most 3.",
      "Nothing is amiss with it."
    ])
    assert.deepStrictEqual(trialWords({ trial: { ...trial, starts: 0, complaints: ["x"] } }, now + 390_000), [
      "Its time is over: the launcher decides.",
      "It is not started yet."
    ])
    assert.deepStrictEqual(trialWords({ trial: null }, now), [])
  })
})

describe("the way back", () => {
  it("leads out of a trial, or to the version before; nowhere while an update is carried out", () => {
    assert.deepStrictEqual(wayBack({ ...status, phase: "trial" }), { version: "1.1.0" })
    assert.deepStrictEqual(wayBack(idle), { version: "1.0.0" })
    assert.isUndefined(wayBack({ ...idle, previous: null }))
    assert.isUndefined(wayBack(status))
  })
})

describe("the versions of a station", () => {
  const marks = (changes: Partial<typeof idle>) =>
    installedOf({ ...idle, ...changes }).map(({ marks, version }) => `${version ?? "by hand"}: ${marks.join(", ")}`)

  it("stand newest first, with the one that runs and the one before it", () => {
    assert.deepStrictEqual(marks({}), ["1.1.0: running", "1.0.0: before this one"])
  })

  it("have the one installed by hand among them where it runs, or is returned to", () => {
    assert.deepStrictEqual(marks({ current: null, previous: null, running: "0.9.0" }), [
      "1.1.0: ",
      "1.0.0: ",
      "by hand: running"
    ])
    assert.deepStrictEqual(marks({ previous: { version: null } }), [
      "1.1.0: running",
      "1.0.0: ",
      "by hand: before this one"
    ])
  })

  it("say which one is started next where another one runs", () => {
    assert.deepStrictEqual(marks({ running: "0.9.0", previous: null }), [
      "1.1.0: starts next",
      "1.0.0: ",
      "by hand: running"
    ])
  })
})

describe("a refusal", () => {
  it("has the reason of an update where it is one, else what the error says", () => {
    const refused = refusalOf(new UpdateFailed({ reason: "BadSignature", detail: "no signature is valid" }))
    assert.deepStrictEqual(refused, { reason: "BadSignature", text: "no signature is valid" })
    assert.strictEqual(refusalWords(refused), "bad signature: no signature is valid")
    assert.include(refusalWords(refusalOf(new NotLaunched())), "not by the launcher")
    assert.strictEqual(reasonWords("Older"), "older")
  })
})
