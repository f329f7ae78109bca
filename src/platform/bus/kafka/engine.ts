import type { BusCore } from '#bus/core';
import type { Engine } from '#bus/engine';
export function openKafkaEngine(_core: BusCore, _url: string): Engine {
  throw new Error('not yet');
}
