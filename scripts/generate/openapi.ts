import type { Generator } from './generator.ts';
import { startIdleApp } from './idle-app.ts';

/** The HTTP API, as the site itself tells it at `/openapi.json`. */
export const openapi: Generator = {
  path: 'docs/reference/openapi.json',
  async generate({ database }) {
    const app = await startIdleApp(database);
    try {
      const answer = await fetch(new URL('/openapi.json', app.report.urls.site));
      return `${JSON.stringify(await answer.json(), null, 2)}\n`;
    } finally {
      await app.stop();
    }
  },
};
