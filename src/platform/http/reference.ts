import type { FastifyInstance } from 'fastify';

export interface ReferenceInfo {
  readonly title: string;
  readonly version: string;
  readonly description?: string;
  /** Where the document stands; `/openapi.json` unless told. */
  readonly document?: string;
  /** Where the page stands; `/docs` unless told. */
  readonly page?: string;
}

/**
 * `/openapi.json` (OpenAPI 3.1) and a page to read it, `/docs`. Only routes with a tag are shown: `apiRoute`
 * gives them one. The plugins are loaded here, so that a process without a reference never pays for them.
 */
export async function addReference(
  app: FastifyInstance,
  { document = '/openapi.json', page = '/docs', ...info }: ReferenceInfo,
): Promise<void> {
  const [swagger, swaggerUi] = await Promise.all([
    import('@fastify/swagger'),
    import('@fastify/swagger-ui'),
  ]);
  await app.register(swagger.default, {
    hideUntagged: true,
    openapi: {
      openapi: '3.1.0',
      info: { ...info },
      components: {
        securitySchemes: {
          apiKey: { type: 'http', scheme: 'bearer', description: 'An API key: `Bearer kpk_…`.' },
        },
      },
    },
    refResolver: {
      buildLocalReference: (json, _base, _fragment, index) => String(json.$id ?? `def-${index}`),
    },
  });
  app.get(document, { schema: { hide: true } }, async () => app.swagger());
  await app.register(swaggerUi.default, {
    routePrefix: page,
    uiConfig: { docExpansion: 'list' },
    // Without its maker's bar: the page is ours.
    theme: {
      title: info.title,
      css: [{ filename: 'reference.css', content: '.swagger-ui .topbar{display:none}' }],
    },
  });
}
