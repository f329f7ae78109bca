import { type AppError, unreachable } from '#errors';
import { accountId } from './account.ts';
import { fail } from './errors.ts';
import type { HoldState, Reservation } from './holds/index.ts';
import type { Posting } from './transfers/index.ts';

type Refused = Extract<Posting, { readonly outcome: 'refused' }>;

/** The refusal of a set as an error of the API; `field` is where the transfer stands in the request. */
export function refusalOf({ account, reason, transfer }: Refused, field: string): AppError {
  switch (reason) {
    case 'below_zero': {
      const name = account === undefined ? 'an account' : accountId(account);
      const message = `would take ${name} below zero, or below what is set aside there`;
      return fail('balance_too_low', `Transfer ${transfer} ${message}. Nothing was posted.`, {
        ...{ faults: [{ field, message }], details: { transfer, account: name } },
      });
    }
    case 'conflict': {
      const message = 'is the id of another transfer';
      return fail('transfer_conflict', `${transfer} ${message}. Nothing was posted.`, {
        ...{ faults: [{ field: joined(field, 'id'), message }], details: { transfer } },
      });
    }
    case 'reversed': {
      const message = 'was reversed before, and can be once';
      return fail('transfer_reversed', `What ${transfer} reverses ${message}.`, {
        ...{ faults: [{ field: joined(field, 'reverses'), message }], details: { transfer } },
      });
    }
    default:
      return unreachable(reason);
  }
}

/** The refusal of one hold as an error of the API. */
export function holdRefusalOf({
  account,
  hold,
  reason,
}: Extract<Reservation, { readonly outcome: 'refused' }>): AppError {
  if (reason === 'conflict') {
    const message = 'is the id of another hold';
    return fail('hold_conflict', `${hold} ${message}.`, { faults: [{ field: 'id', message }] });
  }
  const name = account === undefined ? 'an account' : accountId(account);
  return fail('balance_too_low', `${name} has not enough to set aside.`, {
    ...{ faults: [{ field: 'parts', message: `${name} has not enough to set aside` }] },
    details: { hold, account: name },
  });
}

/** A hold that is over. */
export function endedError(hold: string, state: HoldState): AppError {
  const message = `The hold ${hold} is over: it was ${state}.`;
  return fail('hold_ended', message, { details: { hold, state } });
}

function joined(field: string, member: string): string {
  return field === '' ? member : `${field}.${member}`;
}
