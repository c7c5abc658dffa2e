/** What an open page does when its site goes away, or its session ends. */
import { assert, describe, it } from "@effect/vitest"
import { available, isLive, launch, open, rowOf, serve } from "./SitePages.js"

describe.runIf(available())("a site that goes away", () => {
  it("is said to be gone, its figures are old, and it goes on when it is back", async () => {
    const site = await serve()
    const browser = await launch()
    try {
      const { page } = await open(browser, site.url)
      await isLive(page)
      await site.kill()
      await page.getByRole("banner").getByText("reconnecting").waitFor()
      await page
        .getByRole("banner")
        .getByText(/^stale since \d\d:\d\d:\d\d/)
        .waitFor()
      await page.getByText(/What stands below is as of \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC\+1/).waitFor()
      assert.strictEqual(await page.locator("main").getAttribute("data-stale"), "true")
      await site.revive()
      const seq = await site.post("probe.back", { x: 1 })
      await isLive(page)
      await rowOf(page, "probe.back", seq).waitFor()
      assert.strictEqual(await page.locator("main").getAttribute("data-stale"), "false")
    } finally {
      await browser.close()
      await site.end()
    }
  })
})

describe.runIf(available())("a site with a token", () => {
  it("asks for it, lets in, and asks again when the session is over", async () => {
    const site = await serve("http: { token: s3cret }\n")
    const browser = await launch()
    try {
      const { page } = await open(browser, site.url)
      await page.getByLabel("Token").fill("wrong")
      await page.getByRole("button", { name: "Log in" }).click()
      await page.getByRole("alert").waitFor()
      await page.getByLabel("Token").fill("s3cret")
      await page.getByRole("button", { name: "Log in" }).click()
      await isLive(page)
      await page.goto(`${site.url}/config`)
      await page.getByText('"********"').waitFor()
      assert.notInclude(await page.content(), "s3cret")
      await page.context().clearCookies()
      await page.waitForURL(`${site.url}/login`)
      await page.getByLabel("Token").waitFor()
    } finally {
      await browser.close()
      await site.end()
    }
  })
})
