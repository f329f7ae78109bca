import type { Sealer } from '#auth';
import { must } from '#errors';
import type { Operators } from '#operators';
import { createWebhooks, type Webhooks } from '#webhooks';
import { type Accounts, createAccounts } from './accounts/index.ts';
import { createSms, type Sms, type SmsOptions } from './create-sms.ts';
import type { SmsProvider } from './provider.ts';
import { createSmsProvider } from './providers/index.ts';
import { callbackUrlOf } from './reports/index.ts';
import { createRoutes } from './routes.ts';

/** The SMS service with the accounts and webhooks it stands on. */
export interface OpenedSms {
  readonly sms: Sms;
  readonly accounts: Accounts;
  readonly webhooks: Webhooks;
  close(): Promise<void>;
}

export type OpenSmsOptions = Omit<SmsOptions, 'routes' | 'webhooks'> & {
  readonly operators: Operators;
  /** Seals credentials and signing secrets. */
  readonly sealer: Sealer;
  /** Where providers reach us with what they have to tell. */
  readonly publicUrl: string;
};

export async function openSms(options: OpenSmsOptions): Promise<OpenedSms> {
  const { clock, publicUrl } = options;
  const webhooks = createWebhooks(options);
  let sms: Sms | undefined;
  const listen = (provider: SmsProvider) =>
    provider.listen?.(async (said) => {
      // What resolves is acknowledged: nothing may come before there is somebody to store it.
      must(sms, 'the SMS service is open before a provider is');
      await sms.hear(provider.name, said);
    });
  const accounts = await createAccounts({
    ...options,
    opened: listen,
    createProvider: (kind, account) =>
      createSmsProvider(kind, {
        ...account,
        clock,
        log: options.log,
        callbackUrl: callbackUrlOf(publicUrl, account.name),
      }),
  });
  const routes = createRoutes(options.operators, accounts);
  sms = createSms({ ...options, routes, webhooks });
  return {
    ...{ sms, accounts, webhooks },
    async close() {
      await sms.drain();
      await accounts.close();
    },
  };
}
