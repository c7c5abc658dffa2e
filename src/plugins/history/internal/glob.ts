/**
 * Which names a pattern means: `*` and `?` stay within a name, `**` goes over directories, `{` and `[` are letters like others.
 *
 * @internal
 */
export const matcher = (pattern: string): ((name: string) => boolean) => {
  const expression = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll(/\*\*\/|\*\*|\*|\?/g, (token) => meaning[token] ?? token)
  const whole = new RegExp(`^${expression}$`)
  return (name) => whole.test(name)
}

// ------------------------------------------------------------------------------------------------------------------

const meaning: Readonly<Record<string, string>> = { "**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]" }
