/**
 * A ping is one frame of sixteen bytes: the UUID of the worker's start, most significant byte first.
 *
 * @internal
 */
export const pingBytes = (incarnation: string): Buffer => Buffer.from(incarnation.replaceAll("-", ""), "hex")

export const incarnationOf = (bytes: Buffer): string =>
  bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5")
