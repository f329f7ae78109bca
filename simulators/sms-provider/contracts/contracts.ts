import type { SmsCentre } from '#simulators/sms-provider/centre';
import { type Call, type Contract, send } from './contract.ts';
import { exolve } from './exolve.ts';
import { genericHttp } from './generic-http.ts';
import { Posts } from './posts.ts';
import { smsAero } from './sms-aero.ts';
import { smsRu } from './sms-ru.ts';
import { smsc } from './smsc.ts';
import { twilio } from './twilio.ts';

export type { Call } from './contract.ts';

/** Each stands under its provider's name: `/smsc/sys/send.php`. */
const contracts: ReadonlyMap<string, Contract> = new Map(
  [smsc, smsAero, smsRu, exolve, twilio, genericHttp].map((one) => [one.provider, one]),
);

/** Lets all HTTP contracts tell receipts and incoming messages; returns what ends that. */
export function joinContracts(centre: SmsCentre): () => Promise<void> {
  const posts = new Posts(centre);
  for (const contract of contracts.values()) posts.join(contract);
  return () => posts.close();
}

/** Whether a path belongs to a contract; then it is, or will be, answered. */
export function answerContract(call: Call): boolean {
  const [, name = '', rest = ''] = /^\/([\w-]+)(\/.*)$/.exec(call.path) ?? [];
  const contract = contracts.get(name);
  if (!contract) return false;
  const reply = contract.answer({ ...call, path: rest });
  if (reply) send(call, reply);
  return true;
}
