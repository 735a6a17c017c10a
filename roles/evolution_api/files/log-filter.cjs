// Loaded before the program (node --require): keeps what people write, and the keys of their sessions, out of the log.
// The program prints every message by console.log whatever LOG_LEVEL says; its library prints whole sessions.
// What passes: lines of the program's own log and of console.error, with everything cut that may hold contents.
'use strict';

const LONGEST = 400;
// Parts of what describes a failure; any other may be a message.
const TOLD = ['name', 'message', 'code', 'status', 'statusCode', 'statusText', 'syscall', 'hostName', 'host', 'port',
  'local', 'level', 'url', 'attempt', 'stack'];

// A text that goes on with an object or a list, as JSON or as Node shows it, is cut there.
const cut = (text) => {
  const short = text.replace(/\s*(?:\{|\[\s*[[{"']|<Buffer)[^]*$/, ' (cut)');
  return short.length > LONGEST ? `${short.slice(0, LONGEST)} (cut)` : short;
};

const parts = (value) => Object.fromEntries(TOLD
  .filter((name) => ['string', 'number', 'boolean'].includes(typeof value[name]))
  .map((name) => [name, typeof value[name] === 'string' ? cut(value[name]) : value[name]]));

function told(value, depth = 0) {
  if (typeof value === 'string') return cut(value);
  if (value === null || typeof value !== 'object') return typeof value === 'function' ? '(function)' : value;
  if (value instanceof Error) return cut(String(value.stack || value.message));
  if (Array.isArray(value)) return depth ? '(list)' : value.slice(0, 10).map((one) => told(one, depth + 1));
  return parts(value);
}

// The program's own log begins each line so; whatever else goes through console.log is for its developers.
const isLog = (first) => typeof first === 'string' && first.includes('[Evolution API]');

function install(console) {
  const { log, error } = console;
  console.log = (...values) => {
    // The mark holds brackets itself, and what follows it is short; the last value is what is reported.
    if (isLog(values[0])) log.call(console, values[0], ...values.slice(1, -1), ...values.slice(1).slice(-1).map((one) => told(one)));
  };
  console.error = (...values) => error.call(console, ...values.map((one) => told(one)));
  // What its library says of sessions, with their keys.
  for (const name of ['info', 'warn', 'debug', 'dir', 'trace', 'table']) console[name] = () => {};
}

// Not in npm and the migrations, which run before with the same options and hold no messages.
if (/[\\/]dist[\\/]main(?:\.m?js)?$/.test(process.argv[1] || '')) install(globalThis.console);
module.exports = { install };
