/** The pages of the autonomous station as people use them: a real browser, real procedures, and an office that is particular. */
import { afterAll, assert, beforeAll, describe, it, vi } from "@effect/vitest"
import { once } from "node:events"
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import type { Browser } from "playwright-core"
import { available, isLive, launch, open, overflow, serve, type Site } from "./SitePages.js"

/** Takes messages, but none with a wind that can't be, until it is told to. */
class Office {
  takesAll = false
  private readonly server: Server = createServer((request, response) => {
    let body = ""
    request.setEncoding("utf8").on("data", (text: string) => (body += text))
    request.on("end", () => {
      const refused = !this.takesAll && body.includes('"wind":999')
      response.writeHead(refused ? 422 : 200).end(refused ? "wind out of range" : "")
    })
  })

  async listen(): Promise<string> {
    this.server.listen(0, "127.0.0.1")
    await once(this.server, "listening")
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/messages`
  }

  close(): void {
    this.server.close()
    this.server.closeAllConnections()
  }
}

const config = (office: string) => `
  weather:
    command:
      - sh
      - -c
      - |
        echo '{"state": {"weather": {"wind": 4}}}'
        echo '{"message": {"variant": "data", "data": {"wind": 4}}}'
        echo '{"message": {"variant": "data", "data": {"wind": 999}}}'
        echo '{"message": {"variant": "data", "data": {"wind": 999, "gusts": 1}}}'
        echo 'WARN gusty'
        exec sleep 1000
    settings: { station: roof }
    shutdown: 1s
  nightly: { use: random-walk, cron: "30 3 * * *", timezone: Europe/Berlin, missed: skip }
  broken: { command: [sh, -c, "echo 'ERROR no camera'; exit 3"], limits: { restarts: 1 } }
outgoing: { allow_private: [127.0.0.1] }
uplinks:
  office: { use: webhook, settings: { url: "${office}" } }
`

describe.runIf(available())("the station's pages", () => {
  const office = new Office()
  let browser: Browser
  let site: Site

  beforeAll(async () => {
    browser = await launch()
    site = await serve(config(await office.listen()).slice(1))
  }, 60_000)
  afterAll(async () => {
    await browser?.close()
    await site?.end()
    office.close()
  })

  const procedure = async (name: string) =>
    (await (await fetch(`${site.url}/procedures/${name}`)).json()) as {
      readonly since: number
      readonly status: string
    }
  const stateOf = async (name: string) => (await procedure(name)).status
  const figures = async () =>
    (await (await fetch(`${site.url}/outbox`)).json()) as {
      readonly stopped: boolean
      readonly uplinks: ReadonlyArray<{ readonly set_aside: number }>
    }

  it("procedures stand in the order of the config, each with what it runs, when, and what it says", async () => {
    const { close, complaints, page } = await open(browser, `${site.url}/app/procedures`)
    const rows = page.locator("tbody[data-procedure]")
    await page.locator('[data-procedure="broken"]').getByText("quarantined", { exact: true }).waitFor()
    assert.deepStrictEqual(
      await rows.evaluateAll((found) =>
        found.map((row) => (row as { readonly dataset: { readonly procedure: string } }).dataset.procedure)
      ),
      ["system-checks", "weather", "nightly", "broken"]
    )
    await page.getByRole("heading", { name: "system-checks", level: 2 }).waitFor()
    await page.getByText("Runs every second, in step with the clock.").waitFor()

    await page.getByRole("link", { name: "nightly" }).click()
    await page.getByText("Runs every day at 03:30, time of Europe/Berlin.").waitFor()
    await page.getByText("Starts missed while the site was down are left out.").waitFor()
    assert.strictEqual(new URL(page.url()).searchParams.get("name"), "nightly")

    await page.getByRole("link", { name: "weather" }).click()
    await page.getByRole("log", { name: "Log of weather" }).getByText("gusty").waitFor()
    await page.getByRole("region", { name: "Settings" }).getByText('"roof"').waitFor()
    const state = page.getByRole("region", { name: "State they share" })
    await state.locator("tr[data-revision]").getByText("wind: 4").waitFor()
    await state.getByLabel("Part of the state").selectOption("weather")
    assert.strictEqual(new URL(page.url()).searchParams.get("part"), "weather")
    assert.deepStrictEqual(complaints, [])
    await close()
  })

  it("a procedure is stopped only when that is confirmed, says that it is, and is started again", async () => {
    const { close, complaints, page } = await open(browser, `${site.url}/app/procedures?name=weather`)
    await page.getByRole("button", { name: "Stop weather" }).click()
    await page.getByRole("dialog").getByText("outpost procedure start weather").waitFor()
    await page.keyboard.press("Escape")
    assert.strictEqual(await stateOf("weather"), "ready")
    await page.getByRole("button", { name: "Stop weather" }).click()
    await page.getByRole("dialog").getByRole("button", { name: "Stop weather" }).click()
    const row = page.locator('[data-procedure="weather"]')
    await row.getByText("stopped", { exact: true }).waitFor()
    assert.strictEqual(await stateOf("weather"), "stopped")

    // The answer is held up, so that the page has to say what it waits for.
    let letGo = () => {}
    const held = new Promise<void>((resolve) => (letGo = resolve))
    await page.route("**/procedures/weather/start", async (route) => {
      await held
      await route.continue()
    })
    await page.getByRole("button", { name: "Start weather" }).click()
    await row.getByText("starting", { exact: true }).waitFor()
    assert.isTrue(await page.getByRole("button", { name: "Start weather" }).isDisabled())
    letGo()
    await row.getByText("ready", { exact: true }).waitFor()
    assert.strictEqual(await stateOf("weather"), "ready")
    assert.deepStrictEqual(complaints, [])
    await close()
  })

  it("one that is quarantined says why and how to get it out", async () => {
    const { close, page } = await open(browser, `${site.url}/app/procedures?name=broken`)
    await page.getByText("It crashed too often (1 restart)").waitFor()
    await page.getByText("outpost procedure start broken", { exact: true }).waitFor()
    const row = page.locator('[data-procedure="broken"]')
    await row.getByText("code 3", { exact: true }).waitFor()
    await row.getByText("the command ended with code 3").waitFor()
    await page.getByRole("button", { name: "Start broken" }).click()
    await page
      .locator(".procedure-detail")
      .getByText(/^[34] runs, /)
      .waitFor()
    await close()
  })

  it("what the office will not take is set aside with its reason, and tried again once asked", async () => {
    const { close, complaints, page } = await open(browser, `${site.url}/app/outbox`)
    await page.locator("tr[data-receipt]").first().waitFor()
    const uplink = page.locator('tbody[data-uplink="office"]')
    await uplink.getByText("connected", { exact: true }).waitFor()
    const [{ set_aside: refused } = { set_aside: 0 }] = (await figures()).uplinks
    assert.isAtLeast(refused, 2)
    await uplink.getByRole("button", { name: `Show the ${refused} set aside by office` }).click()
    assert.strictEqual(new URL(page.url()).search, "?uplink=office&aside=1")
    const messages = page.locator("tr[data-message]")
    await messages
      .filter({ hasText: "wind: 999, gusts: 1" })
      .first()
      .getByText("office: 422 wind out of range")
      .waitFor()
    assert.strictEqual(await messages.count(), refused)

    await messages.first().click()
    const sheet = page.getByRole("dialog")
    await sheet.getByText("422 wind out of range").waitFor()
    await sheet.getByText('"variant"').waitFor()
    await page.keyboard.press("Escape")
    await sheet.waitFor({ state: "detached" })

    office.takesAll = true
    await page.getByRole("button", { name: `Retry ${refused} set aside of office` }).click()
    await page.getByRole("dialog").getByText("outpost outbox retry --uplink office").waitFor()
    await page.getByRole("button", { name: `Retry ${refused} messages`, exact: true }).click()
    await page.getByText("Nothing of this kind waits.").waitFor()
    await uplink.getByRole("button", { name: /^Show the/ }).waitFor({ state: "detached" })
    assert.strictEqual((await figures()).uplinks[0]?.set_aside, 0)
    assert.deepStrictEqual(complaints, [])
    await close()
  })

  it("sending is stopped within a time that can be, and started again", async () => {
    const { close, complaints, page } = await open(browser, `${site.url}/app/outbox`)
    await page.getByRole("button", { name: "Stop sending…" }).click()
    const dialog = page.getByRole("dialog")
    const seconds = dialog.getByLabel("Seconds to deliver what waits")
    await seconds.fill("soon")
    await dialog.getByText("A number of seconds, 0 to 86400.").waitFor()
    assert.isTrue(await dialog.getByRole("button", { name: "Stop sending" }).isDisabled())
    await seconds.fill("0")
    await page.keyboard.press("Enter")
    await page.getByRole("main").getByText("stopped", { exact: true }).waitFor()
    assert.isTrue((await figures()).stopped)
    await page.getByRole("button", { name: "Start sending" }).click()
    await page.getByRole("main").getByText("sending", { exact: true }).waitFor()
    assert.isFalse((await figures()).stopped)
    assert.deepStrictEqual(complaints, [])
    await close()
  })

  it("a site without uplinks is told what one is for; the first page says how long a message has waited", async () => {
    const { close, complaints, page } = await open(browser, site.url)
    const unsent = page.locator(".vital").filter({ hasText: "Oldest unsent message" })
    await unsent.getByText("nothing waits").waitFor()
    await page.route("**/outbox", async (route) => {
      const response = await route.fetch()
      const told = (await response.json()) as object
      const since = Date.now() / 1000 - 3_725
      await route.fulfill({ response, json: { ...told, messages: 7, bytes: 2048, oldest_at: since, uplinks: [] } })
    })
    await unsent.getByText("1 h 2 min").waitFor()
    await unsent.getByRole("link", { name: "7 messages, 2.00 KiB" }).click()
    await page.getByRole("heading", { name: "Outbox", level: 1 }).waitFor()
    await page.getByText("outpost outbox stats", { exact: true }).first().waitFor()
    assert.deepStrictEqual(complaints, [])
    await close()
  })

  it.each([360, 2560])("fits a width of %i with data on both pages", async (width) => {
    const { close, complaints, page } = await open(browser, site.url, { viewport: { width, height: 740 } })
    for (const [path, shown] of [
      ["/app/procedures?name=broken", ".way-out"],
      ["/app/procedures?name=weather", ".state-changes tr"],
      ["/app/outbox", "tr[data-receipt]"]
    ] as const) {
      await page.goto(`${site.url}${path}`)
      await isLive(page)
      await page.locator(shown).first().waitFor()
      assert.isAtMost(await overflow(page), 0, `${path} at ${width}`)
    }
    assert.deepStrictEqual(complaints, [])
    await close()
  })

  it("works from the keyboard: by name to a procedure, and from there to its orders", async () => {
    const { close, page } = await open(browser, `${site.url}/app/outbox`)
    await isLive(page)
    await page.keyboard.press("Control+k")
    await page.keyboard.type("procedure weather")
    await page.keyboard.press("Enter")
    await page.getByRole("heading", { name: "weather", level: 2 }).waitFor()
    await page.getByRole("link", { name: "broken" }).focus()
    const focused = () => page.evaluate<string | null>("document.activeElement.getAttribute('aria-label')")
    for (let step = 0; step < 6 && (await focused()) !== "Restart weather"; step++) await page.keyboard.press("Tab")
    assert.strictEqual(await focused(), "Restart weather")
    const { since } = await procedure("weather")
    await page.keyboard.press("Enter")
    await vi.waitFor(
      async () => {
        const now = await procedure("weather")
        assert.isTrue(now.since > since && now.status === "ready")
      },
      { timeout: 100_000 }
    )
    await page.locator('[data-procedure="weather"]').getByText("ready", { exact: true }).waitFor()
    await close()
  })
})
