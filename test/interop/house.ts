import assert from 'node:assert/strict';
import { type Broker, type BrokerEngine, openBroker, type Stage, setStageOn } from '#chaos';
import { sql } from '#database';
import { eventually, type Lifetime, temporaryFolder, testDatabase } from '#testing';
import { answerOf, startKopek } from './program.ts';

/** A house whose bus is a broker of the test's own, so that its topics are nobody else's. */
export interface House {
  readonly broker: Broker;
  readonly stage: Stage;
  /** What a command of Kopek prints. */
  tell(...args: readonly string[]): Promise<string>;
}

const MO_GROUP = 'mobilink_mo → mt-manager';

export async function openHouse(life: Lifetime, broker: Broker): Promise<House> {
  const database = await testDatabase(life);
  const stage = await setStageOn(database, life, { settings: { BUS_URL: broker.url } });
  const env = {
    ...{ DATABASE_URL: database.url, BUS_URL: broker.url },
    KOPEK_DATA_DIR: await temporaryFolder(life),
  };
  return { broker, stage, tell: (...args) => answerOf(startKopek(life, args, env)) };
}

/** The broker of one test file. */
export function openOwnBroker(life: Lifetime, engine: BrokerEngine): Promise<Broker> {
  return openBroker(life, engine, () => {});
}

/** An SMS as an operator's own system would put it on the bus. */
export function stopFrom(phone: string, id: string): string {
  const at = new Date().toISOString();
  return JSON.stringify({
    ...{ id, operator: 'mobilink', msisdn: `+${phone}`, short_code: '7787', text: 'STOP', at },
  });
}

/** How often STOP was written down for a number. */
export async function countStops({ stage }: House, phone: string): Promise<number> {
  const { rows } = await sql<{ stops: number }>`
    select count(*)::int as stops from subscriptions.stop x
    join subscriptions.customer c on c.id = x.customer_id where c.msisdn = ${`+${phone}`}`.execute(
    stage.database.pool,
  );
  return rows[0]?.stops ?? 0;
}

/** Three messages that nobody can read are dead, with reasons; put back, they are dead again. */
export async function assertThreeDead(house: House, reasons: readonly RegExp[]): Promise<void> {
  const status = new RegExp(`${MO_GROUP} +(?:amqp|kafka) +0 +0 +3\\b`);
  const areDead = () =>
    eventually(async () => assert.match(await house.tell('bus', 'status'), status), {
      timeoutMs: 20_000,
    });
  await areDead();
  const told = await house.tell('redrive', 'mobilink_mo', '--dry-run');
  for (const reason of reasons) assert.match(told, reason);
  assert.match(await house.tell('redrive', 'mobilink_mo'), /^3 put back/);
  await areDead();
}
