import { describeGateway } from './conformance.ts';
import { mobilinkUnderTest } from './mobilink-stage.ts';

describeGateway(await mobilinkUnderTest());
