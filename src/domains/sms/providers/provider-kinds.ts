import type { Static, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import type { Clock } from '#clock';
import type { FieldFault } from '#errors';
import type { Log } from '#log';
import type { SmsProvider } from '#sms/provider';
import type { HttpContract } from './contract.ts';
import { fail } from './errors.ts';
import { ExolveSecrets, ExolveSettings, exolve } from './exolve.ts';
import { genericHttp } from './generic-http.ts';
import { GenericSecrets, GenericSettings } from './generic-settings.ts';
import { createHttpProvider } from './http-provider.ts';
import { GivenSmppSettings, SmppSecrets } from './smpp/settings.ts';
import { createSmppProvider } from './smpp.ts';
import { SmsAeroSecrets, SmsAeroSettings, smsAero } from './sms-aero.ts';
import { SmsRuSecrets, SmsRuSettings, smsRu } from './sms-ru.ts';
import { SmscSecrets, SmscSettings, smsc } from './smsc.ts';
import { TwilioSecrets, TwilioSettings, twilio } from './twilio.ts';

/** What a provider of some kind is made of. `settings` may be shown, `secrets` never. */
export interface ProviderOptions {
  /** As the house knows it: topics, logs and metrics carry it. */
  readonly name: string;
  readonly settings: unknown;
  readonly secrets: unknown;
  readonly clock: Clock;
  /** Told by those that hold a session when it comes and goes. */
  readonly log?: Log;
  /** The public address, scheme and host and path, to which this provider sends what it has to tell; undefined: nowhere. */
  readonly callbackUrl?: string;
}

export interface ProviderKind {
  readonly title: string;
  /** Under `docs/`. */
  readonly page: string;
  readonly settings: TSchema;
  readonly secrets: TSchema;
  /** Throws `provider_settings_invalid`, naming each field. */
  create(options: ProviderOptions): SmsProvider;
}

interface KindOf<Settings extends TSchema, Secrets extends TSchema> {
  readonly title: string;
  readonly page: string;
  readonly settings: Settings;
  readonly secrets: Secrets;
  readonly contract: HttpContract<Static<Settings>, Static<Secrets>>;
}

interface CommonSettings {
  readonly base_url?: string;
  readonly timeout_ms?: number;
  readonly connections?: number;
  readonly plain_http?: boolean;
}

const TIMEOUT_MS = 10_000;
const CONNECTIONS = 64;

function defineKind<Settings extends TSchema, Secrets extends TSchema>(
  kind: KindOf<Settings, Secrets>,
): ProviderKind {
  const readSettings = createReader(kind.settings, 'settings');
  const readSecrets = createReader(kind.secrets, 'secrets');
  return {
    ...{ title: kind.title, page: kind.page, settings: kind.settings, secrets: kind.secrets },
    create(options) {
      const account = {
        settings: readSettings(options.settings),
        secrets: readSecrets(options.secrets),
        callbackUrl: options.callbackUrl,
      };
      const faults = kind.contract.check?.(account) ?? [];
      if (faults.length > 0) throw settingsInvalid(faults);
      const common = account.settings as CommonSettings;
      if (!common.plain_http) requireTls(kind.contract.baseUrl(account));
      return createHttpProvider(kind.contract, account, {
        ...{ name: options.name, clock: options.clock },
        timeoutMs: common.timeout_ms ?? TIMEOUT_MS,
        connections: common.connections ?? CONNECTIONS,
      });
    },
  };
}

function createReader<Schema extends TSchema>(schema: Schema, part: string) {
  const validator = Compile(schema);
  return (value: unknown): Static<Schema> => {
    if (validator.Check(value)) return value as Static<Schema>;
    const faults = [...validator.Errors(value)].slice(0, 20).map((error) => ({
      field: part + error.instancePath.replaceAll('/', '.'),
      message: error.message,
    }));
    throw settingsInvalid(faults);
  };
}

/** A password must not travel in the open: there is no falling back to http, as some official clients do. */
function requireTls(baseUrl: string): void {
  const { hostname, protocol } = new URL(baseUrl);
  const here = ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
  if (protocol === 'https:' || here) return;
  throw settingsInvalid([
    {
      field: 'settings.base_url',
      message: 'begins with https://, or plain_http allows it to travel in the open',
    },
  ]);
}

function settingsInvalid(faults: readonly FieldFault[]) {
  const [first] = faults;
  return fail(
    'provider_settings_invalid',
    `The provider can't be used as it is set: ${first?.field ?? 'settings'} ${first?.message ?? ''}.`,
    { faults },
  );
}

function defineSmpp(): ProviderKind {
  const readSettings = createReader(GivenSmppSettings, 'settings');
  const readSecrets = createReader(SmppSecrets, 'secrets');
  return {
    ...{ title: 'SMPP 3.4', page: 'providers/smpp.md' },
    ...{ settings: GivenSmppSettings, secrets: SmppSecrets },
    create: ({ secrets, settings, ...options }) =>
      createSmppProvider({
        ...options,
        settings: readSettings(settings),
        secrets: readSecrets(secrets),
      }),
  };
}

/** Every kind of provider, by the name that the API knows. */
export const providerKinds: Readonly<Record<string, ProviderKind>> = {
  smsc: defineKind({
    ...{ title: 'SMSC.ru', page: 'providers/smsc.md', contract: smsc },
    ...{ settings: SmscSettings, secrets: SmscSecrets },
  }),
  sms_aero: defineKind({
    ...{ title: 'SMS Aero', page: 'providers/sms-aero.md', contract: smsAero },
    ...{ settings: SmsAeroSettings, secrets: SmsAeroSecrets },
  }),
  sms_ru: defineKind({
    ...{ title: 'sms.ru', page: 'providers/sms-ru.md', contract: smsRu },
    ...{ settings: SmsRuSettings, secrets: SmsRuSecrets },
  }),
  exolve: defineKind({
    ...{ title: 'MTS Exolve', page: 'providers/exolve.md', contract: exolve },
    ...{ settings: ExolveSettings, secrets: ExolveSecrets },
  }),
  twilio: defineKind({
    ...{ title: 'Twilio', page: 'providers/twilio.md', contract: twilio },
    ...{ settings: TwilioSettings, secrets: TwilioSecrets },
  }),
  generic_http: defineKind({
    ...{ title: 'Any other over HTTP', page: 'providers/generic-http.md', contract: genericHttp },
    ...{ settings: GenericSettings, secrets: GenericSecrets },
  }),
  smpp: defineSmpp(),
};

/** Makes a provider. Throws `provider_kind_unknown` or `provider_settings_invalid`, naming each field. */
export function createSmsProvider(kind: string, options: ProviderOptions): SmsProvider {
  return kindOf(kind).create(options);
}

/** Throws `provider_kind_unknown`. */
export function kindOf(kind: string): ProviderKind {
  const found = Object.hasOwn(providerKinds, kind) ? providerKinds[kind] : undefined;
  if (found) return found;
  const known = Object.keys(providerKinds).join(', ');
  throw fail(
    'provider_kind_unknown',
    `There is no kind of provider ${kind}. There are: ${known}.`,
    {
      faults: [{ field: 'kind', message: `one of ${known}` }],
    },
  );
}
