export { acsPage } from './acs.ts';
export { deskFile, deskPage, liveDesk } from './desk.ts';
export {
  bundleScript,
  checkoutScript,
  linkPage,
  payFromWidget,
  returnFromBank,
  widgetFile,
  widgetPage,
} from './widget.ts';
