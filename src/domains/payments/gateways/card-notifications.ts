import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AppError } from '#errors';
import type { GatewayNews, SavedCardOrder } from '#payments/card-gateway';
import {
  type CardGatewayUnderTest,
  type Heard,
  type NotificationsUnderTest,
  operationOf,
} from './card-under-test.ts';

/** What the gateway tells by itself. */
export function describeNotifications(
  tested: CardGatewayUnderTest,
  notifications: NotificationsUnderTest,
): void {
  describeNews(tested, notifications);
  describeRepetitions(tested, notifications);
  describeForgeries(tested, notifications);
}

function newsOf(heard: readonly Heard[]): readonly GatewayNews[] {
  return heard.flatMap(({ reading }) => reading.news);
}

function acceptedOf(heard: readonly Heard[]) {
  return newsOf(heard).flatMap((news) =>
    news.news === 'payment' && news.outcome.outcome === 'accepted' ? [news.outcome.facts] : [],
  );
}

async function charged(tested: CardGatewayUnderTest, order: SavedCardOrder): Promise<string> {
  const { result } = await tested.gateway.chargeSaved(order);
  assert.ok(result.outcome === 'accepted' || result.outcome === 'authorized', result.outcome);
  return result.facts.transaction;
}

function describeNews(tested: CardGatewayUnderTest, notifications: NotificationsUnderTest): void {
  const { gateway } = tested;

  test('an accepted charge is told, with what the answer told', async () => {
    const order = await tested.order();
    const transaction = await charged(tested, order);
    const heard = await notifications.heard(order.payment);
    const [facts] = acceptedOf(heard);
    assert.deepEqual(
      [facts?.transaction, facts?.payment, facts?.amountMinor, facts?.currency],
      [transaction, order.payment, order.amountMinor, order.currency],
    );
    const isHint = gateway.capabilities.notifications === 'hint';
    assert.ok(heard.some(({ reading }) => reading.isHint === isHint));
  });

  test('a charge that was declined is told as declined, or not at all', async () => {
    const [decline] = tested.declines;
    assert.ok(decline);
    const order = await decline.order();
    await gateway.chargeSaved(order);
    const heard = await notifications.heard(order.payment);
    assert.deepEqual(acceptedOf(heard), []);
    for (const news of newsOf(heard)) {
      if (news.news !== 'payment' || news.outcome.outcome !== 'declined') continue;
      assert.deepEqual([news.outcome.reason, news.outcome.class], [decline.reason, decline.class]);
    }
  });

  test('a refund is told with what it gave back of', async () => {
    const order = await tested.order();
    const transaction = await charged(tested, order);
    const refund = operationOf(order, transaction, 5_000n);
    const { result } = await gateway.refund(refund);
    assert.ok(result.outcome === 'accepted');
    const told = newsOf(await notifications.heard(order.payment)).find(
      (news) => news.news === 'refund' && news.state === 'accepted',
    );
    assert.ok(told?.news === 'refund');
    assert.deepEqual(
      [told.ofTransaction, told.facts.transaction, told.facts.payment, told.facts.amountMinor],
      [transaction, result.facts.transaction, refund.payment, 5_000n],
    );
  });

  test('what is reserved is told as reserved, and what is let go as let go', async (t) => {
    if (!gateway.capabilities.twoStage) return t.skip('it has one stage');
    const order = await tested.order({ twoStage: true });
    const transaction = await charged(tested, order);
    const reserved = await notifications.heard(order.payment);
    assert.ok(
      newsOf(reserved).some(
        (news) => news.news === 'payment' && news.outcome.outcome === 'authorized',
      ),
    );
    await gateway.void(operationOf(order, transaction));
    const news = newsOf(await notifications.heard(order.payment));
    assert.ok(news.some((one) => one.news === 'voided' && one.transaction === transaction));
    assert.ok(!news.some((one) => one.news === 'payment' && one.outcome.outcome === 'accepted'));
  });
}

function describeRepetitions(
  tested: CardGatewayUnderTest,
  notifications: NotificationsUnderTest,
): void {
  const { gateway } = tested;

  test('the same news again has the same key, and other news another', async () => {
    const order = await tested.order();
    await notifications.twice(order);
    const transaction = await charged(tested, order);
    const paid = await notifications.heard(order.payment);
    const keys = new Set(
      paid
        .filter(({ reading }) => acceptedOf([{ reading } as Heard]).length > 0)
        .map(({ reading }) => reading.dedupeKey),
    );
    assert.ok(paid.length >= 2, 'it came twice');
    assert.equal(keys.size, 1);
    await gateway.refund(operationOf(order, transaction, 100n));
    const all = await notifications.heard(order.payment);
    const refunds = all.filter(({ reading }) => reading.news.some(({ news }) => news === 'refund'));
    assert.ok(refunds.length > 0);
    for (const { reading } of refunds) assert.ok(!keys.has(reading.dedupeKey));
  });

  const { early } = notifications;
  if (early) {
    test('news that come before the answer tell what the answer tells', async () => {
      const order = await tested.order();
      await early(order);
      const { result } = await gateway.chargeSaved(order);
      assert.ok(result.outcome === 'accepted');
      const [facts] = acceptedOf(await notifications.heard(order.payment));
      assert.equal(facts?.transaction, result.facts.transaction);
    });
  }
}

function describeForgeries(
  tested: CardGatewayUnderTest,
  { forgeries, heard, stale }: NotificationsUnderTest,
): void {
  const { gateway } = tested;
  const read = gateway.readNotification;
  assert.ok(read);

  async function one(): Promise<Heard> {
    const order = await tested.order();
    await charged(tested, order);
    const found = (await heard(order.payment)).at(-1);
    assert.ok(found);
    return found;
  }

  test('what is not theirs is refused, and what is can be read again', async () => {
    const { notification, reading } = await one();
    for (const forgery of forgeries(notification)) {
      assert.throws(
        () => read(forgery),
        (error) => error instanceof AppError && error.kind === 'forbidden',
      );
    }
    assert.equal(read(notification).dedupeKey, reading.dedupeKey);
  });

  test('an oversized body is refused before it is looked at', async () => {
    const { notification } = await one();
    const body = Buffer.alloc(2_000_000, ' ');
    assert.throws(
      () => read({ ...notification, body }),
      (error) => error instanceof AppError && error.kind === 'too_large',
    );
  });

  if (stale) {
    test('what was recorded and is sent again much later is refused', async () => {
      const { notification } = await one();
      assert.throws(
        () => read(stale(notification)),
        (error) => error instanceof AppError && error.kind === 'forbidden',
      );
    });
  }

  test('no secret is in what is written of a notification that was refused', async () => {
    const { notification } = await one();
    const [forgery] = forgeries(notification);
    assert.ok(forgery);
    try {
      read(forgery);
    } catch (error) {
      for (const secret of tested.secrets) assert.ok(!String(error).includes(secret));
    }
  });

  test('the gateway is told that it has been heard', () => {
    const reply = gateway.acknowledgement?.();
    assert.equal(reply?.status, 200);
  });
}
