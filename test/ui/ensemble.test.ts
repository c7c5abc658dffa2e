/** The page of the ensemble as people use it: a real browser on a real server, with the config that the page itself teaches. */
import { afterAll, assert, beforeAll, describe, it, vi } from "@effect/vitest"
import { appendFileSync } from "node:fs"
import { join } from "node:path"
import type { Browser, Page } from "playwright-core"
import { ensembleYaml } from "../../src/ui/model/EnsembleConfig.js"
import { evenMap, write } from "../../src/ui/model/MapText.js"
import { available, isLive, launch, open, overflow, serve, type Site } from "./SitePages.js"

const figure = (page: Page, name: string) => page.locator(`[data-figure="${name}"] .figure-value`)

/** From the palette: also where the page is another one. */
const openBegin = async (page: Page) => {
  await page.keyboard.press("Control+k")
  await page.keyboard.type("begin a scan")
  await page.keyboard.press("Enter")
  return page.getByRole("dialog")
}

describe.runIf(available())("the page of the ensemble", () => {
  let browser: Browser
  let site: Site

  beforeAll(async () => {
    browser = await launch()
    site = await serve()
  })
  afterAll(async () => {
    await browser?.close()
    await site?.end()
  })

  it("teaches a site without an ensemble how to have one; what it teaches works at once", async () => {
    const { close, complaints, page } = await open(browser, `${site.url}/app/ensemble`)
    await page.getByText("outpost ingest pipeline --demo").waitFor()
    const taught = await page.locator("pre").innerText()
    assert.strictEqual(taught.trim(), ensembleYaml.trim())
    appendFileSync(join(site.directory, "outpost.yaml"), taught)
    for (const service of ["controller", "reducer", "worker-one", "worker-two", "ingester-detector"]) {
      await page.locator(`[data-service="${service}"]`).getByText("ready", { exact: true }).waitFor()
    }
    await page.locator(`[data-stream="frames"]`).getByText("open", { exact: true }).waitFor()
    await page.getByText("None has begun since the controller started").waitFor()
    // While a service comes up it may be asked too soon; the browser tells of every answer that is no success.
    assert.deepStrictEqual(
      complaints.filter((text) => !text.startsWith("Failed to load resource")),
      []
    )
    await close()
  })

  it("a map that can't run is refused with the reason; one that can is followed to its end", async () => {
    const { close, complaints, page } = await open(browser, `${site.url}/app/ensemble`)
    await isLive(page)
    await page.locator(`[data-stream="frames"]`).waitFor()
    const dialog = await openBegin(page)
    const begin = dialog.getByRole("button", { name: "Begin scan" })
    const map = dialog.getByLabel("Trigger map")
    await dialog.getByText("1,002 events of frames").waitFor()
    await map.fill(`{"parts":{"main":{"frames":[7]}},"sequence":["main"]}`)
    await dialog.getByText("parts.main.frames.0").waitFor()
    assert.isTrue(await begin.isDisabled())
    await map.fill(write(evenMap(["eiger"], 3)))
    await dialog.getByText("nobody has eiger at present").waitFor()
    await begin.click()
    await dialog.getByRole("alert").filter({ hasText: "streams {'eiger'} not available" }).waitFor()
    // The browser tells of every answer that is no success.
    complaints.length = 0

    await dialog.getByLabel("Events of an even map").fill("298")
    await begin.click()
    await dialog.waitFor({ state: "detached" })
    const scan = page.getByRole("region", { name: "Scan", exact: true })
    await scan.getByText("running", { exact: true }).waitFor()
    await scan.getByText("finished", { exact: true }).waitFor()
    assert.strictEqual(await figure(page, "Processed").innerText(), "300")
    assert.strictEqual(await figure(page, "Lost").innerText(), "0")
    await scan.locator(".strip canvas").waitFor()

    await figure(page, "events").filter({ hasText: "300" }).waitFor()
    await page.locator(`[data-published="histogram"] canvas`).waitFor()
    const picture = page.getByRole("img", { name: /^image: 128 rows, 128 columns/ })
    const colours = await picture.evaluate(
      (canvas: { getContext: (kind: "2d") => { getImageData: (...box: Array<number>) => { data: Uint8Array } } }) =>
        new Set(canvas.getContext("2d").getImageData(0, 0, 128, 128).data).size
    )
    assert.isAbove(colours, 100)
    await picture.hover({ position: { x: 2, y: 2 } })
    await page.getByText(/^row 0, column 0: \d+$/).waitFor()
    await page.locator("tr[data-scan]").getByText("completed", { exact: true }).waitFor()
    assert.deepStrictEqual(complaints, [])
    await close()
  })

  it("a scan is stopped only when that is confirmed, and says what it lost", async () => {
    const { close, page } = await open(browser, `${site.url}/app/ensemble?ask=begin`)
    const dialog = page.getByRole("dialog")
    await dialog.getByLabel("Events of an even map").fill("100000")
    await dialog.getByRole("button", { name: "Begin scan" }).click()
    const scan = page.getByRole("region", { name: "Scan", exact: true })
    await scan.getByText("running", { exact: true }).waitFor()
    await figure(page, "Rate")
      .filter({ hasText: /^[1-9]/ })
      .waitFor()
    await page
      .locator(`[data-stream="frames"]`)
      .getByText(/^[1-9]\d*\/s$/)
      .waitFor()
    await scan.getByRole("button", { name: "Stop scan…" }).click()
    await page.getByRole("dialog").getByText("of 100,002 events completed").waitFor()
    await page.getByRole("button", { name: "Stop the scan" }).click()
    await scan.getByText("ended with events lost", { exact: true }).waitFor()
    assert.match(await figure(page, "Lost").innerText(), /^9\d,\d{3}$/)
    await page.locator("tr[data-scan]").getByText("stopped", { exact: true }).waitFor()
    await close()
  })

  it("restarts a worker, and sets parameters", async () => {
    const { close, page } = await open(browser, `${site.url}/app/ensemble`)
    const since = async () => {
      const { nodes } = (await (await fetch(`${site.url}/tree`)).json()) as {
        readonly nodes: ReadonlyArray<{ readonly path: string; readonly since: string; readonly status: string }>
      }
      return nodes.find(({ path, status }) => path === "ensemble/worker-one" && status === "ready")?.since
    }
    const before = await since()
    const worker = page.locator(`[data-service="worker-one"]`)
    await worker.getByRole("button", { name: "Restart ensemble/worker-one" }).click()
    await worker.getByRole("button", { name: "Stop ensemble/worker-one" }).click()
    await page.getByRole("dialog").getByText("stays stopped until it is started again").waitFor()
    await page.keyboard.press("Escape")
    await worker.getByText("ready", { exact: true }).waitFor()
    assert.isDefined(before)
    assert.notStrictEqual(await since(), before)

    await page.locator(`[data-parameter="dump_prefix"]`).getByRole("textbox").fill("/elsewhere/")
    await page.getByRole("button", { name: "Set dump_prefix" }).click()
    await page.getByRole("alert").filter({ hasText: "the config allows no directory for dumps" }).waitFor()
    await page.getByRole("textbox", { name: "Another parameter" }).fill("gain")
    await page.getByLabel("Its value").fill("0.5")
    await page.getByRole("button", { name: "Set another parameter" }).click()
    assert.strictEqual(await page.locator(`[data-parameter="gain"]`).getByRole("textbox").inputValue(), "0.5")
    assert.strictEqual(await (await fetch(`${site.url}/api/v1/parameter/gain`)).text(), "0.5")
    await close()
  })

  it("fits every width, with what it shows and what it asks", async () => {
    const { close, complaints, page } = await open(browser, `${site.url}/app/ensemble`)
    await page.locator("canvas.picture").waitFor()
    await page.locator("tr[data-scan]").first().waitFor()
    // Plots follow a change of width in the next frames.
    const settled = (when: string) =>
      vi.waitFor(async () => assert.isAtMost(await overflow(page), 0, when), { timeout: 100_000 })
    for (const width of [360, 768, 1600]) {
      await page.setViewportSize({ width, height: 740 })
      assert.isTrue(await page.getByRole("button", { name: "Restart ensemble/worker-one" }).isVisible())
      await settled(`at ${width}`)
      await page.getByRole("button", { name: "Begin scan…" }).click()
      await page.getByRole("dialog").getByLabel("Trigger map").waitFor()
      await settled(`at ${width}, asking`)
      await page.keyboard.press("Escape")
    }
    assert.deepStrictEqual(complaints, [])
    await close()
  })
})
