/**
 * Who may come in once a token is set. Precedence (the collector's clients rely on it): a bearer token is final, then a
 * cookie `dccd_token` is final, then our own session cookie, then `?token=`. A session is a signed time of expiry: it
 * survives a restart and ends when the token is changed. Every comparison takes the same time whatever is compared.
 */
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { createHmac, hash, timingSafeEqual } from "node:crypto"

export const sessionCookie = "outpost_session"
export const tokenCookie = "dccd_token"

/** What a request shows. */
export interface Shown {
  readonly authorization: string | undefined
  readonly cookie: string | undefined
  /** The query string without its `?`. */
  readonly query: string
}

/** `query` is told apart because a page opened so gets a cookie. */
export type Grant = "granted" | "query" | "denied"

export interface Credentials {
  /** False: no token is set, all are let in. */
  readonly guarded: boolean
  /** Decides about a request at a time (Unix milliseconds). */
  readonly check: (shown: Shown, now: number) => Grant
  /** True for the token of this process in an `Authorization` header. */
  readonly isOwn: (authorization: string | undefined) => boolean
  /** True for the site's token. */
  readonly matches: (token: string) => boolean
  /** The `Set-Cookie` of a new session. */
  readonly session: (now: number) => string
  /** The `Set-Cookie` that carries the token itself, for a page opened with `?token=`. */
  readonly remember: () => string
}

export interface CredentialOptions {
  /** None or empty: everything is open. */
  readonly token: Option.Option<Redacted.Redacted>
  /** The token of this process, known to who may read its server.json; accepted as bearer. */
  readonly ownToken: Option.Option<Redacted.Redacted>
  readonly sessionMillis: number
}

export const make = (options: CredentialOptions): Credentials => {
  const token = Option.getOrElse(Option.map(options.token, Redacted.value), () => "")
  const expected = digest(token)
  const own = Option.map(options.ownToken, (value) => digest(Redacted.value(value)))
  const matches = (shown: string) => timingSafeEqual(digest(shown), expected)
  const isOwn = (shown: string) => Option.isSome(own) && timingSafeEqual(digest(shown), own.value)
  const sign = (expires: string) => createHmac("sha256", token).update(expires).digest("hex")

  const validSession = (cookie: string, now: number): boolean => {
    const dot = cookie.indexOf(".")
    const expires = cookie.slice(0, Math.max(dot, 0))
    const genuine = timingSafeEqual(digest(cookie.slice(dot + 1)), digest(sign(expires)))
    return genuine && Number.parseInt(expires, 36) > now
  }

  const check = (shown: Shown, now: number): Grant => {
    if (token === "") return "granted"
    const bearer = bearerOf(shown.authorization)
    if (bearer !== undefined) return isOwn(bearer) || matches(bearer) ? "granted" : "denied"
    if (shown.cookie !== undefined) {
      const remembered = cookieOf(shown.cookie, tokenCookie)
      if (remembered !== "") return matches(remembered) ? "granted" : "denied"
      const session = cookieOf(shown.cookie, sessionCookie)
      if (session !== "" && validSession(session, now)) return "granted"
    }
    const asked = new URLSearchParams(shown.query).get("token")
    return asked !== null && matches(asked) ? "query" : "denied"
  }

  return {
    guarded: token !== "",
    check,
    isOwn: (authorization) => {
      const bearer = bearerOf(authorization)
      return bearer !== undefined && isOwn(bearer)
    },
    matches: (shown) => token !== "" && matches(shown),
    session: (now) => {
      const expires = (now + options.sessionMillis).toString(36)
      const seconds = Math.floor(options.sessionMillis / 1000)
      return `${sessionCookie}=${expires}.${sign(expires)}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Strict`
    },
    remember: () => `${tokenCookie}=${encodeURIComponent(token)}; Path=/; HttpOnly; SameSite=Strict`
  }
}

/** The `Set-Cookie` lines that end a session. */
export const forget: ReadonlyArray<string> = [sessionCookie, tokenCookie].map(
  (name) => `${name}=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict`
)

// ------------------------------------------------------------------------------------------------------------------

const digest = (text: string): Buffer => hash("sha256", text, "buffer")

/** The value of an `Authorization: Bearer` header, empty where it names none; undefined for any other scheme. */
const bearerOf = (authorization: string | undefined): string | undefined =>
  authorization !== undefined && /^bearer /i.test(authorization)
    ? authorization.slice(7).trim()
    : authorization?.toLowerCase() === "bearer"
      ? ""
      : undefined

const cookieOf = (header: string, name: string): string => {
  for (const pair of header.split(";")) {
    const equals = pair.indexOf("=")
    if (equals < 0 || pair.slice(0, equals).trim() !== name) continue
    const value = pair
      .slice(equals + 1)
      .trim()
      .replace(/^"(.*)"$/, "$1")
    try {
      return decodeURIComponent(value)
    } catch {
      return value
    }
  }
  return ""
}
