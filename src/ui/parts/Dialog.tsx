/** The browser's own modal dialog: it holds the focus, Escape closes it, and the focus goes back where it was. */
import { useEffect, useId, useRef, useState, type ReactNode } from "react"
import { createPortal } from "react-dom"
import { Icon } from "./Icon.js"

export interface DialogProps {
  readonly title: ReactNode
  readonly onClose: () => void
  /** `sheet` stands at the right edge and is for reading; `card` asks. */
  readonly kind: "card" | "sheet"
  readonly children: ReactNode
}

export const Dialog = ({ children, kind, onClose, title }: DialogProps) => {
  const element = useRef<HTMLDialogElement>(null)
  const id = useId()
  useEffect(() => {
    const dialog = element.current
    if (dialog === null || dialog.open) return
    dialog.showModal()
    // The browser would choose the first button, which is the one that closes.
    dialog.querySelector<HTMLElement>("[data-first]")?.focus()
  }, [])
  // At the page's end: what is styled or hidden around the button that asks does not bear on the dialog.
  return createPortal(
    <dialog
      ref={element}
      className={`dialog ${kind}`}
      aria-labelledby={id}
      onClose={onClose}
      onClick={(event) => event.target === event.currentTarget && event.currentTarget.close()}
    >
      <div className="dialog-body">
        <header className="dialog-head">
          <h2 id={id}>{title}</h2>
          <button
            type="button"
            className="quiet square-button"
            aria-label="Close"
            onClick={() => element.current?.close()}
          >
            <Icon name="close" />
          </button>
        </header>
        {children}
      </div>
    </dialog>,
    document.body
  )
}

export interface ConfirmProps {
  readonly title: string
  /** What it will touch, and how it can be undone. */
  readonly children: ReactNode
  /** Names the thing: never just "OK". */
  readonly action: string
  /** Resolves with what went wrong, or nothing. */
  readonly onConfirm: () => Promise<string | undefined>
  readonly onClose: () => void
}

export const Confirm = ({ action, children, onClose, onConfirm, title }: ConfirmProps) => {
  const [pending, setPending] = useState(false)
  const [problem, setProblem] = useState<string | undefined>(undefined)
  const confirm = async () => {
    setPending(true)
    setProblem(undefined)
    const wrong = await onConfirm()
    setPending(false)
    if (wrong === undefined) onClose()
    else setProblem(wrong)
  }
  return (
    <Dialog title={title} kind="card" onClose={onClose}>
      {children}
      {problem !== undefined && (
        <p className="field-problem" role="alert">
          {problem}
        </p>
      )}
      <div className="dialog-actions">
        <button type="button" className="button" onClick={onClose} data-first>
          Cancel
        </button>
        <button type="button" className="button danger" disabled={pending} onClick={() => void confirm()}>
          {pending ? "Working…" : action}
        </button>
      </div>
    </Dialog>
  )
}
