/** What is wrong, and since when. There is nothing here when nothing is. */
import { followLink } from "../live/Address.js"
import type { Alarm } from "../model/Alarms.js"
import { Age } from "./Age.js"
import { Mark } from "./Mark.js"

export const AlarmList = ({ alarms, now }: { readonly alarms: ReadonlyArray<Alarm>; readonly now: number }) =>
  alarms.length === 0 ? undefined : (
    <section className="panel alarms" aria-label="What is wrong">
      <ul>
        {alarms.map(({ cause, grave, key, link, since, title }) => (
          <li key={key} data-grave={grave}>
            <Mark
              shape={grave ? "triangle" : "disc"}
              tone={grave ? "bad" : "warn"}
              word={grave ? "alarm" : "warning"}
            />
            <div className="alarm-text">
              <strong>
                {link === undefined ? (
                  title
                ) : (
                  <a href={link} onClick={followLink}>
                    {title}
                  </a>
                )}
              </strong>
              {cause !== undefined && <span className="alarm-cause mono">{firstLine(cause)}</span>}
            </div>
            {since !== undefined && (
              <span className="meta">
                for <Age at={since} now={now} />
              </span>
            )}
          </li>
        ))}
      </ul>
    </section>
  )

const firstLine = (text: string): string => text.split("\n", 1)[0] ?? text
