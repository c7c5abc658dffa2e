/** A parameter's value as a text, both ways: values are bytes, and what they mean is said by whoever reads them. */
import type { ParameterDescription } from "../../assignment/ParameterDescription.js"

type Kind = ParameterDescription["dtype"]

/** The text that bytes are, undefined where they are none. */
export const textOf = (value: Uint8Array): string | undefined => {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(value)
    return Array.from(text).some((letter) => letter < " " && !blanks.includes(letter)) ? undefined : text
  } catch {
    return undefined
  }
}

/** Why a text can't be a value of this kind. Services would read it as 0, or as false, and say nothing. */
export const problemOf = (kind: Kind, text: string): string | undefined => {
  switch (kind) {
    case "int":
      return wholeNumber.test(text.trim()) ? undefined : "expected a whole number"
    case "float":
      return anyNumber.test(text.trim()) ? undefined : "expected a number"
    case "bool":
      return text === "True" || text === "False" ? undefined : "expected True or False"
    case "str":
    case "binary":
      return undefined
  }
}

export const kindName: Readonly<Record<Kind, string>> = {
  str: "text",
  binary: "bytes",
  int: "whole number",
  float: "number",
  bool: "True or False"
}

// ------------------------------------------------------------------------------------------------------------------

const wholeNumber = /^[+-]?\d+$/
const anyNumber = /^[+-]?((\d+\.?\d*|\.\d+)(e[+-]?\d+)?|inf(inity)?|nan)$/i
const blanks = "\t\n\r"
