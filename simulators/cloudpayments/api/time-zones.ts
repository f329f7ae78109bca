/** The codes that lists may be asked in, as hours from UTC. */
const hours: Readonly<Record<string, number>> = {
  ...{ HST: -10, AKST: -9, PST: -8, MST: -7, CST: -6, EST: -5, AST: -4, BRT: -3 },
  ...{ UTC: 0, GMT: 0, CET: 1, EET: 2, MSK: 3, AZT: 4, AMT: 4, SAMT: 4, GET: 4, TJT: 5 },
  ...{ YEKT: 5, ALMT: 6, NOVT: 6, KRAT: 7, HKT: 8, IRKT: 8, YAKT: 9, VLAT: 10, MAGT: 11 },
  PETT: 12,
};

/** Undefined where there is no such zone. */
export function zoneOffsetMs(code: string): number | undefined {
  const found = hours[code.toUpperCase()];
  return found === undefined ? undefined : found * 3_600_000;
}
