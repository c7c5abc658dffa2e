/** The collector's pages as people use them: a real browser on a real server with a job that needs no network. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import type { Browser, Page } from "playwright-core"
import { available, isLive, launch, open, overflow, serve, type Site } from "./SitePages.js"

const jobs = `
jobs:
  demo: { source: generator, pairs: [BTC/USDT], span: 1m, start: 3d, every: 1h }
  slow: { source: generator, pairs: [ETH/USDT], span: 1m, start: 90d, concurrency: 1, settings: { delay: 1s } }
`
const series = "generator/ohlc/BTC-USDT/1m"

const startFromPage = async (page: Page, job: string) => {
  await page.getByRole("button", { name: "New backfill…" }).click()
  const dialog = page.getByRole("dialog")
  await dialog.getByLabel(job).check()
  await dialog.getByText(/windows? of 1 series/).waitFor()
  await dialog.getByRole("button", { name: "Start backfill" }).click()
  await dialog.waitFor({ state: "detached" })
}

describe.runIf(available())("the collector's pages", () => {
  let browser: Browser
  let site: Site

  beforeAll(async () => {
    browser = await launch()
    // Idle: a schedule's own first round would fetch what a test wants to fetch.
    site = await serve(jobs, ["--idle"])
  })
  afterAll(async () => {
    await browser?.close()
    await site?.end()
  })

  it("say what they are for while there is nothing, with the command that fills them", async () => {
    const { close, complaints, page } = await open(browser, `${site.url}/app/backfill`)
    await page.getByText(`outpost backfill --url ${site.url}`).waitFor()
    await page.goto(`${site.url}/inventory`)
    await page.getByText(`outpost backfill --url ${site.url}`).waitFor()
    await page.goto(`${site.url}/jobs`)
    await page.getByText("outpost stream start").waitFor()
    await page.goto(`${site.url}/storage`)
    await page.getByText("What is collected stands on this disk alone").waitFor()
    await page.getByText(`outpost sync --url ${site.url}`).waitFor()
    assert.isTrue(await page.getByRole("button", { name: "Sync now" }).isDisabled())
    assert.deepStrictEqual(complaints, [])
    await close()
  })

  it("a backfill says beforehand what it will do, and why it can't; started, it is followed to its end", async () => {
    const { close, complaints, page } = await open(browser, `${site.url}/app/backfill`)
    await page.getByRole("button", { name: "New backfill…" }).click()
    const dialog = page.getByRole("dialog")
    await dialog.getByLabel("From").fill("nonsense")
    await dialog.getByText("expected a time:").waitFor()
    assert.isTrue(await dialog.getByRole("button", { name: "Start backfill" }).isDisabled())
    await page.keyboard.press("Escape")
    complaints.length = 0

    await startFromPage(page, "demo")
    const row = page.locator("tr[data-backfill]").filter({ hasText: "BTC/USDT" })
    await row.getByText("done", { exact: true }).waitFor()
    await row.getByText("100 %").waitFor()
    const id = new URL(page.url()).searchParams.get("id")
    await page.getByRole("heading", { name: id ?? "none", level: 2 }).waitFor()
    await page.getByRole("log").getByText("windows to fetch").waitFor()
    assert.deepStrictEqual(complaints, [])
    await close()
  })

  it("the calendar shows each day, and the keyboard moves over them", async () => {
    const { close, page } = await open(browser, `${site.url}/app/backfill?series=${encodeURIComponent(series)}`)
    const today = new Date().toISOString().slice(0, 10)
    const yesterday = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10)
    await page.locator(`.day[data-day="${yesterday}"][data-state="fetched"]`).waitFor()
    await page.locator(`.day[data-day="${today}"]`).waitFor()
    const said = page.locator("#calendar-day")
    await said.getByText(today).waitFor()
    await page.locator(".calendar").focus()
    await page.keyboard.press("ArrowUp")
    await said.getByText(yesterday).waitFor()
    assert.include(await said.innerText(), "fetched 100 %")
    await page.getByRole("button", { name: `Backfill ${yesterday}…` }).click()
    await page.getByRole("dialog").getByText("Nothing is missing.").waitFor()
    await close()
  })

  it("the inventory has the series, and its row opens onto a plot of its rows", async () => {
    const { close, complaints, page } = await open(browser, `${site.url}/inventory`)
    const row = page.locator(`tr[data-series="${series}"]`)
    await row.waitFor()
    assert.match(
      await row.innerText(),
      /generator\s+BTC\/USDT\s+ohlc\s+1m\s+\d{4}-\d\d-\d\d\s+\d{4}-\d\d-\d\d\s+4,3\d\d/
    )
    await row.getByRole("link", { name: "BTC/USDT" }).click()
    await page.locator(".row-plot canvas").waitFor()
    await page
      .locator(".row-plot .strip-label")
      .filter({ hasText: /close \d/ })
      .waitFor()
    assert.strictEqual(new URL(page.url()).searchParams.get("series"), series)
    await page.getByRole("button", { name: "volume", exact: true }).click()
    await page
      .locator(".row-plot .strip-label")
      .filter({ hasText: /volume \d/ })
      .waitFor()
    await page.getByRole("button", { name: `Update ${series}` }).click()
    await page.getByText(/nothing new|\d+ new rows?/).waitFor()
    await page.getByLabel("Filter series").fill("kraken")
    await page.getByText("None of the 1 series matches").waitFor()
    assert.deepStrictEqual(complaints, [])
    await close()
  })

  it("a backfill under way is paused, resumed, and cancelled only when its name is confirmed", async () => {
    const { close, page } = await open(browser, `${site.url}/app/backfill`)
    await startFromPage(page, "slow")
    const detail = page.locator(".backfill-detail")
    await detail.getByRole("button", { name: "Pause" }).click()
    await detail.getByText("paused", { exact: true }).waitFor()
    await detail.getByRole("button", { name: "Resume" }).click()
    await detail.getByText("running", { exact: true }).waitFor()
    await detail.getByText(/[>~]\d.* windows per second/).waitFor()
    const id = new URL(page.url()).searchParams.get("id") ?? ""
    await detail.getByRole("button", { name: "Cancel…" }).click()
    await page.getByRole("dialog").getByText("generator/ohlc/ETH-USDT/1m").waitFor()
    await page.getByRole("button", { name: `Cancel ${id}` }).click()
    await detail.getByText("cancelled", { exact: true }).waitFor()
    const record = (await (await fetch(`${site.url}/api/backfill/${id}`)).json()) as { readonly status: string }
    assert.strictEqual(record.status, "cancelled")
    await close()
  })

  it("a schedule is paused and resumed, the scheduler started and stopped", async () => {
    const { close, page } = await open(browser, `${site.url}/jobs`)
    const row = page.locator(`tr[data-schedule="demo"]`)
    await row.getByText("at rest", { exact: true }).waitFor()
    await page.getByRole("button", { name: "Start scheduler" }).click()
    await row.getByText("waiting", { exact: true }).waitFor()
    await row.getByText(/^in \d/).waitFor()
    await page.getByRole("button", { name: "Pause demo" }).click()
    await row.getByText("paused", { exact: true }).waitFor()
    const { jobs } = (await (await fetch(`${site.url}/api/schedules`)).json()) as {
      readonly jobs: ReadonlyArray<{ readonly id: string; readonly paused: boolean }>
    }
    assert.isTrue(jobs.find(({ id }) => id === "demo")?.paused)
    await page.getByRole("button", { name: "Resume demo" }).click()
    await row.getByText("waiting", { exact: true }).waitFor()
    await page.getByRole("button", { name: "Stop scheduler" }).click()
    await row.getByText("at rest", { exact: true }).waitFor()
    await close()
  })

  it("the first page has the collector in a few lines", async () => {
    const { close, page } = await open(browser, site.url)
    const panel = page.getByRole("region", { name: "Collector" })
    await panel.getByText("none running").waitFor()
    await panel.getByText("all at rest").waitFor()
    await panel.getByRole("link", { name: "Backfills" }).click()
    await page.getByRole("heading", { name: "Backfill", level: 1 }).waitFor()
    await close()
  })

  it.each([360, 768, 1600])("fits a width of %i with data on every page", async (width) => {
    const { close, complaints, page } = await open(browser, site.url, { viewport: { width, height: 740 } })
    for (const path of ["/app/backfill", `/inventory?series=${encodeURIComponent(series)}`, "/jobs", "/storage"]) {
      await page.goto(`${site.url}${path}`)
      await isLive(page)
      await page.locator(".panel").first().waitFor()
      assert.isAtMost(await overflow(page), 0, `${path} at ${width}`)
    }
    assert.deepStrictEqual(complaints, [])
    await close()
  })
})
