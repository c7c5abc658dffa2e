/** A titled part of a page, and what stands in it where there is nothing or where something failed. */
import { useId, type ReactNode } from "react"

export interface PanelProps {
  readonly title: string
  /** What the title needs beside it: a count, a filter, a button. */
  readonly aside?: ReactNode
  readonly className?: string
  readonly children: ReactNode
}

export const Panel = ({ aside, children, className, title }: PanelProps) => {
  const id = useId()
  return (
    <section className={className === undefined ? "panel" : `panel ${className}`} aria-labelledby={id}>
      <header className="panel-head">
        <h2 id={id}>{title}</h2>
        {aside}
      </header>
      {children}
    </section>
  )
}

/** Says what would be here, and the command that brings it. */
export const Empty = ({ children, command }: { readonly children: ReactNode; readonly command?: string }) => (
  <div className="empty">
    <p>{children}</p>
    {command !== undefined && <code className="command">{command}</code>}
  </div>
)

/** What went wrong, where it did: the reason and a way on. */
export const Problem = ({ children, onRetry }: { readonly children: ReactNode; readonly onRetry?: () => void }) => (
  <div className="problem" role="alert">
    <p>{children}</p>
    {onRetry !== undefined && (
      <button type="button" className="button" onClick={onRetry}>
        Try again
      </button>
    )}
  </div>
)
