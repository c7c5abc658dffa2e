/**
 * Whether a moment has come; both in milliseconds. Moments are sums of fractions, so the last digits say nothing: who rested
 * for what is left between two of them would rest for no time, again and again, on a clock that stands still for ever.
 *
 * @internal
 */
export const isDue = (moment: number, now: number): boolean => moment - now < 0.001
