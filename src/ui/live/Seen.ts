/** Whether the page is seen: what is hidden holds no connection. */
import { Cell, useChanging } from "./Changing.js"

const cell = new Cell(document.visibilityState !== "hidden")
document.addEventListener("visibilitychange", () => cell.set(document.visibilityState !== "hidden"))

export const useSeen = (): boolean => useChanging(cell)
