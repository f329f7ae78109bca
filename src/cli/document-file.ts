import { readFile, stat } from 'node:fs/promises';
import { CORE_SCHEMA, DEFAULT_SCHEMA, load } from 'js-yaml';
import { messageOf } from '#errors';
import { EXIT } from './exit.ts';
import { Refusal } from './refusal.ts';

const FILE_BYTES_MAX = 2_000_000;

/** Reads a document that somebody has written, as YAML; JSON is YAML too. */
export async function readYaml(
  file: string,
  options: {
    /** Only what JSON can say: a day stays the text that was written. */
    readonly likeJson?: boolean;
  } = {},
): Promise<unknown> {
  const text = await readText(file);
  try {
    return load(text, { schema: options.likeJson ? CORE_SCHEMA : DEFAULT_SCHEMA });
  } catch (error) {
    throw new Refusal(EXIT.usage, `${file} is no YAML: ${messageOf(error).split('\n')[0]}.`);
  }
}

export async function readText(file: string): Promise<string> {
  try {
    const { size } = await stat(file);
    if (size > FILE_BYTES_MAX) throw new Error(`it has ${size} bytes`);
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new Refusal(EXIT.notFound, `${file} can not be read: ${messageOf(error)}`);
  }
}
