import { accountId } from '#ledger/account';
import {
  findBlockFaults,
  findLineFaults,
  findMisplaced,
  findUnbalanced,
  type LineFault,
  type MisplacedTransfer,
  type TransferShare,
} from './verify-store.ts';
import type { Verifying } from './verifying.ts';

const BLOCKS_AT_ONCE = 20n;

/** Each transfer: its lines sum to zero, its entries are its lines, and it stands in the chain or waits for it. */
export async function verifyTransfers(verifying: Verifying, parts: number): Promise<void> {
  const { account, find, size, step, tx } = verifying;
  for (let part = 0; part < parts; part += 1) {
    const share: TransferShare = { part, parts, account };
    for (const fault of await findLineFaults(tx, share)) find('transfer_differs', tellLines(fault));
    if (account === null) {
      for (const { currency, id, sum } of await findUnbalanced(tx, share)) {
        const why =
          currency === null ? 'has no lines that can be read' : `sums to ${sum} ${currency}`;
        find('transfer_unbalanced', `Transfer ${id} ${why}, and must sum to zero.`);
      }
      for (const misplaced of await findMisplaced(tx, share))
        find('transfer_not_sealed_once', tellPlace(misplaced));
    }
    step('transfers', Math.ceil(Number(size.entries) / parts));
  }
}

function tellLines({ account_id: id, entries, lines, transfer_id: transfer }: LineFault): string {
  const name = `Transfer ${transfer}`;
  const account = `account ${accountId(id)}`;
  if (entries === null)
    return `${name} moves ${lines?.join(', ')} on ${account}, which has no entry of it.`;
  if (lines === null)
    return `${name} has no line for ${account}, which has an entry of ${entries.join(', ')} for it.`;
  if (entries.join() === lines.join())
    return `${name} was booked at another time than its entry of ${account}.`;
  return `${name} moves ${lines.join(', ')} on ${account}, whose entries of it are ${entries.join(', ')}.`;
}

function tellPlace({ id, places, there }: MisplacedTransfer): string {
  if (!there) return `Transfer ${id} is sealed or waits to be, and is not there.`;
  return places === 0n
    ? `Transfer ${id} stands in no block, and does not wait for one.`
    : `Transfer ${id} stands in the chain ${places} times.`;
}

/** Each block against its transfers and the block before it. */
export async function verifyChain({ find, size, step, tx }: Verifying): Promise<void> {
  for (let after = 0n; after < size.blocks; after += BLOCKS_AT_ONCE) {
    const faults = await findBlockFaults(tx, { after, until: after + BLOCKS_AT_ONCE });
    for (const { follows, number, right_hash, right_previous, transfers } of faults) {
      const name = `Block ${number}`;
      if (!follows)
        find('block_missing', `Block ${number - 1n} is missing before block ${number}.`);
      else if (!right_previous)
        find(
          'block_differs',
          `${name} does not continue the block before it: one of them was changed.`,
        );
      if (!right_hash)
        find(
          'block_differs',
          `${name} has another hash than its ${transfers} transfers give: it or one of them was changed.`,
        );
    }
    step('blocks', Number(BLOCKS_AT_ONCE));
  }
}
