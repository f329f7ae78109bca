import { AppError } from '#errors';
import type { CardGateways } from '#payments/card-gateways';
import { createSavedCards, createTokenReader, type SavedCardsOptions } from '#payments/cards';
import {
  createCardCharging,
  createRecorder,
  type Recorder,
  type RecorderOptions,
} from '#payments/charging';

export type CardRecordersOptions = Omit<RecorderOptions, 'gateway' | 'cards'> &
  SavedCardsOptions & { readonly cardGateways: CardGateways };

/** Who writes outcomes down, for each gateway: made when it is first needed. */
export function createCardRecorders(options: CardRecordersOptions): (name: string) => Recorder {
  const { cardGateways, database } = options;
  const cards = createSavedCards(options);
  const recorders = new Map<string, Recorder>();
  return (name) => {
    const known = recorders.get(name);
    if (known) return known;
    const card = cardGateways.gateway(name);
    if (!card)
      throw new AppError('unavailable', 'gateway_unavailable', `No card gateway called ${name}.`);
    const gateway = createCardCharging({
      ...{ card, line: cardGateways.line(name) },
      tokenOf: createTokenReader({ cards, database }),
    });
    const made = createRecorder({ ...options, gateway, cards });
    recorders.set(name, made);
    return made;
  };
}
