import type { Database } from '#database';

/** What a generator may read. The database is migrated and empty. */
export interface GeneratorContext {
  readonly root: string;
  readonly database: Database;
}

/** Makes one file of the repository. The same sources must give the same text, byte for byte. */
export interface Generator {
  /** Where it goes, from the root. Git holds the file; `npm run check` compares it. */
  readonly path: string;
  generate(context: GeneratorContext): Promise<string>;
}
