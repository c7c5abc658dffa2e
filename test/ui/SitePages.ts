/** A browser on the built web app of a real site, and what the pages tried to load or complained about. */
import { chromium, type Browser, type BrowserContextOptions, type Page } from "playwright-core"
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { bin } from "../support/buildOnce.js"
import { start, type Running } from "../support/OutpostProcess.js"

const executablePath = "/usr/bin/chromium"

/** Whether the tests can run; where services are required they have to. */
export const available = (): boolean => {
  if (existsSync(executablePath)) return true
  if (process.env["OUTPOST_REQUIRE_SERVICES"] === "1") throw new Error(`no browser at ${executablePath}`)
  console.warn(`SKIPPED: the tests of the web app need a browser at ${executablePath} (apt-get install chromium)`)
  return false
}

export const launch = (): Promise<Browser> =>
  chromium.launch({
    executablePath,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-dev-shm-usage",
      "--disable-background-networking",
      "--disable-component-update",
      "--no-first-run"
    ]
  })

const config = `
procedures:
  system-checks: { every: 1s }
`

export interface Site {
  readonly directory: string
  readonly url: string
  readonly post: (type: string, data: unknown, more?: { readonly ts?: string }) => Promise<number>
  /** Ends the server at once, as a power cut does. */
  readonly kill: () => Promise<void>
  /** Starts it again where it was. */
  readonly revive: () => Promise<void>
  readonly end: () => Promise<void>
}

/** Serves a new site; `more` is added to its config, `flags` to the command. */
export const serve = async (more = "", flags: ReadonlyArray<string> = []): Promise<Site> => {
  if (!existsSync(join(bin, "../ui/index.html"))) throw new Error("the web app is not built: run `npm run build` first")
  const directory = mkdtempSync(join(tmpdir(), "outpost-ui-"))
  mkdirSync(directory, { recursive: true })
  writeFileSync(join(directory, "outpost.yaml"), config + more)
  let running: Running
  const listen = async (port: string) => {
    running = start(["serve", "--site", directory, "--port", port, ...flags])
    const [, url = ""] = await running.prints(/^listening on (http:\S+)\n/)
    return url
  }
  const url = await listen("0")
  const kill = async () => {
    running.child.kill("SIGKILL")
    await running.ended
  }
  return {
    directory,
    url,
    kill,
    revive: async () => void (await listen(new URL(url).port)),
    post: async (type, data, extra = {}) => {
      const response = await fetch(`${url}/event`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ type, data, ...extra })
      })
      const { seq } = (await response.json()) as { readonly seq: number }
      return seq
    },
    end: async () => {
      await kill()
      rmSync(directory, { recursive: true, force: true })
    }
  }
}

export interface Opened {
  readonly page: Page
  /** Errors of scripts and of the console; requests to other hosts. */
  readonly complaints: Array<string>
  readonly close: () => Promise<void>
}

export const open = async (browser: Browser, address: string, options: BrowserContextOptions = {}): Promise<Opened> => {
  const context = await browser.newContext({
    viewport: { width: 1440, height: 900 },
    timezoneId: "Europe/Berlin",
    ...options
  })
  const page = await context.newPage()
  page.setDefaultTimeout(100_000)
  const complaints: Array<string> = []
  const { host } = new URL(address)
  page.on("pageerror", (error) => complaints.push(error.message))
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(message.text())
  })
  page.on("request", (request) => {
    const url = new URL(request.url())
    if (/^https?:|^wss?:/.test(url.protocol) && url.host !== host) complaints.push(`loads ${request.url()}`)
  })
  await page.goto(address)
  return { page, complaints, close: () => context.close() }
}

/** How much wider the page is than its window, in pixels. */
export const overflow = (page: Page) =>
  page.evaluate<number>("document.documentElement.scrollWidth - document.documentElement.clientWidth")

/** Waits until the page says that it is live. */
export const isLive = (page: Page) => page.getByRole("banner").getByText("live", { exact: true }).waitFor()

/** The row of an event in a table. */
export const rowOf = (page: Page, type: string, seq: number) =>
  page
    .locator("tbody tr")
    .filter({ hasText: type })
    .filter({ has: page.getByText(String(seq), { exact: true }) })
