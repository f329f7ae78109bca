import { AmountMinor, apiRoute, type HttpApp, Instant, idempotentRoute, Type } from '#http';
import { parseAccountId } from '#ledger/account';
import type { CashFacts, Contract, Contracts } from '#ledger/contracts';

const Name = Type.String({ minLength: 1, maxLength: 100, pattern: '^[^\\u0000-\\u001f]*$' });
const BasisPoints = Type.Integer({
  ...{ minimum: 0, maximum: 10_000 },
  description: 'Hundredths of a per cent of what the customer paid.',
});
const ContractBody = Type.Object({
  service: Name,
  operator: Name,
  valid_from: Type.Optional(Instant),
  partners: Type.Array(Type.Object({ client_id: Name, basis_points: BasisPoints }), {
    maxItems: 20,
  }),
  operator_basis_points: BasisPoints,
  tax_basis_points: BasisPoints,
});
const ContractView = Type.Object({
  contract: Type.Integer(),
  service: Type.String(),
  operator: Type.String(),
  version: Type.Integer(),
  valid_from: Instant,
  shares: Type.Array(
    Type.Object({
      type: Type.String({ description: 'The account type that it is credited to.' }),
      client_id: Type.String(),
      basis_points: BasisPoints,
    }),
  ),
});
const Fact = Type.Object({
  fact: Type.String(),
  reference: Type.String({ description: 'The statement that brought the money.' }),
  amount_minor: AmountMinor,
});

/** Partner contracts, and cash payment facts for whoever pays out. */
export function registerContractRoutes(
  app: HttpApp,
  options: {
    readonly ledger: CashFacts & { readonly contracts: Contracts };
    readonly clock: { now(): Date };
  },
): void {
  const { clock, ledger } = options;
  apiRoute(app, {
    ...{ method: 'GET', url: '/v1/contracts', scope: 'ledger:read', tag: 'contracts' },
    summary: 'Partner contracts with all their versions, the newest first',
    schema: {
      querystring: Type.Object({ service: Type.Optional(Name), operator: Type.Optional(Name) }),
      response: Type.Object({ items: Type.Array(ContractView) }),
    },
    handler: async ({ query }) => ({ items: (await ledger.contracts.list(query)).map(toApi) }),
  });
  idempotentRoute(app, {
    ...{ url: '/v1/contracts', scope: 'ledger:write', tag: 'contracts', status: 201 },
    summary: 'Add the next version of a contract',
    description:
      'Charges that begin from `valid_from` on (now, unless told) are parted by it; what has begun keeps its version. ' +
      'What the shares leave is the platform’s.',
    schema: { body: ContractBody, response: ContractView },
    handler: async ({ body, tx }) => {
      const contract = await ledger.contracts.add(tx, {
        ...{ service: body.service, operator: body.operator },
        validFrom: body.valid_from === undefined ? clock.now() : new Date(body.valid_from),
        partners: body.partners.map((partner) => ({
          ...{ clientId: partner.client_id, basisPoints: partner.basis_points },
        })),
        ...{
          operatorBasisPoints: body.operator_basis_points,
          taxBasisPoints: body.tax_basis_points,
        },
      });
      return toApi(contract);
    },
  });
  registerCashRoutes(app, ledger);
}

function registerCashRoutes(app: HttpApp, ledger: CashFacts): void {
  apiRoute(app, {
    ...{ method: 'POST', url: '/v1/cash-facts/take', scope: 'ledger:write', tag: 'cash facts' },
    summary: 'Take cash payment facts of an account for a payout',
    description:
      'Oldest first, in all at most the amount. Asked again for the same holder it answers the same, so it needs no ' +
      'Idempotency-Key.',
    schema: {
      body: Type.Object({
        account: Type.String({ description: 'acc_…', maxLength: 30 }),
        holder: Name,
        amount_minor: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
      }),
      response: Type.Object({ facts: Type.Array(Fact) }),
    },
    handler: async ({ body }) => {
      const facts = await ledger.takeCash({
        ...{ account: parseAccountId(body.account, 'account'), holder: body.holder },
        amountMinor: BigInt(body.amount_minor),
      });
      return {
        facts: facts.map(({ amountMinor, fact, reference }) => ({
          ...{ fact, reference, amount_minor: amountMinor },
        })),
      };
    },
  });
  apiRoute(app, {
    ...{ method: 'POST', url: '/v1/cash-facts/return', scope: 'ledger:write', tag: 'cash facts' },
    summary: 'Give back what a payout had taken',
    description: 'Harmless when it is repeated, or nothing was taken.',
    schema: { body: Type.Object({ holder: Name }), response: Type.Object({ holder: Name }) },
    handler: async ({ body }) => {
      await ledger.returnCash(body.holder);
      return { holder: body.holder };
    },
  });
}

function toApi({ id, operator, service, shares, validFrom, version }: Contract) {
  return {
    ...{ contract: id, service, operator, version, valid_from: validFrom },
    shares: shares.map(({ basisPoints, clientId, type }) => ({
      ...{ type, client_id: clientId, basis_points: basisPoints },
    })),
  };
}
