/** The pages that take a payment: what is bought and the consent to it, the gateway's form, what came of it. */
export { registerPayPages } from './http.ts';
export { type CardLinkOptions, registerCardLink } from './http-card-link.ts';
export { type OriginalOptions, registerOriginalRoutes } from './http-original.ts';
export type { PayPageOptions } from './look.ts';
