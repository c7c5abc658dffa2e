/** The areas: a rail at the left, on a phone a bar at the bottom with the first four and the rest behind "More". */
import { useEffect, useRef, useState, type CSSProperties } from "react"
import { followLink, useAddress } from "../live/Address.js"
import { areas, parse } from "../model/Address.js"
import { Icon } from "./Icon.js"

const firstOnPhone = 4

export const Rail = () => {
  const { pathname, searchParams } = useAddress()
  const here = parse(pathname, searchParams).area
  const [open, setOpen] = useState(false)
  const nav = useRef<HTMLElement>(null)
  useEffect(() => setOpen(false), [pathname])
  useEffect(() => {
    if (!open) return
    const close = (event: Event) => {
      if (
        event instanceof KeyboardEvent
          ? event.key === "Escape"
          : !(event.target instanceof Node && nav.current?.contains(event.target) === true)
      ) {
        setOpen(false)
      }
    }
    addEventListener("pointerdown", close)
    addEventListener("keydown", close)
    return () => {
      removeEventListener("pointerdown", close)
      removeEventListener("keydown", close)
    }
  }, [open])
  const behind = areas.slice(firstOnPhone)
  return (
    <nav className="rail" aria-label="Areas" ref={nav} data-open={open}>
      {areas.map(({ area, name, path }, index) => (
        <a
          key={area}
          href={path}
          onClick={followLink}
          className="rail-link"
          data-behind={index >= firstOnPhone}
          style={fromBelow(areas.length - 1 - index)}
          aria-current={area === here ? "page" : undefined}
        >
          <Icon name={area} />
          <span>{name}</span>
        </a>
      ))}
      <button
        type="button"
        className="rail-link rail-more"
        aria-expanded={open}
        aria-current={behind.some(({ area }) => area === here) ? "page" : undefined}
        onClick={() => setOpen(!open)}
      >
        <Icon name="more" />
        <span>More</span>
      </button>
    </nav>
  )
}

// ------------------------------------------------------------------------------------------------------------------

/** Where it stands in the menu that opens above the bar. */
const fromBelow = (place: number): CSSProperties & { readonly "--from-below": number } => ({ "--from-below": place })
