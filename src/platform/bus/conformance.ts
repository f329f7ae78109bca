import { describe } from 'node:test';
import {
  describeConsuming,
  describeParcels,
  describePublishing,
  describeStopping,
} from './conformance-delivery.ts';
import {
  describeDelays,
  describeFailures,
  describeHandlers,
  describeOutcomes,
} from './conformance-failures.ts';
import {
  describeBlame,
  describeLanes,
  describeOrder,
  describePriorities,
  describeWaiting,
} from './conformance-order.ts';
import type { BusUnderTest } from './conformance-stage.ts';

/** What the bus promises, whatever carries it: every engine runs this suite unchanged. */
export function describeBus(engine: BusUnderTest): void {
  describe(`the bus on ${engine.name}`, () => {
    describe('publishing', () => describePublishing(engine));
    describe('parcels', () => describeParcels(engine));
    describe('consuming', () => describeConsuming(engine));
    describe('stopping', () => describeStopping(engine));
    describe('failures', () => describeFailures(engine));
    describe('outcomes', () => describeOutcomes(engine));
    describe('handlers that misbehave', () => describeHandlers(engine));
    describe('delays', () => describeDelays(engine));
    describe('order per key', () => describeOrder(engine));
    describe('waiting for a key', () => describeWaiting(engine));
    describe('blame', () => describeBlame(engine));
    describe('lanes', () => describeLanes(engine));
    describe('priorities', () => describePriorities(engine));
  });
}
