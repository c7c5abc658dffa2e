/** The page that asks for the token. It works without scripts and without any file of the web app. */
import { hash } from "node:crypto"
import type { Answer } from "./ErrorBody.js"

/** What every HTML answer bears: nothing foreign is loaded, nothing inline is run, no other page may frame it. */
export const htmlHeaders = (policy = ""): Readonly<Record<string, string>> => ({
  "content-type": "text/html; charset=utf-8",
  "content-security-policy": `default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'${policy}`,
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "same-origin"
})

/** The policy piece that allows exactly these inline texts. */
export const allowInline = (directive: "script-src" | "style-src", texts: ReadonlyArray<string>): string =>
  `; ${directive} 'self' ${texts.map((text) => `'sha256-${hash("sha256", text, "base64")}'`).join(" ")}`

export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)

/** A small page in the colours of the app. `main` is HTML. */
export const page = (title: string, main: string): string =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">` +
  `<title>${escapeHtml(title)}</title><style>${style}</style></head><body><main>${main}</main></body></html>`

/** A small page as an answer. */
export const pageAnswer = (status: number, title: string, main: string): Answer => ({
  status,
  headers: { ...htmlHeaders(allowInline("style-src", [style])), "cache-control": "no-store" },
  body: page(title, main)
})

/** The login page; `problem` says why the last attempt failed. */
export const answer = (status: number, problem: string | undefined): Answer =>
  pageAnswer(
    status,
    "Outpost: log in",
    `<h1>Outpost</h1><form method="post" action="/login"><label for="token">Token</label>` +
      `<input id="token" name="token" type="password" autocomplete="current-password" required autofocus>` +
      (problem === undefined ? "" : `<p role="alert">${escapeHtml(problem)}</p>`) +
      `<button>Log in</button></form><p>The token stands in the site's config as <code>http.token</code>.</p>`
  )

// ------------------------------------------------------------------------------------------------------------------

const style =
  ":root{color-scheme:light dark}body{font:14px/1.45 system-ui,sans-serif;margin:0;display:grid;min-height:100vh;place-items:center}" +
  "main{max-width:30rem;padding:2rem}h1{font-size:20px}form{display:grid;gap:8px}input,button{font:inherit;padding:8px;border-radius:6px;border:1px solid #888}" +
  "button{background:#1d5fd1;color:#fff;border-color:#1d5fd1}[role=alert]{color:#c22}code{font-family:ui-monospace,monospace}"
