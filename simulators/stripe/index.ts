import {
  createGatewayServer,
  type GatewayLog,
  GatewaySimulator,
  type Served,
  serve,
} from '#simulators/kit';
import { readStripeCall } from './api.ts';
import { dispute } from './disputes.ts';
import { finishPayment } from './finish-payment.ts';
import { hostedRoutes } from './hosted.ts';
import { cancel } from './payment-intents.ts';
import { failRefund, finishRefund } from './refunds.ts';
import { readers, type StripeSettings, standardSettings } from './settings.ts';
import { signatureOf } from './signature.ts';
import { Stripe } from './stripe.ts';

export type { StripeSettings } from './settings.ts';

export interface StripeSimulatorOptions {
  /** 0: any free port. */
  readonly port: number;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Where the journal stands; made if absent. One running simulator per folder. */
  readonly folder: string;
  /** Where events are posted; absent: nowhere. */
  readonly webhookUrl?: string;
  /** Default 1. The same seed and the same calls meet the same fates. */
  readonly seed?: number;
  readonly settings?: Partial<StripeSettings>;
  readonly log?: GatewayLog;
}

export type StripeSimulator = Served;

/** Stripe's API with a book of what was really paid; README.md beside this file is its contract. */
export async function startStripeSimulator(
  options: StripeSimulatorOptions,
): Promise<StripeSimulator> {
  const { folder, host = '127.0.0.1', log = () => undefined, port, seed = 1 } = options;
  const noticeUrl = options.webhookUrl ?? '';
  const gateway: GatewaySimulator<StripeSettings> = new GatewaySimulator<StripeSettings>({
    ...{ name: 'stripe', folder, seed, readers, log },
    settings: { ...standardSettings, noticeUrl, ...options.settings },
    notices: {
      settings: () => gateway.settings,
      headersOf: (body) => ({ 'stripe-signature': sign(gateway, body) }),
    },
  });
  const stripe = new Stripe(gateway);
  wireSchedule(stripe);
  gateway.start();
  const api = readStripeCall(stripe);
  const server = createGatewayServer({ gateway, api, routes: hostedRoutes(stripe) });
  return serve({ server, port, host, end: () => gateway.close() });
}

/** By the machine's own clock: the merchant compares it with his. */
function sign({ settings }: GatewaySimulator<StripeSettings>, body: string): string {
  const secrets = settings.webhookSecret.split(',');
  return signatureOf(body, secrets, Math.floor(Date.now() / 1000));
}

function wireSchedule(stripe: Stripe): void {
  const { schedule } = stripe.gateway;
  const alone = (action: (target: string) => void) => (target: string) => {
    stripe.context = undefined;
    action(target);
  };
  schedule.on(
    'expire',
    alone((id) => {
      const intent = stripe.intents.need(id);
      if (intent.status === 'requires_capture') cancel(stripe, intent, 'automatic');
    }),
  );
  schedule.on(
    'decide',
    alone((id) => finishPayment(stripe, id)),
  );
  schedule.on(
    'refund',
    alone((id) => finishRefund(stripe, id)),
  );
  schedule.on(
    'fail',
    alone((id) => failRefund(stripe, id)),
  );
  schedule.on(
    'dispute',
    alone((id) => {
      const made = stripe.charges.need(id);
      const reason = stripe.disputeReasonOf(made.payment_method);
      if (!made.disputed && reason !== undefined) dispute(stripe, made, reason);
    }),
  );
}
