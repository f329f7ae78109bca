export {
  type Bus,
  type BusCapabilities,
  type ConsumeOptions,
  type Consumer,
  type Group,
  type Handler,
  type Message,
  type Outgoing,
  type Parcel,
  parcel,
  type QueueDepth,
  type Verdict,
} from './bus.ts';
export { openBus } from './open-bus.ts';
export { defineTopic, type Topic, type TopicOptions } from './topic.ts';
