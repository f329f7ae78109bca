/** Between phone and card: judged, shown, and carried out under one lock. */

export { codeOf, type Wanted } from './judge-switch.ts';
export { previewSwitch, type SwitchPreview } from './preview-switch.ts';
export { runSwitches } from './run-switches.ts';
export { switchWay } from './switch-way.ts';
