import { AppError } from '#errors';
import { createCardCharging } from './card-charging.ts';
import type { CardGateways } from './card-gateways.ts';
import { createRecorder, type Recorder, type RecorderOptions } from './record-outcomes.ts';
import { createSavedCards, type SavedCardsOptions } from './saved-cards.ts';
import { createTokenReader } from './token-reader.ts';

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
