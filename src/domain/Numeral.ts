/**
 * Whether a text is a number as JSON writes it, without an exponent and short enough to be finite as a double. Such a text may
 * stand in JSON as it is: no digit is lost on the way, and none is worked out twice. `-0` is left out: read as an integer it
 * has no sign.
 */
export const isPlain = (text: string): boolean => text.length <= 300 && text !== "-0" && plain.test(text)

const plain = /^-?(?:0|[1-9]\d*)(?:\.\d+)?$/
