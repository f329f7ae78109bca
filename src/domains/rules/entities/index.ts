/** Who sends, through whom and with what limits; and what people said about being written to. */

export {
  type EntityRow,
  type PairRow,
  type ProviderRow,
  readEntities,
  readPairs,
  readProviders,
} from './entity-store.ts';
export { createPeople, type NewSuppression, type People } from './people.ts';
export {
  type ConsentRow,
  type OverrideRow,
  readPersonFacts,
  type SuppressionRow,
} from './person-store.ts';
export {
  createSaveEntities,
  type SaveEntities,
  unknownEntity,
  unknownProvider,
} from './save-entities.ts';
