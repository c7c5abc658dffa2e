/**
 * Chooses the site file of an instant. A clock that is set back a little stays in the file it was in, so that the order of
 * lines is the order of sequence numbers; one that is set back by more than an hour was wrong before, and the day it names
 * now is taken.
 *
 * @internal
 */
import type * as DateTime from "effect/DateTime"
import { basename } from "node:path"
import * as DayKey from "../../domain/DayKey.js"

const smallStep = 3_600_000

export class DayFile {
  private minute = NaN
  private key = ""
  private latest = -Infinity

  constructor(private readonly zone: DateTime.TimeZone) {}

  /** A file that is there already, and when it was last written: its day is the one to stay in. */
  resume(path: string, millis: number): void {
    if (DayKey.ofFileName(basename(path)) === DayKey.of(millis, this.zone)) this.keyAt(millis)
  }

  /** `YYYYMMDD`. Offsets of zones are whole minutes, so a day never turns within one. */
  keyAt(millis: number): string {
    if (millis > this.latest) this.latest = millis
    else if (this.latest - millis < smallStep) millis = this.latest
    else this.latest = millis
    const minute = Math.floor(millis / 60_000)
    if (minute !== this.minute) {
      this.minute = minute
      this.key = DayKey.of(millis, this.zone)
    }
    return this.key
  }
}
