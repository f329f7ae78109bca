import {
  type Fields,
  Problem,
  readChoice,
  readFlag,
  readNumber,
  refuseUnknown,
} from '#simulators/kit';

/** How receipts are written: what centres make of appendix B of the specification. */
export const dialects = [
  'specification',
  'capitals',
  'reordered',
  'seconds',
  'short',
  'tlvs',
  'tlvs-and-text',
] as const;
export type DialectName = (typeof dialects)[number];

export const bases = ['same', 'hex-then-decimal', 'decimal-then-hex'] as const;

/** How this centre speaks SMPP, beside what all providers have in their settings. */
export interface Manners {
  readonly dialect: DialectName;
  /** The base of ids in answers, and then in receipts. */
  readonly ids: (typeof bases)[number];
  /** Submits without an answer at once; more are throttled. */
  readonly window: number;
  /** Deliveries without an answer at once. */
  readonly deliverWindow: number;
  /** It answers no enquire_link. */
  readonly deaf: boolean;
  readonly query: boolean;
  readonly cancel: boolean;
  /** It refuses every bind with this status; 0: none. */
  readonly bindStatus: number;
}

export const standardManners: Manners = {
  ...{ dialect: 'specification', ids: 'same', window: 1000, deliverWindow: 10 },
  ...{ deaf: false, query: true, cancel: true, bindStatus: 0 },
};

const windowMax = 100_000;
const statusMax = 0xffffffff;

/** Only what is named changes. */
export function changeManners(current: Manners, fields: Fields): Manners {
  refuseUnknown(fields, Object.keys(standardManners));
  const flag = (name: keyof Manners, now: boolean) =>
    fields[name] === undefined ? now : readFlag(fields[name], name);
  const number = (field: keyof Manners, now: number, max: number) =>
    fields[field] === undefined
      ? now
      : readNumber(fields[field], { field, min: field === 'bindStatus' ? 0 : 1, max });
  const { dialect, ids } = fields;
  return {
    dialect: dialect === undefined ? current.dialect : readChoice(dialect, dialects, 'dialect'),
    ids: ids === undefined ? current.ids : readChoice(ids, bases, 'ids'),
    window: number('window', current.window, windowMax),
    deliverWindow: number('deliverWindow', current.deliverWindow, windowMax),
    deaf: flag('deaf', current.deaf),
    query: flag('query', current.query),
    cancel: flag('cancel', current.cancel),
    bindStatus: number('bindStatus', current.bindStatus, statusMax),
  };
}

/** What can be done to all connections at once. */
export const actions = ['unbind', 'cut', 'nack', 'outbind', 'garbage'] as const;
export type Action = (typeof actions)[number];

export function readAction(value: unknown): Action {
  const name = actions.find((one) => one === value);
  if (name) return name;
  throw new Problem(400, `action is one of ${actions.join(', ')}`, 'action');
}
