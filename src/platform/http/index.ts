export { type Static, type TSchema, Type } from 'typebox';
export { type AddressMatcher, createAddressMatcher, isFromTrustedProxy } from './address.ts';
export {
  type ApiCall,
  type ApiRoute,
  type ApiSchema,
  apiRoute,
  idempotentRoute,
} from './api-route.ts';
export { readForm } from './form-body.ts';
export type { ReadyCheck } from './health.ts';
export {
  createScript,
  createStylesheet,
  escapeHtml,
  type Html,
  type HtmlValue,
  html,
  type Stylesheet,
  trustedHtml,
} from './html.ts';
export {
  type ApiAccess,
  createHttpServer,
  type HttpApp,
  type HttpServer,
  type HttpServerOptions,
} from './http-server.ts';
export { BODY_BYTES_MAX, FORM_BYTES_MAX, PAGE_ITEMS_DEFAULT, PAGE_ITEMS_MAX } from './limits.ts';
export { type Page, type PolicySources, pagePolicy, plainErrorPage, sendPage } from './page.ts';
export { PROBLEM_TYPE, type Problem } from './problem.ts';
export { createRateLimiter, type RateLimiter, type RateLimiterOptions } from './rate-limiter.ts';
export type { ReferenceInfo } from './reference.ts';
export {
  AmountMinor,
  CurrencyCode,
  type CursorPosition,
  Instant,
  MsisdnText,
  PageQuery,
  pageOf,
  pageSchema,
  readCursor,
  readCursorInstant,
  type Sendable,
  type SendableOf,
  writeCursor,
} from './schemas.ts';
