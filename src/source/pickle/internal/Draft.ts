/**
 * What stands on the stack of a read besides values: names of classes, and things that are not whole yet. None of them is left in
 * what is handed out.
 *
 * @internal
 */
import type { PickleValue } from "../PickleValue.js"

/** A class or a function on the list, by its `module.name`. Nothing but its name. */
export class Global {
  constructor(readonly name: string) {}
}

/** `numpy.ndarray` before its state is known. */
export class ArrayDraft {
  readonly _tag = "ArrayDraft"
}

/** `numpy.dtype`; its byte order comes afterwards. */
export class DTypeDraft {
  constructor(
    readonly kind: "b" | "i" | "u" | "f" | "S" | "U",
    readonly size: number,
    readonly bigEndian: boolean
  ) {}
}

/** An object of a class that the caller asked for, before its fields are known. */
export class InstanceDraft {
  constructor(readonly className: string) {}
}

export type Draft = Global | ArrayDraft | DTypeDraft | InstanceDraft

export type Item = PickleValue | Draft | ReadonlyArray<Item> | ReadonlyMap<Item, Item> | ReadonlySet<Item>

export const isDraft = (item: Item): item is Draft =>
  item instanceof Global || item instanceof ArrayDraft || item instanceof DTypeDraft || item instanceof InstanceDraft
