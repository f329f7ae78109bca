export { type Bodies, SHORT_MESSAGE_MOST } from './bodies.ts';
export {
  type BindName,
  Client as SmppClient,
  type ClientEvent as SmppClientEvent,
  type ClientOptions as SmppClientOptions,
  DEFAULT_PAUSES,
  type ReconnectPauses,
} from './client.ts';
export { COMMANDS, type CommandName, type RequestName } from './commands.ts';
export type { Destination, Refusal } from './fields.ts';
export { Frames } from './frames.ts';
export { type AnyPdu, type Decoded, decodePdu, encodePdu, type Outgoing, type Pdu } from './pdu.ts';
export type { Asking, NotSentReason, Reply, Request, UnknownReason } from './request.ts';
export { type ServerOptions as SmppServerOptions, SmppServer } from './server.ts';
export {
  type Answer,
  DEFAULT_LIMITS,
  Session as SmppSession,
  type SessionLimits,
} from './session.ts';
export { STATUSES, type StatusName, statusName } from './statuses.ts';
export { absoluteTime, RELATIVE_MOST_MS, readTime, relativeTime } from './time.ts';
export type { OtherTlv, Tlvs } from './tlvs.ts';
