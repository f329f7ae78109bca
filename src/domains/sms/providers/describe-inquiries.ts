import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ReportedState, SmsOrder, SmsProvider, SmsQuestion } from '#sms/provider';
import type { SmsFate } from './fates.ts';

/** What becomes of a message after it was accepted. */
export type SmsEnd = 'delivered' | 'undelivered' | 'expired' | 'rejected' | 'stuck';

export interface InquiriesUnderTest {
  /** A message that is accepted, and then ends so. */
  orderTo(end: SmsEnd): Promise<SmsOrder>;
  /** Nothing is on its way any more. */
  settle(): Promise<void>;
  /** How the contract tells each end. */
  readonly told: Readonly<Record<Exclude<SmsEnd, 'stuck'>, ReportedState>>;
  /** An id that it never gave. */
  readonly strangerId: string;
}

export interface AskedProvider {
  readonly provider: SmsProvider;
  readonly impatient?: SmsProvider;
  order(fate: SmsFate): Promise<SmsOrder>;
  inbox(order: SmsOrder): Promise<readonly string[]>;
}

function toQuestion(order: SmsOrder, providerMessageIds: readonly string[] = []): SmsQuestion {
  const { attempt, recipient, sender, sms } = order;
  return { sms, attempt, recipient, sender, providerMessageIds };
}

export function describeInquiries(tested: AskedProvider, inquiries: InquiriesUnderTest): void {
  const { provider } = tested;

  async function accept(order: SmsOrder): Promise<SmsQuestion> {
    const { result } = await provider.send(order);
    assert.ok(result.outcome === 'accepted', JSON.stringify(result));
    return toQuestion(order, result.providerMessageIds);
  }

  const ask = async (...questions: SmsQuestion[]) => (await provider.ask?.(questions)) ?? [];

  describeStates({ accept, ask, inquiries });
  describeUnknown(tested, { ask, inquiries });

  if (provider.capabilities.cancel) {
    test('what still waits is cancelled and never reaches the handset', async () => {
      const order = await inquiries.orderTo('stuck');
      const question = await accept(order);
      assert.equal(await provider.cancel?.(question), 'cancelled');
      assert.equal((await ask(question))[0]?.state, 'cancelled');
      assert.deepEqual(await tested.inbox(order), []);
    });

    test('what was delivered is too late to cancel, and what nobody knows is unknown', async () => {
      const order = await inquiries.orderTo('delivered');
      const question = await accept(order);
      await inquiries.settle();
      assert.equal(await provider.cancel?.(question), 'too_late');
      const never = await tested.order('sent');
      const stranger = toQuestion(never, [inquiries.strangerId]);
      assert.equal(await provider.cancel?.(stranger), 'unknown');
    });
  }

  if (provider.capabilities.balance) {
    test('what is left is told as the provider spells it', async () => {
      const left = await provider.balance?.();
      assert.match(left?.amount ?? '', /^-?\d+(\.\d+)?$/);
    });
  }
}

interface Talk {
  accept(order: SmsOrder): Promise<SmsQuestion>;
  ask(...questions: SmsQuestion[]): Promise<Awaited<ReturnType<NonNullable<SmsProvider['ask']>>>>;
  readonly inquiries: InquiriesUnderTest;
}

function describeStates({ accept, ask, inquiries }: Talk): void {
  for (const [end, state] of Object.entries(inquiries.told)) {
    test(`asked about a message that ends ${end} it says ${state}, whose it is`, async () => {
      const question = await accept(await inquiries.orderTo(end as SmsEnd));
      await inquiries.settle();
      const [report, ...others] = await ask(question);
      assert.deepEqual(
        [report?.state, report?.sms, report?.providerMessageId, others],
        [state, question.sms, question.providerMessageIds[0], []],
      );
    });
  }

  test('several are asked about at once, and each answer is of its own message', async () => {
    const ends = ['delivered', 'rejected', 'stuck', 'undelivered', 'delivered'] as const;
    const questions: SmsQuestion[] = [];
    for (const end of ends) questions.push(await accept(await inquiries.orderTo(end)));
    await inquiries.settle();
    const reports = await ask(...questions);
    const states = new Map(reports.map(({ sms, state }) => [sms, state]));
    const { told } = inquiries;
    for (const [place, question] of questions.entries()) {
      const end = ends[place] ?? 'stuck';
      if (end !== 'stuck') assert.equal(states.get(question.sms), told[end], end);
      else assert.ok(['accepted', 'sent'].includes(states.get(question.sms) ?? ''));
    }
  });
}

function describeUnknown(tested: AskedProvider, { ask, inquiries }: Omit<Talk, 'accept'>): void {
  const { provider } = tested;
  const { inquiry } = provider.capabilities;
  const impatient = tested.impatient ?? provider;

  test('of an id that it never gave it says that there is none', async () => {
    const order = await tested.order('sent');
    const [report] = await ask(toQuestion(order, [inquiries.strangerId]));
    assert.deepEqual([report?.state, report?.sms], ['not_found', order.sms]);
  });

  test('nothing is said where nobody listens any more', async () => {
    assert.deepEqual(await ask(), []);
  });

  if (inquiry === 'none') {
    test('without an id of its own there is nothing to ask by', async () => {
      const order = await tested.order('hang_after');
      assert.equal((await impatient.send(order)).result.outcome, 'unknown');
      assert.deepEqual(await ask(toQuestion(order)), []);
    });
    return;
  }

  for (const fate of ['hang_after', 'cut_after', 'hang_before', 'cut_before'] as const) {
    test(`asked by our id after ${fate} it tells whether the message has left`, async () => {
      const order = await tested.order(fate);
      assert.equal((await impatient.send(order)).result.outcome, 'unknown');
      await inquiries.settle();
      const [report] = await ask(toQuestion(order));
      const left = (await tested.inbox(order)).length > 0;
      assert.equal(report?.sms, order.sms);
      assert.equal(report?.state, left ? 'delivered' : 'not_found');
    });
  }

  test('another attempt of the same message is another one to ask about', async () => {
    const order = await tested.order('sent');
    assert.equal((await provider.send(order)).result.outcome, 'accepted');
    const [report] = await ask({ ...toQuestion(order), attempt: order.attempt + 1 });
    assert.equal(report?.state, 'not_found');
  });
}
