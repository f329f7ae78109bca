export {
  type Bus,
  type BusCapabilities,
  type CarrierState,
  type ConsumeOptions,
  type Consumer,
  type DeadLetter,
  type Group,
  type Handler,
  type Message,
  type Outgoing,
  type Parcel,
  parcel,
  type QueueDepth,
  type Verdict,
} from './bus.ts';
export { type MovedQueue, moveQueues } from './move.ts';
export { openBus } from './open-bus.ts';
export { createRouting } from './routes.ts';
export { defineTopic, type Topic, type TopicOptions } from './topic.ts';
export { type AmqpWire, type KafkaWire, type Wire, wireOf } from './wire.ts';
