/** The page of updates: a real browser on a site under the launcher, and releases that are not all what they say. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { Browser, Page } from "playwright-core"
import type { UpdateStatus } from "../../src/domain/Update.js"
import * as Signature from "../../src/update/Signature.js"
import { freePort } from "../support/FreePort.js"
import { publish } from "../support/ReleaseMaker.js"
import { release, UpdateStation } from "../support/UpdateStation.js"
import { available, isLive, launch, open, overflow } from "./SitePages.js"

describe.runIf(available())("the page of updates", () => {
  let browser: Browser
  let station: UpdateStation
  let url: string

  beforeAll(async () => {
    browser = await launch()
    station = new UpdateStation(undefined, { more: "  starts: 1" })
    publish(station.offers, { version: "0.0.1", archive: release("good", "0.0.1") })
    const signer = Effect.runSync(Signature.keygen)
    publish(station.offers, { version: "8.0.0", archive: release("good", "8.0.0"), signer })
    publish(station.offers, { version: "9.0.0", archive: release("crashes", "9.0.0") })
    const port = await Effect.runPromise(freePort)
    url = `http://127.0.0.1:${port}`
    station.start(port)
    await station.listens()
  }, 60_000)
  afterAll(async () => {
    await browser?.close()
    await station?.close()
  })

  const asked = async (page: Page, version: string) => {
    await page.getByLabel("Version").fill(version)
    await page.getByRole("button", { name: "Check" }).click()
  }
  const status = async () => (await (await fetch(`${url}/update`)).json()) as UpdateStatus
  /** What the server says, with changes. */
  const pretend = (page: Page, changes: Partial<UpdateStatus>) =>
    page.route("**/update", async (route) => {
      const response = await route.fetch()
      await route.fulfill({ response, json: { ...((await response.json()) as object), ...changes } })
    })

  it("tells what runs and what there is; a release that would not be taken is told with its reason", async () => {
    const { close, page } = await open(browser, `${url}/app/updates`)
    const installed = page.getByRole("region", { name: "Installed" })
    await installed.getByText(", installed by hand").waitFor()
    await installed.getByText("the launcher").waitFor()
    await page.getByText("There was none yet.").waitFor()

    await page.getByRole("button", { name: "Check" }).click()
    await page.locator('[data-offer="9.0.0"]').getByText("would be taken").waitFor()
    await asked(page, "0.0.1")
    const older = page.locator('[data-offer="0.0.1"]')
    await older.getByText("would be refused: older").waitFor()
    await older.getByText(/0\.0\.1 is older than .*, which runs now/).waitFor()
    assert.strictEqual(await older.getByRole("button").count(), 0)
    assert.strictEqual(new URL(page.url()).searchParams.get("version"), "0.0.1")
    await asked(page, "8.0.0")
    await page.getByRole("alert").getByText("can't be taken: bad signature").waitFor()
    await asked(page, "7.0.0")
    await page.getByRole("alert").getByText("can't be taken: not found").waitFor()
    await page.reload()
    assert.strictEqual(await page.getByLabel("Version").inputValue(), "7.0.0")
    assert.strictEqual((await status()).phase, "idle")
    await close()
  })

  it("a release is taken only when that is confirmed; one that crashes is gone again, and the page says why", async () => {
    const { close, page } = await open(browser, `${url}/app/updates?version=9.0.0`)
    await page.getByRole("button", { name: "Check" }).click()
    await page.getByRole("button", { name: "Update to 9.0.0…" }).click()
    const dialog = page.getByRole("dialog")
    await dialog.getByText("outpost update apply 9.0.0").waitFor()
    await page.keyboard.press("Escape")
    await dialog.waitFor({ state: "detached" })
    assert.strictEqual((await status()).attempt, null)

    await page.getByRole("button", { name: "Update to 9.0.0…" }).click()
    await dialog.getByRole("button", { name: "Update to 9.0.0" }).click()
    const course = page.getByRole("region", { name: "Under way" })
    await course.getByText("asked for by operator").waitFor()
    await course.locator("li[aria-current=step]").waitFor()
    const last = page.getByRole("region", { name: "Last update" })
    await last.getByText("rolled back").waitFor()
    await last.getByText("crashed").waitFor()
    await last.getByText("version 9.0.0: it ended once before it was healthy").waitFor()
    await course.waitFor({ state: "detached" })

    await page.goto(url)
    await page.locator(".alarms").getByRole("link", { name: "the update to 9.0.0 was rolled back" }).click()
    await page.getByRole("heading", { name: "Updates", level: 1 }).waitFor()
    await close()
  })

  it("shows how much is fetched, and what a trial still asks for; fits every width in either theme", async () => {
    const attempt = { from: null, to: "9.0.0", begun: new Date().toISOString(), by: "office" }
    for (const width of [360, 1440]) {
      const { close, page } = await open(browser, `${url}/app/updates`, {
        viewport: { width, height: 740 },
        colorScheme: width === 360 ? "dark" : "light"
      })
      await isLive(page)
      await pretend(page, { phase: "fetching", attempt, fetched: { bytes: 7 * 2 ** 20, size: 28 * 2 ** 20 } })
      const course = page.getByRole("region", { name: "Under way" })
      await course.getByText("7.00 MiB of 28.0 MiB").waitFor()
      assert.strictEqual(await course.getByRole("progressbar").getAttribute("aria-valuenow"), "25")
      assert.isTrue(await page.getByRole("button", { name: "Roll back…" }).isDisabled())
      assert.isAtMost(await overflow(page), 0)

      await page.unroute("**/update")
      const until = new Date(Date.now() + 500_000).toISOString()
      const complaints = [`uplinks/${"office-".repeat(12)} is degraded`]
      const trial = { until, starts: 2, most_starts: 3, complaints }
      await pretend(page, { phase: "trial", running: "9.0.0", current: "9.0.0", attempt, trial })
      await course.getByText(/^8 min \d+ s left to prove itself\. Started 2 times of at most 3\.$/).waitFor()
      await course.getByText(complaints[0] ?? "").waitFor()
      await page.getByText("The station runs 9.0.0 now").waitFor()
      assert.isAtMost(await overflow(page), 0)
      await close()
    }
  })

  it("says what a return touches, and why there is none", async () => {
    const { close, page } = await open(browser, `${url}/app/updates`)
    await page.getByText("no update under way").waitFor()
    assert.isTrue(await page.getByRole("button", { name: "Roll back…" }).isDisabled())
    // The page believes that there is one: the server knows better.
    await pretend(page, { previous: { version: "8.5.0" } })
    await page.locator('button[title="Return to 8.5.0"]').click()
    const dialog = page.getByRole("dialog")
    await dialog.getByText("The config stays as it is.").waitFor()
    await dialog.getByRole("button", { name: "Roll back" }).click()
    await dialog.getByRole("alert").getByText("there is no version before this one on this station").waitFor()
    await close()
  })
})
