/** Line icons of 16 pixels, drawn here: no font and no file is fetched for them. */
const paths = {
  overview: "M2.5 9.5h3v4h-3zM6.5 5.5h3v8h-3zM10.5 2.5h3v11h-3z",
  telemetry: "M1.5 9.5h3l2-6 3 9 2-5.5h3",
  runs: "M4.5 2.8v10.4l8-5.2z",
  ensemble: "M2 3.5h3v3H2zM2 9.5h3v3H2zM11 6.5h3v3h-3zM5 5h2.5v6H5M7.5 8H11",
  backfill: "M8 2v7M5 6.5 8 9.5l3-3M2.5 11v2.5h11V11",
  inventory: "M2.5 4.5c0-2.7 11-2.7 11 0s-11 2.7-11 0zM2.5 4.5v7c0 2.7 11 2.7 11 0v-7M2.5 8c0 2.7 11 2.7 11 0",
  jobs: "M8 2.2a5.8 5.8 0 1 1 0 11.6A5.8 5.8 0 0 1 8 2.2zM8 5v3.2l2.3 1.4",
  procedures: "M2.5 3h11v10h-11zM4.8 6l2 2-2 2M8.5 10.2h3",
  outbox: "M2.5 9v4.5h11V9h-3l-1 1.8h-3L5.5 9zM8 7.8V2.2M5.6 4.4 8 2l2.4 2.4",
  storage: "M4.5 12.5a3 3 0 0 1-.3-6 4 4 0 0 1 7.7.6 2.7 2.7 0 0 1-.4 5.4zM8 11V7.5M6.3 9 8 7.3 9.7 9",
  logs: "M2.5 3.5h11M2.5 6.5h8M2.5 9.5h11M2.5 12.5h6",
  system: "M8 2.5v4M3.5 10.5v-2h9v2M2 10.5h3v3H2zM6.5 10.5h3v3h-3zM11 10.5h3v3h-3zM8 6.5v4M6.5 2h3v2.5h-3z",
  config: "M2.5 4.5h7M12.5 4.5h1M2.5 11.5h1M6.5 11.5h7M9.5 2.8v3.4M6.5 9.8v3.4",
  updates: "M13.2 8a5.2 5.2 0 1 1-1.6-3.8M13.2 1.8v3h-3M8 5.2v5.4M5.8 8.4 8 10.6l2.2-2.2",
  more: "M3 8h.01M8 8h.01M13 8h.01",
  close: "M4 4l8 8M12 4l-8 8",
  open: "M6 3.5 10.5 8 6 12.5",
  light: "M8 5a3 3 0 1 1 0 6 3 3 0 0 1 0-6zM8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1 1M12 12l1 1M3 13l1-1M12 4l1-1",
  dark: "M13 9.8A5.5 5.5 0 0 1 6.2 3 5.5 5.5 0 1 0 13 9.8z",
  auto: "M2 3h12v8H2zM6 13.5h4M8 11v2.5"
} as const

export type IconName = keyof typeof paths

export const Icon = ({ name }: { readonly name: IconName }) => (
  <svg
    className="icon"
    viewBox="0 0 16 16"
    width="16"
    height="16"
    fill="none"
    stroke="currentColor"
    strokeWidth={name === "more" ? 2 : 1.3}
    strokeLinecap="round"
    strokeLinejoin="round"
    aria-hidden="true"
  >
    <path d={paths[name]} />
  </svg>
)
