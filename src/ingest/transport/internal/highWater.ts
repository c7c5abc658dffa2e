/**
 * The high-water mark that bounds a queue of messages by their bytes: as many messages as fit into the bytes, by the size of the
 * largest one of late. A rare large one lowers the mark for some hundred messages, no longer.
 *
 * @internal
 */
const least = 4
const forgetting = 0.99

/** Called with the size of each message; answers the new mark when that has to change. It is raised only when it `mayRise`. */
export const highWater = (messages: number, bytes: number) => {
  let largest = 0
  let mark = messages
  return (size: number, mayRise: boolean): number | undefined => {
    largest = Math.max(size, largest * forgetting)
    const fitting = Math.max(least, Math.min(messages, Math.floor(bytes / largest)))
    const changed = fitting < mark || (mayRise && (fitting >= mark * 2 || (fitting === messages && fitting > mark)))
    if (!changed) return undefined
    mark = fitting
    return mark
  }
}
