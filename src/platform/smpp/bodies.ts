import type { CommandName } from './commands.ts';
import { ADDRESS_MOST, address, type BodyOf, byte, type Field, octets, text } from './fields.ts';

/** Longer than the specification allows (8): providers hand out longer ones, and their centres take them. */
const PASSWORD_MOST = 64;
const DATA_ADDRESS_MOST = 64;
const TIME_MOST = 16;
const MESSAGE_ID_MOST = 64;
/** More goes into the TLV `messagePayload`, with none here. */
export const SHORT_MESSAGE_MOST = 254;

const source = address('source', ADDRESS_MOST);
const destination = address('destination', ADDRESS_MOST);
const times = [text('scheduleDeliveryTime', TIME_MOST), text('validityPeriod', TIME_MOST)] as const;
const content = [
  byte('defaultMessageId'),
  octets('shortMessage', SHORT_MESSAGE_MOST),
] as const satisfies Field[];

const bind = [
  text('systemId', 15),
  text('password', PASSWORD_MOST),
  text('systemType', 12),
  byte('interfaceVersion'),
  ...address('address', 40),
] as const;

const manner = [
  ...[byte('esmClass'), byte('protocolId'), byte('priority'), ...times],
  ...[byte('registeredDelivery'), byte('replaceIfPresent'), byte('dataCoding'), ...content],
] as const;

const message = [text('serviceType', 5), ...source, ...destination, ...manner] as const;

const data = [
  text('serviceType', 5),
  ...address('source', DATA_ADDRESS_MOST),
  ...address('destination', DATA_ADDRESS_MOST),
  byte('esmClass'),
  byte('registeredDelivery'),
  byte('dataCoding'),
] as const;

const systemId = [text('systemId', 15)] as const;
const messageId = [text('messageId', MESSAGE_ID_MOST)] as const;
const nothing = [] as const;

/** SMPP 3.4, §4: the fields of every command, in their order on the wire. */
export const BODIES = {
  bind_receiver: bind,
  bind_transmitter: bind,
  bind_transceiver: bind,
  bind_receiver_resp: systemId,
  bind_transmitter_resp: systemId,
  bind_transceiver_resp: systemId,
  outbind: [text('systemId', 15), text('password', PASSWORD_MOST)],
  unbind: nothing,
  unbind_resp: nothing,
  enquire_link: nothing,
  enquire_link_resp: nothing,
  generic_nack: nothing,
  submit_sm: message,
  submit_sm_resp: messageId,
  deliver_sm: message,
  deliver_sm_resp: messageId,
  data_sm: data,
  data_sm_resp: messageId,
  submit_multi: [
    ...[text('serviceType', 5), ...source],
    { name: 'destinations', kind: 'destinations', most: 255 },
    ...manner,
  ],
  submit_multi_resp: [...messageId, { name: 'refusals', kind: 'refusals', most: 255 }],
  query_sm: [...messageId, ...source],
  query_sm_resp: [
    ...[...messageId, text('finalDate', TIME_MOST)],
    ...[byte('messageState'), byte('errorCode')],
  ],
  cancel_sm: [text('serviceType', 5), ...messageId, ...source, ...destination],
  cancel_sm_resp: nothing,
  replace_sm: [...messageId, ...source, ...times, byte('registeredDelivery'), ...content],
  replace_sm_resp: nothing,
  alert_notification: [
    ...address('source', DATA_ADDRESS_MOST),
    ...address('esme', DATA_ADDRESS_MOST),
  ],
} as const satisfies Record<CommandName, readonly Field[]>;

export type Bodies = { readonly [Name in CommandName]: BodyOf<(typeof BODIES)[Name]> };
