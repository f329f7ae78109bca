/** Who a file belongs to: the unit that has the door, and the layer whose order binds it. */
export interface Owner {
  /** `src/platform/bus`, `src/domains/ledger`, `simulators/operator`, `src` (what wires), `scripts`, … */
  readonly unit: string;
  readonly place: 'platform' | 'domain' | 'app' | 'simulator' | 'outside';
}

/**
 * The order of the domains, lowest first: a domain imports only from lines above its own, never from its own
 * line. The platform lies below all of them, the app above.
 */
export const LAYERS: readonly (readonly string[])[] = [
  ['operators', 'ledger', 'rules'],
  ['sms', 'payments'],
  ['subscriptions'],
  ['content', 'acquisition', 'payouts'],
  ['reports'],
  ['staff'],
];

/** Rooms of domains that others may enter too. All others are their own domain's alone: what else is offered, its `index.ts` says. */
export const OPEN_ROOMS: readonly string[] = [
  'src/domains/payments/intake',
  'src/domains/payments/stand',
  'src/domains/rules/decision',
  'src/domains/rules/laws',
  'src/domains/rules/local-time',
  'src/domains/subscriptions/dunning',
  'src/domains/subscriptions/intake',
  'src/domains/subscriptions/pages',
  'src/domains/subscriptions/pricing',
  'src/domains/subscriptions/speech',
];

export const DOMAINS: readonly string[] = LAYERS.flat();

export function ownerOf(path: string): Owner {
  const [first = '', second = '', third = ''] = path.split('/');
  if (first === 'src' && second === 'platform') {
    return { unit: `src/platform/${third}`, place: 'platform' };
  }
  if (first === 'src' && second === 'domains') {
    return { unit: `src/domains/${third}`, place: 'domain' };
  }
  if (first === 'src') return { unit: 'src', place: 'app' };
  if (first === 'simulators') return { unit: `simulators/${second}`, place: 'simulator' };
  return { unit: first, place: 'outside' };
}

/** 0 for the platform, 1 to n for domains, then the app. Undefined for a domain that the order lacks. */
export function layerOf(owner: Owner): number | undefined {
  if (owner.place === 'platform') return 0;
  if (owner.place === 'app') return LAYERS.length + 1;
  const name = owner.unit.split('/').at(-1) ?? '';
  const index = LAYERS.findIndex((layer) => layer.includes(name));
  return index < 0 ? undefined : index + 1;
}
