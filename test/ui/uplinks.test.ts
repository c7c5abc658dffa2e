/** The uplinks on the page of the outbox: a real browser, and an office that goes away and comes back. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { once } from "node:events"
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import type { Browser } from "playwright-core"
import { available, launch, open, overflow, serve, type Site } from "./SitePages.js"

/** Takes every message, while it is there. */
class Office {
  private server: Server | undefined
  private port = 0

  async listen(): Promise<string> {
    const server = createServer((request, response) => {
      request.resume().on("end", () => response.end())
    })
    server.listen(this.port, "127.0.0.1")
    await once(server, "listening")
    this.server = server
    this.port = (server.address() as AddressInfo).port
    return `http://127.0.0.1:${this.port}/messages`
  }

  async leave(): Promise<void> {
    const { server } = this
    if (server === undefined) return
    this.server = undefined
    const closed = once(server, "close")
    server.close()
    server.closeAllConnections()
    await closed
  }
}

const config = (office: string) => `
  weather:
    command: [sh, -c, "while sleep 0.5; do echo '{\\"message\\": {\\"variant\\": \\"data\\", \\"data\\": {\\"wind\\": 4}}}'; done"]
    shutdown: 1s
outgoing: { allow_private: [127.0.0.1] }
uplinks:
  office: { use: webhook, settings: { url: "${office}" } }
  nowhere: { use: tenta, settings: { host: 127.0.0.1, port: 1, client_id: a, username: u, password: p } }
  spare: { use: file, enabled: false, settings: { directory: spare } }
`

describe.runIf(available())("the uplinks of a site", () => {
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
    await office.leave()
  })

  it("each says by shape and word whether it is connected, since when, and what it was refused with", async () => {
    const { close, complaints, page } = await open(browser, `${site.url}/app/outbox`)
    const [connected, nowhere, spare] = ["office", "nowhere", "spare"].map((name) =>
      page.locator(`tbody[data-uplink="${name}"]`)
    )
    await connected?.getByText("connected", { exact: true }).waitFor()
    assert.match((await connected?.innerText()) ?? "", /webhook\s+connected\s+for /)
    await nowhere?.getByText("waiting", { exact: true }).waitFor()
    await nowhere?.getByText(/^next try in \d+ s$/).waitFor()
    await nowhere?.locator(".reason:not(.past)").getByText("ECONNREFUSED 127.0.0.1:1").waitFor()
    await spare?.getByText("switched off", { exact: true }).waitFor()
    assert.strictEqual(await nowhere?.locator("svg.figure").count(), 1)
    assert.deepStrictEqual(complaints, [])
    await close()
  })

  it("one that is lost says why, and that it was, once it is connected again", async () => {
    const { close, complaints, page } = await open(browser, `${site.url}/app/outbox`)
    const uplink = page.locator('tbody[data-uplink="office"]')
    await uplink.getByText("connected", { exact: true }).waitFor()
    assert.strictEqual(await uplink.locator(".reason").count(), 0)
    await office.leave()
    await uplink.getByText("waiting", { exact: true }).waitFor()
    await uplink
      .locator(".reason:not(.past)")
      .getByText(/ ago: .|now: ./)
      .waitFor()
    await office.listen()
    await uplink.getByText("connected", { exact: true }).waitFor()
    await uplink.locator(".reason.past").waitFor()
    assert.deepStrictEqual(complaints, [])
    await close()
  })

  it("leads from its state to its node, and fits a telephone", async () => {
    const { close, page } = await open(browser, `${site.url}/app/outbox`, { viewport: { width: 360, height: 740 } })
    await page.locator('tbody[data-uplink="nowhere"] .reason').waitFor()
    assert.isAtMost(await overflow(page), 0)
    await page.locator('tbody[data-uplink="office"] .mark').click()
    await page.getByRole("heading", { name: "System", level: 1 }).waitFor()
    assert.strictEqual(new URL(page.url()).searchParams.get("node"), "uplinks/office")
    await close()
  })
})
