/** The shop of a demonstration: plans → the gateway's form → the result. */
export { registerShop, type ShopOptions } from './http.ts';
