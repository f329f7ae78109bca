import type { StormReport } from './run-storm.ts';

const FINDINGS_SHOWN = 10;

/** What a storm came to, for people. */
export function writeReport(report: StormReport): string {
  const { judged, mishaps } = report;
  const suffered = [...mishaps].map(([name, count]) => `${count} × ${name}`).join(', ');
  return [
    `seed ${report.seed}: ${report.customers} customers, ${report.stops} STOPs; ${suffered}`,
    `${report.subscriptions} subscriptions, ${report.paidBills} paid bills, ${report.debits} debits in the operator's book, ` +
      `${report.messages} SMS on handsets, ${report.unknownPayments} payments nobody can be asked about; ` +
      `${report.chargers} copies of telco, ${report.rate.callsInASecond} calls in the fullest second; ` +
      `quiet after ${(report.quietAfterMs / 1000).toFixed(1)} s`,
    '',
    ...judged.flatMap(({ findings, invariant }) => [
      `${findings.length === 0 ? '✓' : '✗'} ${invariant}`,
      ...findings.slice(0, FINDINGS_SHOWN).map((finding) => `    ${finding}`),
      ...(findings.length > FINDINGS_SHOWN
        ? [`    … and ${findings.length - FINDINGS_SHOWN} more`]
        : []),
    ]),
  ].join('\n');
}

export function isWhole({ judged }: Pick<StormReport, 'judged'>): boolean {
  return judged.every(({ findings }) => findings.length === 0);
}
