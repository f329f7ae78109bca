import type { TObject, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import type { FieldFault } from '#errors';
import type { CardGateway } from '#payments/card-gateway';
import type { GatewayKind, OpenAccount } from './account.ts';
import { fail } from './errors.ts';

/** How gateways of one kind are set and made. */
export interface GatewayMaker {
  /** May be shown. An object that takes no members but those it names. */
  readonly settings: TObject;
  /** Never shown. The same. */
  readonly secrets: TObject;
  /** Throws an `AppError` of kind `invalid`, naming each field, for what the schemas can't tell. */
  readonly make: (account: OpenAccount) => CardGateway;
}

/** The kinds that there are adapters for. */
export type GatewayMakers = Readonly<Partial<Record<GatewayKind, GatewayMaker>>>;

const FAULTS_SHOWN = 20;

/** Throws `gateway_kind_unknown`. */
export function makerOf(makers: GatewayMakers, kind: string): GatewayMaker {
  const found = Object.hasOwn(makers, kind) ? makers[kind as GatewayKind] : undefined;
  if (found) return found;
  const known = Object.keys(makers).join(', ');
  throw fail('gateway_kind_unknown', `There is no kind of gateway ${kind}. There are: ${known}.`, {
    faults: [{ field: 'kind', message: `must be one of ${known}` }],
  });
}

/** Throws `gateway_account_invalid`, naming each field and never what stood there. */
export function mustFit(maker: GatewayMaker, given: Pick<OpenAccount, 'settings' | 'secrets'>) {
  const faults = (['settings', 'secrets'] as const).flatMap((part) =>
    faultsOf(maker[part], given[part], part),
  );
  if (faults.length > 0) throw accountInvalid(faults);
}

function faultsOf(schema: TSchema, value: unknown, part: string): readonly FieldFault[] {
  const validator = Compile(schema);
  if (validator.Check(value)) return [];
  return [...validator.Errors(value)].slice(0, FAULTS_SHOWN).map(({ instancePath, ...error }) => {
    const params = error.params as {
      readonly requiredProperties?: readonly string[];
      readonly additionalProperties?: readonly string[];
    };
    const [missing] = params.requiredProperties ?? [];
    const [foreign] = params.additionalProperties ?? [];
    const path = [part, ...instancePath.split('/').slice(1), missing ?? foreign];
    const field = path.filter((word) => word !== undefined).join('.');
    if (missing !== undefined) return { field, message: 'is required' };
    if (foreign !== undefined) return { field, message: 'is not a known field' };
    return { field, message: error.message };
  });
}

export function accountInvalid(faults: readonly FieldFault[]) {
  const [first] = faults;
  const said = `${first?.field ?? 'settings'} ${first?.message ?? ''}`.trim();
  return fail('gateway_account_invalid', `The account can't be kept as it is: ${said}.`, {
    faults,
  });
}
