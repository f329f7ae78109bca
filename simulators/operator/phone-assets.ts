import { readFileSync } from 'node:fs';
import { Problem } from '#simulators/kit';
import type { Reply } from './exchange.ts';

const assets = new Map([
  ['phone.css', toAsset('phone.css', 'text/css; charset=utf-8')],
  ['phone.js', toAsset('phone.js', 'text/javascript; charset=utf-8')],
]);

/** The script and the style are files, so that the pages need no inline exception in their CSP. */
export function phoneAsset(name: string): Reply {
  const asset = assets.get(name);
  if (asset === undefined) throw new Problem(404, 'Not found');
  return asset;
}

function toAsset(name: string, contentType: string): Reply {
  const body = readFileSync(new URL(name, import.meta.url), 'utf8');
  const headers = { 'cache-control': 'no-cache', 'x-content-type-options': 'nosniff' };
  return { status: 200, contentType, body, headers };
}
