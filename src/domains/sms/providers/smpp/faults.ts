import { STATUSES, statusName } from '#smpp';
import type { SmsFault, SmsOutcome } from '#sms/provider';

export type StatusFault = SmsFault | 'unknown';

const S = STATUSES;

/**
 * What each status of SMPP 3.4, §5.1.3 says about a message. Every one of them is a refusal: the message did not leave.
 * A centre whose statuses mean something else has a table of its own in its settings.
 */
const FAULTS: ReadonlyMap<number, StatusFault> = new Map<number, StatusFault>([
  ...each('throttled', S.ESME_RTHROTTLED, S.ESME_RMSGQFUL),
  ...each('temporary', S.ESME_RSYSERR, S.ESME_RX_T_APPN, S.ESME_RSUBMITFAIL, S.ESME_RUNKNOWNERR),
  // Of the session, which is bound again.
  ...each('temporary', S.ESME_RINVBNDSTS, S.ESME_RALYBND),
  ...each('recipient', S.ESME_RINVDSTADR, S.ESME_RINVDSTTON, S.ESME_RINVDSTNPI),
  ...each('account', S.ESME_RBINDFAIL, S.ESME_RINVPASWD, S.ESME_RINVSYSID, S.ESME_RINVSYSTYP),
  ...each('account', S.ESME_RINVSRCADR, S.ESME_RINVSRCTON, S.ESME_RINVSRCNPI, S.ESME_RINVSERTYP),
]);

function each(fault: StatusFault, ...statuses: readonly number[]): [number, StatusFault][] {
  return statuses.map((status) => [status, fault]);
}

/** Statuses as this centre means them. */
export type FaultOf = (status: number) => StatusFault;

/** What no table has is about this message: another provider may take it. */
export function faultsOf(own: Readonly<Record<string, StatusFault>>): FaultOf {
  const table = new Map(Object.entries(own).map(([code, fault]) => [Number(code), fault]));
  return (status) => table.get(status) ?? FAULTS.get(status) ?? 'message';
}

/** The outcome of a refusal. */
export function refusalOf(status: number, faultOf: FaultOf, pausedMs: number): SmsOutcome {
  const fault = faultOf(status);
  const reason = reasonOf(status);
  if (fault === 'unknown') return { outcome: 'unknown', reason };
  return {
    ...{ outcome: 'not_sent', fault, reason },
    ...(fault === 'throttled' && pausedMs > 0 ? { retryAfterMs: pausedMs } : {}),
  };
}

/** `smpp_rthrottled`, or `smpp_0x00000401` where the specification has no name. */
export function reasonOf(status: number): string {
  return `smpp_${statusName(status).replace('ESME_', '').toLowerCase()}`;
}
