#!/usr/bin/env node
import { run } from './run.js';

await run('src/main.ts', process.argv.slice(2));
