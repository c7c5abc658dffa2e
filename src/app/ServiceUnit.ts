/**
 * The systemd unit of a site: started at boot and again after any death, told to be ready by the server itself and killed when
 * it makes no more progress, with no more rights than it needs. Format: systemd.unit(5), systemd.service(5), systemd.exec(5).
 */
import type { ServiceOptions } from "../cli/Launcher.js"

export interface UnitFacts extends Pick<ServiceOptions, "user"> {
  /** Absolute. */
  readonly site: string
  readonly config: string | undefined
  /** The launcher and what it is run by, absolute. */
  readonly program: ReadonlyArray<string>
  /** The user that the service runs as; of a unit of a user's own there is none to choose. */
  readonly runAs: string | undefined
}

/** Longest time between two signs of progress before systemd ends the service. */
const watchdogSeconds = 120

/** Past this it is killed: longer than any orderly stop takes by itself. */
const stopSeconds = 660

export const text = ({ config, program, runAs, site, user }: UnitFacts): string => {
  const command = [...program, "--site", site, ...(config === undefined ? [] : ["--config", config])]
  return [
    "[Unit]",
    `Description=Outpost, the site in ${plain(site)}`,
    "After=network.target time-sync.target",
    "StartLimitIntervalSec=0",
    "",
    "[Service]",
    "Type=notify",
    "# The signs come from systemd-notify(1), a child of the server.",
    "NotifyAccess=all",
    `ExecStart=${command.map(word).join(" ")}`,
    "Restart=always",
    "RestartSec=5",
    `WatchdogSec=${watchdogSeconds}`,
    `TimeoutStopSec=${stopSeconds}`,
    "KillMode=mixed",
    "LimitNOFILE=65536",
    ...(runAs === undefined ? [] : [`User=${runAs}`]),
    ...(user ? [] : hardening(site)),
    "",
    "[Install]",
    `WantedBy=${user ? "default.target" : "multi-user.target"}`,
    ""
  ].join("\n")
}

// -----------------------------------------------------------------------------

/** Procedures may need a device of /dev and files of the user's: those are left; a drop-in may take them, too. */
const hardening = (site: string): ReadonlyArray<string> => [
  "",
  "# What a procedure needs beyond this is added with: systemctl edit outpost",
  "UMask=0077",
  "NoNewPrivileges=true",
  "ProtectSystem=strict",
  `ReadWritePaths=${word(site)}`,
  "PrivateTmp=true",
  "ProtectKernelTunables=true",
  "ProtectKernelModules=true",
  "ProtectKernelLogs=true",
  "ProtectControlGroups=true",
  "ProtectHostname=true",
  "ProtectClock=true",
  "RestrictSUIDSGID=true",
  "RestrictRealtime=true",
  "RestrictNamespaces=true",
  "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK",
  "LockPersonality=true",
  "SystemCallArchitectures=native",
  "CapabilityBoundingSet="
]

/** `%` and `$` mean something to systemd; a word with blanks or quotes is quoted. */
const word = (text: string): string => {
  const escaped = plain(text).replaceAll("$", "$$$$")
  return /^[\w@%+=:,./$-]+$/.test(escaped) ? escaped : `"${escaped.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`
}

const plain = (text: string): string => text.replaceAll("%", "%%")
