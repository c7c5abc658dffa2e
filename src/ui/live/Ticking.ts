/** The time, told to the page once a second; the server's time, as far as it is known. */
import { Cell, useChanging } from "./Changing.js"

let offset = 0

/** The server's time in Unix milliseconds: ages must not depend on the browser's clock. */
export const serverNow = (): number => Date.now() + offset

/** Called with each answer that bears the server's time. Small differences are the network's. */
export const learn = (serverTime: number): void => {
  const seen = serverTime - Date.now()
  if (Math.abs(seen - offset) > 500) offset = seen
}

const second = new Cell(serverNow())
setInterval(() => second.set(serverNow()), 1_000)

/** The server's time, renewed every second. */
export const useNow = (): number => useChanging(second)
