/** The newest lines of a log in a box of their own; it follows the end unless a person has scrolled up. */
import { type ReactNode, useLayoutEffect, useRef } from "react"

export interface LogTailProps {
  readonly label: string
  /** What the lines are made of: with another one they are others. */
  readonly of: unknown
  readonly children: ReactNode
}

export const LogTail = ({ children, label, of }: LogTailProps) => {
  const box = useRef<HTMLDivElement>(null)
  const following = useRef(true)
  useLayoutEffect(() => {
    if (following.current && box.current !== null) box.current.scrollTop = box.current.scrollHeight
  }, [of])
  return (
    <div
      className="log-tail mono"
      ref={box}
      tabIndex={0}
      role="log"
      aria-live="off"
      aria-label={label}
      onScroll={({ currentTarget: { clientHeight, scrollHeight, scrollTop } }) =>
        void (following.current = scrollHeight - scrollTop - clientHeight < 24)
      }
    >
      {children}
    </div>
  )
}
