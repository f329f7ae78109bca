import { type Batcher, createBatcher } from '#batch';
import { apiRoute, type HttpApp, type Static, Type } from '#http';
import type { Ledger } from '#ledger/create-ledger';
import { fail } from '#ledger/errors';
import { refusalOf } from '#ledger/refusal';
import type { Transfer, TransferView } from '#ledger/transfers';
import {
  findAccounts,
  Kind,
  LineInput,
  Metadata,
  placesOfLines,
  readLines,
  TransferAnswer,
  transferToApi,
  Uuid,
  Words,
} from './http-schemas.ts';

const TRANSFERS_MAX = 1000;
const LINES_MAX = 100;
/** A thousand transfers of four lines with some metadata. */
const BYTES_MAX = 2 * 1024 * 1024;
const READ = { scope: 'ledger:read', tag: 'ledger' } as const;
const WRITE = { scope: 'ledger:write', tag: 'ledger' } as const;

const TransferInput = Type.Object({
  id: Uuid(
    'Made by you and kept before you ask, best of version 7: asked again it is the same transfer.',
  ),
  kind: Kind,
  reference: Words(200),
  lines: Type.Array(LineInput, { minItems: 2, maxItems: LINES_MAX }),
  fact: Type.Optional(
    Type.Boolean({
      description:
        'It has happened outside: what it takes beyond zero becomes debt, where the account type has one.',
    }),
  ),
  up_to: Type.Optional(
    Type.Boolean({
      description:
        'Moves the smaller of the amount and of what there is; refused where there is nothing.',
    }),
  ),
  reverses: Type.Optional(Uuid('The transfer that it takes back, once.')),
  metadata: Type.Optional(Metadata),
});

const Params = Type.Object({ id: Uuid('The id of the transfer.') });

export function registerTransferRoutes(app: HttpApp, ledger: Ledger): void {
  const reader = createReader(ledger);
  apiRoute(app, {
    ...{ ...WRITE, method: 'POST', url: '/v1/transfers' },
    summary: 'Post transfers: all of them, or none',
    description:
      'Each transfer moves money between accounts and sums to zero in each currency. They are posted in their order and ' +
      'whole or not at all, and answered after the commit as they stand in the journal. Asked again with the same ids the ' +
      'same transfers are answered and nothing moves twice, so it needs no `Idempotency-Key`; another body under one of ' +
      'the ids is a conflict.',
    bodyBytesMax: BYTES_MAX,
    schema: {
      body: Type.Object({
        transfers: Type.Array(TransferInput, { minItems: 1, maxItems: TRANSFERS_MAX }),
      }),
      response: Type.Object({ transfers: Type.Array(TransferAnswer) }),
    },
    handler: async ({ body }) => ({
      transfers: await postAndRead(ledger, reader, await readTransfers(ledger, body.transfers)),
    }),
  });
  apiRoute(app, {
    ...{ ...READ, method: 'GET', url: '/v1/transfers/:id' },
    summary: 'A transfer as it stands in the journal',
    schema: { params: Params, response: TransferAnswer },
    handler: async ({ params }) => {
      const [view] = await ledger.transfers([params.id]);
      if (!view) throw fail('transfer_unknown', `There is no transfer ${params.id}.`);
      return transferToApi(view);
    },
  });
  apiRoute(app, {
    ...{ ...WRITE, method: 'POST', url: '/v1/transfers/:id/reverse' },
    summary: 'Take a transfer back: the same lines the other way round',
    description:
      'Once for each transfer. The id of the transfer that takes it back makes a repetition harmless, so it needs no ' +
      '`Idempotency-Key`. What is not there any more refuses it, unless it is a `fact`.',
    schema: {
      params: Params,
      body: Type.Object({
        id: TransferInput.properties.id,
        kind: Type.Optional(Kind),
        reference: Type.Optional(Words(200)),
        fact: TransferInput.properties.fact,
        metadata: TransferInput.properties.metadata,
      }),
      response: TransferAnswer,
    },
    handler: async ({ body, params }) => {
      const posting = await ledger.reverse({ ...body, transfer: params.id });
      if (posting.outcome === 'refused') throw refusalOf(posting, '');
      const [view] = await ledger.transfers([body.id]);
      if (!view) throw fail('transfer_unknown', `There is no transfer ${body.id}.`);
      return transferToApi(view);
    },
  });
}

type Given = Static<typeof TransferInput>;

async function readTransfers(
  ledger: Ledger,
  given: readonly Given[],
): Promise<readonly Transfer[]> {
  await mustBeThere(ledger, given);
  const accountOf = await findAccounts(
    ledger,
    given.flatMap(({ lines }, at) => placesOfLines(lines, `transfers.${at}.`)),
  );
  return given.map((one, at) => {
    const { fact, id, kind, metadata, reference, reverses, up_to: upTo } = one;
    return {
      ...{ id, kind, reference, lines: readLines(one.lines, `transfers.${at}.`, accountOf) },
      ...(fact ? { fact } : {}),
      ...(upTo ? { upTo } : {}),
      ...(reverses ? { reverses } : {}),
      ...(metadata ? { metadata } : {}),
    };
  });
}

/** What is reversed stands in the journal, or before it in the same request. */
async function mustBeThere(ledger: Ledger, given: readonly Given[]): Promise<void> {
  const reversed = given.flatMap(({ reverses }) => reverses ?? []);
  if (reversed.length === 0) return;
  const there = new Set((await ledger.transfers(reversed)).map(({ id }) => id));
  for (const [at, { id, reverses }] of given.entries()) {
    if (reverses !== undefined && !there.has(reverses)) {
      const field = `transfers.${at}.reverses`;
      const message = `there is no transfer ${reverses}`;
      throw fail('transfer_unknown', `${field}: ${message}.`, { faults: [{ field, message }] });
    }
    there.add(id);
  }
}

async function postAndRead(ledger: Ledger, reader: Reader, transfers: readonly Transfer[]) {
  const posting = await ledger.submit(transfers);
  if (posting.outcome === 'refused') {
    const at = transfers.findIndex(({ id }) => id === posting.transfer);
    throw refusalOf(posting, `transfers.${at}`);
  }
  return (await reader.add(transfers.map(({ id }) => id))).map(transferToApi);
}

type Reader = Batcher<readonly string[], readonly TransferView[]>;

/** Who shared a commit shares the reading of what was posted. */
function createReader(ledger: Ledger): Reader {
  return createBatcher({
    async flush(asked) {
      const views = await ledger.transfers(asked.flat());
      const viewOf = new Map(views.map((view) => [view.id, view]));
      return asked.map((ids) => ids.flatMap((id) => viewOf.get(id) ?? []));
    },
  });
}
