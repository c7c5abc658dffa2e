/** How a version tells the launcher what it wants, by the code it ends with. */

/** The version that `current` names by then is to be started. */
export const restartCode = 75
