/** The web app as people use it: a real browser on a real server. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import type { Browser } from "playwright-core"
import { vi } from "vitest"
import { areas } from "../../src/ui/model/Address.js"
import { available, isLive, launch, open, overflow, rowOf, serve, type Site } from "./SitePages.js"

describe.runIf(available())("the web app", () => {
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

  it("shows every page without an error, and loads nothing from elsewhere", async () => {
    const { close, complaints, page } = await open(browser, site.url)
    await isLive(page)
    await page.locator(".type-plot[data-type='system.load'] canvas").first().waitFor()
    assert.match(await page.title(), /^Overview · /)
    for (const { path } of areas) {
      await page.goto(`${site.url}${path}`)
      await isLive(page)
      await page.locator("h1").waitFor({ state: "attached" })
      assert.strictEqual(await page.locator("[aria-current=page]").first().getAttribute("href"), path)
    }
    assert.deepStrictEqual(complaints, [])
    await close()
  })

  it("a posted number is in the table and at its line's end at once", async () => {
    await site.post("probe.past", { depth: 3.25 }, { ts: new Date(Date.now() - 60_000).toISOString() })
    const { close, complaints, page } = await open(browser, site.url)
    await isLive(page)
    const ends = page.locator(".type-plot[data-type='probe.past'] .strip-label")
    await ends.filter({ hasText: "depth 3.250" }).waitFor()
    const seq = await site.post("probe.past", { depth: 8.5, note: "<b>not markup</b>" })
    await ends.filter({ hasText: "depth 8.500" }).waitFor()
    await rowOf(page, "probe.past", seq).waitFor()
    assert.strictEqual(await rowOf(page, "probe.past", seq).count(), 1)
    assert.deepStrictEqual(complaints, [])
    await close()
  })

  it("filters events by what the address says, and shows one in full", async () => {
    const seq = await site.post("probe.note", { text: "needle in a haystack", deep: { list: [1, 2, 3] } })
    const { close, page } = await open(browser, `${site.url}/app/telemetry?filter=needle`)
    await rowOf(page, "probe.note", seq).click()
    const sheet = page.getByRole("dialog")
    await sheet.getByText('"needle in a haystack"').waitFor()
    assert.include(await sheet.innerText(), '"list": [1, 2, 3]')
    assert.include(page.url(), `event=site.${seq}`)
    await page.reload()
    await page.getByRole("dialog").getByText('"needle in a haystack"').waitFor()
    await page.keyboard.press("Escape")
    await page.getByRole("dialog").waitFor({ state: "detached" })
    assert.notInclude(page.url(), "event=")
    assert.strictEqual(await page.getByRole("row").count(), 2)
    await close()
  })

  it("starts a run, says why it can't, and stops it only when its name is confirmed", async () => {
    const { close, page } = await open(browser, site.url)
    await page.getByLabel("Run id").fill("a/b")
    await page.getByRole("button", { name: "Start run" }).click()
    await page.getByRole("alert").filter({ hasText: "contains a path separator" }).waitFor()
    await page.getByLabel("Run id").fill("night-1")
    await page.locator("summary").click()
    await page.getByLabel("Notes, one per line").fill("observer=Ada\nexposures=120")
    await page.getByRole("button", { name: "Start run" }).click()
    await page.locator(".run-active").getByText("night-1").waitFor()
    const active = (await (await fetch(`${site.url}/run`)).json()) as { readonly meta: unknown }
    assert.deepStrictEqual(active.meta, { observer: "Ada", exposures: 120, run_id: "night-1" })

    await page.getByRole("button", { name: "Stop…" }).click()
    await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click()
    assert.strictEqual((await fetch(`${site.url}/run`)).status, 200)
    await page.getByRole("button", { name: "Stop…" }).click()
    await page.getByRole("button", { name: "Stop run night-1" }).click()
    await page.getByLabel("Run id").waitFor()
    assert.strictEqual((await fetch(`${site.url}/run`)).status, 404)

    await page.goto(`${site.url}/app/runs`)
    await page.getByRole("link", { name: "night-1" }).click()
    await page.getByText('"Ada"').waitFor()
    assert.strictEqual(new URL(page.url()).searchParams.get("run"), "night-1")
    await close()
  })

  it("shows the tree, and stops and starts a node of it", async () => {
    const { close, page } = await open(browser, `${site.url}/app/system`)
    const node = page.locator(".node[data-path='procedures/system-checks']")
    await page.getByRole("button", { name: "Open procedures" }).click()
    await node.getByText("ready", { exact: true }).waitFor()
    await node.hover()
    await page.getByRole("button", { name: "Stop procedures/system-checks", exact: true }).click()
    await page.getByRole("dialog").getByText("It stays stopped until it is started again").waitFor()
    await page.getByRole("dialog").getByRole("button", { name: "Stop procedures/system-checks" }).click()
    await node.getByText("stopped", { exact: true }).waitFor()
    const tree = (await (await fetch(`${site.url}/tree`)).json()) as {
      readonly nodes: ReadonlyArray<{ readonly path: string; readonly status: string }>
    }
    assert.strictEqual(tree.nodes.find(({ path }) => path === "procedures/system-checks")?.status, "stopped")
    await node.hover()
    await page.getByRole("button", { name: "Start procedures/system-checks" }).click()
    await node.getByText("ready", { exact: true }).waitFor()
    await close()
  })

  it("says what is wrong, where, and since when; and nothing where nothing is", async () => {
    const { close, page } = await open(browser, site.url)
    await isLive(page)
    assert.strictEqual(await page.locator(".alarms").count(), 0)
    await page.route("**/status", async (route) => {
      const response = await route.fetch()
      const status = (await response.json()) as { readonly tree: ReadonlyArray<object> }
      const broken = {
        id: "camera",
        path: "procedures/camera",
        kind: "worker",
        status: "quarantined",
        reason: "failure",
        restarts: 10,
        lastCause: "CameraError: no answer\n    at read",
        since: new Date(Date.now() - 125_000).toISOString()
      }
      await route.fulfill({ response, json: { ...status, tree: [...status.tree, broken] } })
    })
    const alarm = page.locator(".alarms li")
    await alarm.getByText("procedures/camera is quarantined (failure)").waitFor()
    assert.match(await alarm.innerText(), /CameraError: no answer[^]*for 2 min/)
    await page.locator(".node[data-path='procedures/camera']").getByText("10 restarts").waitFor()
    assert.match(await page.title(), /^▲ 1 /)
    await close()
  })

  it("says why it takes no updates, and what would make it take them", async () => {
    const { close, complaints, page } = await open(browser, `${site.url}/app/updates`)
    await page.getByText("it takes no updates").waitFor()
    await page.getByText(`node dist/launcher.js --site ${site.directory}`, { exact: true }).waitFor()
    await page.getByText("There is no source yet").waitFor()
    const installed = page.getByRole("region", { name: "Installed" })
    await installed.getByText("itself: takes no updates").waitFor()
    await installed.getByText("running", { exact: true }).waitFor()
    assert.isTrue(await page.getByRole("button", { name: "Roll back…" }).isDisabled())
    assert.deepStrictEqual(complaints, [])
    await close()
  })

  it("has a dark theme that stays, and follows the system where asked", async () => {
    const { close, page } = await open(browser, site.url, { colorScheme: "light" })
    const ground = (colour: string) =>
      vi.waitFor(async () =>
        assert.strictEqual(
          await page.evaluate<string>("getComputedStyle(document.documentElement).backgroundColor"),
          colour
        )
      )
    const [light, dark] = ["rgb(244, 246, 248)", "rgb(14, 18, 22)"]
    await ground(light)
    await page.getByRole("button", { name: "Dark theme" }).click()
    await ground(dark)
    await page.reload()
    await ground(dark)
    await page.getByRole("button", { name: "The system's theme" }).click()
    await ground(light)
    await page.emulateMedia({ colorScheme: "dark" })
    await ground(dark)
    await close()
  })

  it.each([360, 768, 1600])("fits a width of %i on every page", async (width) => {
    await site.post(`probe.${"long-".repeat(20)}`, { [`field_${"x".repeat(80)}`]: 1, path: "/data/".repeat(60) })
    const { close, page } = await open(browser, site.url, { viewport: { width, height: 740 } })
    await isLive(page)
    await page.locator(".events tbody tr").first().waitFor()
    // What is not seen is not drawn.
    await page.locator(".type-plot").first().scrollIntoViewIfNeeded()
    await page.locator(".type-plot canvas").first().waitFor()
    for (const { path } of areas) {
      await page.goto(`${site.url}${path}`)
      await isLive(page)
      assert.isAtMost(await overflow(page), 0, `${path} at ${width}`)
    }
    if (width === 360) {
      assert.isFalse(await page.getByRole("link", { name: "System" }).isVisible())
      await page.getByRole("button", { name: "More" }).click()
      await page.getByRole("link", { name: "System" }).click()
      await page.getByRole("heading", { name: "System", level: 1 }).waitFor()
    }
    await close()
  })

  it("works from the keyboard alone", async () => {
    const { close, page } = await open(browser, site.url)
    await isLive(page)
    const focused = () =>
      page.evaluate<string>("document.activeElement.textContent + '|' + document.activeElement.placeholder")
    await page.keyboard.press("Tab")
    assert.match(await focused(), /^Skip to the page/)
    const outlines = new Set<string>()
    for (let step = 0; step < 12; step++) {
      await page.keyboard.press("Tab")
      outlines.add(await page.evaluate<string>("getComputedStyle(document.activeElement).outlineStyle"))
    }
    assert.deepStrictEqual([...outlines], ["solid"])
    await page.keyboard.press("Control+k")
    assert.match(await focused(), /A page, an event type/)
    await page.keyboard.type("logs")
    await page.keyboard.press("Enter")
    await page.getByRole("heading", { name: "Logs", level: 1 }).waitFor()
    assert.strictEqual(new URL(page.url()).pathname, "/logs")
    await page.getByRole("log").getByText("serving at").waitFor()
    await page.goBack()
    await page.getByRole("heading", { name: "Overview", level: 1 }).waitFor({ state: "attached" })
    await close()
  })

  it("zooms to what is dragged over, says so in the address, and follows again", async () => {
    const { close, page } = await open(browser, site.url)
    const plot = page.locator(".type-plot[data-type='system.load'] .u-over").first()
    await plot.waitFor()
    const box = await plot.boundingBox()
    assert.isNotNull(box)
    if (box === null) return
    await page.mouse.move(box.x + box.width * 0.3, box.y + 20)
    await page.mouse.down()
    await page.mouse.move(box.x + box.width * 0.7, box.y + 24, { steps: 5 })
    await page.mouse.up()
    await page.getByRole("button", { name: "Follow" }).waitFor()
    const { searchParams } = new URL(page.url())
    const span = Number(searchParams.get("to")) - Number(searchParams.get("from"))
    assert.approximately(span, 0.4 * 15 * 60_000, 20_000)
    await page.getByRole("button", { name: "Follow" }).click()
    assert.notInclude(page.url(), "from=")
    await close()
  })

  it("holds no stream while it is hidden, and misses nothing", async () => {
    const { close, page } = await open(browser, site.url)
    await isLive(page)
    const become = (state: "hidden" | "visible") =>
      page.evaluate(
        `Object.defineProperty(document, "visibilityState", { value: "${state}", configurable: true });` +
          `document.dispatchEvent(new Event("visibilitychange"))`
      )
    const asked: Array<string> = []
    await become("hidden")
    await page.waitForTimeout(300)
    page.on("request", (request) => asked.push(new URL(request.url()).pathname))
    const seq = await site.post("probe.hidden", { x: 1 })
    await page.waitForTimeout(2_500)
    assert.deepStrictEqual(asked, [])
    await become("visible")
    await rowOf(page, "probe.hidden", seq).waitFor()
    assert.strictEqual(await rowOf(page, "probe.hidden", seq).count(), 1)
    await close()
  })
})
