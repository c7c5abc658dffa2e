/** A question that is asked again when its answer may have changed: never twice at once, and no more often than is of use. */
export interface Paced {
  /** There may be another answer. */
  readonly ask: () => void
  readonly end: () => void
}

export const paced = (question: () => Promise<void>, everyMillis: number): Paced => {
  let [busy, wanted, over] = [false, false, false]
  let timer: ReturnType<typeof setTimeout> | undefined
  const turn = async () => {
    busy = true
    wanted = false
    await question()
    if (over) return
    timer = setTimeout(() => {
      busy = false
      if (wanted) void turn()
    }, everyMillis)
  }
  return {
    ask: () => {
      wanted = true
      if (!busy) void turn()
    },
    end: () => {
      over = true
      clearTimeout(timer)
    }
  }
}
