/**
 * What one connection has said so far, folded message by message: rows to keep, books, losses, and when to give the connection
 * up. Plain and synchronous, because it is on the way of every message.
 */
import type { Row } from "../../domain/RowLayout.js"
import type { Dialogue } from "../../source/Feed.js"
import type { Meaning } from "../../source/FeedMessage.js"
import { SourceError } from "../../source/SourceError.js"
import type { Following } from "./Following.js"
import type { Heard } from "./LiveSockets.js"

/** Rows of a channel. */
export interface ChannelRows {
  readonly channel: string
  readonly rows: ReadonlyArray<Row>
}

/** What follows from messages that came together. */
export interface Findings {
  readonly rows: Array<ChannelRows>
  /** To be sent. */
  readonly say: Array<string>
  gaps: number
  malformed: number
  /** What the venue or the messages complain of; the newest. */
  complaint: string | undefined
  /** The connection is of no more use. */
  ends: SourceError | undefined
}

/** So many messages in a row that nobody can read: whatever is at the other end, it is not the venue. */
const garbageLimit = 100

export class Reading {
  private readonly byName: ReadonlyMap<string, Following>
  /** The number of the last message, where the venue numbers them. */
  private lastNumber: number | undefined
  private garbage = 0
  /** When messages were last read. */
  private before: number

  constructor(
    private readonly source: string,
    private readonly dialogue: Dialogue<string>,
    private readonly followings: ReadonlyArray<Following>,
    at: number
  ) {
    this.byName = new Map(followings.map((following) => [following.channel.name, following]))
    this.before = at
  }

  take({ at, texts }: Heard): Findings {
    const findings: Findings = { rows: [], say: [], gaps: 0, malformed: 0, complaint: undefined, ends: undefined }
    for (const text of texts) {
      for (const meaning of this.dialogue.read(text)) this.act(meaning, at, findings)
      if (findings.ends !== undefined) break
    }
    this.before = at
    return findings
  }

  private act(meaning: Meaning, at: number, findings: Findings): void {
    this.garbage = meaning._tag === "Malformed" ? this.garbage + 1 : 0
    switch (meaning._tag) {
      case "Rows": {
        const following = this.byName.get(meaning.channel)
        if (following === undefined) return
        findings.rows.push({ channel: meaning.channel, rows: meaning.rows })
        if (following.takeRows(meaning, this.before, at) === "lost") findings.gaps++
        return
      }
      case "Book": {
        const following = this.byName.get(meaning.channel)
        if (following?.takeBook(meaning.change, this.before, at) === "lost") this.rebuild([following], findings)
        return
      }
      case "Numbered":
        return this.number(meaning.number, at, findings)
      case "Accepted":
        this.byName.get(meaning.channel)?.accept(at)
        return
      case "Rejected":
        return this.reject(meaning, findings)
      case "Malformed":
        findings.malformed++
        findings.complaint = meaning.detail
        if (this.garbage >= garbageLimit) findings.ends = this.disconnected(`sent ${garbageLimit} unreadable messages`)
        return
      case "Farewell":
        findings.ends = this.disconnected(meaning.detail)
        return
      case "Heartbeat":
        return
    }
  }

  private number(number: number, at: number, findings: Findings): void {
    const last = this.lastNumber
    this.lastNumber = Math.max(number, last ?? number)
    if (last === undefined || number <= last + 1) return
    for (const following of this.followings) following.miss(this.before, at)
    this.rebuild(
      this.followings.filter(({ book }) => book !== undefined),
      findings
    )
  }

  private reject({ channel, detail }: Extract<Meaning, { _tag: "Rejected" }>, findings: Findings): void {
    const named = channel === undefined ? undefined : this.byName.get(channel)
    for (const following of named === undefined ? this.followings : [named]) following.answer = "rejected"
    findings.complaint = named === undefined ? detail : `${named.channel.name}: ${detail}`
  }

  /** One loss; books that it broke are asked for from their beginning, where that can be done on this connection. */
  private rebuild(broken: ReadonlyArray<Following>, findings: Findings): void {
    findings.gaps++
    for (const { channel } of broken) {
      const again = this.dialogue.again?.(channel.name) ?? []
      if (again.length === 0) findings.ends = this.disconnected(`${channel.name}: something was lost; connecting anew`)
      findings.say.push(...again)
    }
  }

  private disconnected(detail: string): SourceError {
    return new SourceError({ source: this.source, reason: "Disconnected", detail })
  }
}
