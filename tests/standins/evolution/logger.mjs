// The program's own log, in the published image's form without colours; by level, as LOG_LEVEL says.
import { effectiveEnvironment } from './variables.mjs';

const levels = (effectiveEnvironment().LOG_LEVEL ?? '').split(',');

const write = (level, value) => {
  if (!levels.includes(level)) return;
  console.log('[Evolution API]', process.pid.toString(), '-', new Date().toString(), `${level} `, '[Standin]', `[${typeof value}]`, value);
};

export const logger = { error: (value) => write('ERROR', value), warn: (value) => write('WARN', value) };
