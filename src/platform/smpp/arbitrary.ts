import fc from 'fast-check';
import { BODIES } from './bodies.ts';
import { COMMANDS, type CommandName } from './commands.ts';
import type { Field, FieldKind } from './fields.ts';
import { type AnyPdu, type Outgoing, SEQUENCE_MOST } from './pdu.ts';
import { TLVS } from './tlvs.ts';

const latin1 = (most: number) =>
  fc.string({
    maxLength: most,
    unit: fc.integer({ min: 1, max: 255 }).map((code) => String.fromCharCode(code)),
  });
const someByte = fc.integer({ min: 0, max: 255 });
const someOctets = (most: number) =>
  fc.uint8Array({ maxLength: most }).map((octets) => Buffer.from(octets));
const someAddress = fc.record(
  { ton: someByte, npi: someByte, address: latin1(20) },
  { noNullPrototype: true },
);
const someDestination = fc.oneof(
  someAddress,
  fc.record({ list: latin1(20) }, { noNullPrototype: true }),
);
const someRefusal = fc
  .tuple(someAddress, fc.nat(0xffffffff))
  .map(([receiver, status]) => ({ ...receiver, status }));

const VALUES: Readonly<Record<FieldKind, (most: number) => fc.Arbitrary<unknown>>> = {
  byte: () => someByte,
  text: latin1,
  octets: someOctets,
  destinations: () => fc.array(someDestination, { maxLength: 5 }),
  refusals: () => fc.array(someRefusal, { maxLength: 5 }),
};

const TLV_VALUES = {
  byte: someByte,
  pair: fc.nat(0xffff),
  quad: fc.nat(0xffffffff),
  text: latin1(30),
  octets: someOctets(300),
  flag: fc.constant(true),
} as const;

const KNOWN_TAGS: ReadonlySet<number> = new Set(Object.values(TLVS).map(({ tag }) => tag));
const someOthers = fc.array(
  fc.record(
    {
      tag: fc.nat(0xffff).filter((tag) => !KNOWN_TAGS.has(tag)),
      value: someOctets(40),
    },
    { noNullPrototype: true },
  ),
  { minLength: 1, maxLength: 3 },
);

const someTlvs = fc.record(
  {
    ...Object.fromEntries(Object.entries(TLVS).map(([name, { kind }]) => [name, TLV_VALUES[kind]])),
    others: someOthers,
  },
  { requiredKeys: [], noNullPrototype: true },
);

function someBody(command: CommandName): fc.Arbitrary<Record<string, unknown>> {
  const fields: readonly Field[] = BODIES[command];
  return fc.record(
    Object.fromEntries(fields.map(({ kind, most, name }) => [name, VALUES[kind](most)])),
    { noNullPrototype: true },
  );
}

/** Any PDU that the protocol can carry, for tests. */
export const somePdu: fc.Arbitrary<Outgoing<CommandName> & AnyPdu> = fc
  .constantFrom(...(Object.keys(COMMANDS) as CommandName[]))
  .chain((command) =>
    fc.record(
      {
        command: fc.constant(command),
        status: fc.nat(0xffffffff),
        sequence: fc.integer({ min: 1, max: SEQUENCE_MOST }),
        body: someBody(command),
        tlvs: someTlvs,
      },
      { noNullPrototype: true },
    ),
  ) as unknown as fc.Arbitrary<Outgoing<CommandName> & AnyPdu>;
