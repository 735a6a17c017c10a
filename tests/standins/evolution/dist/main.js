// The HTTP server. It listens only after database, cache and bucket each kept something and gave it back.
import { createServer } from 'node:http';
import { openCache } from '../cache.mjs';
import { Faults, controlRoutes } from '../control.mjs';
import { connect } from '../database.mjs';
import { Deliveries } from '../delivery.mjs';
import { Refusal } from '../refusal.mjs';
import { logger } from '../logger.mjs';
import { openStorage } from '../storage.mjs';
import { VERSION, effectiveEnvironment } from '../variables.mjs';
import { WhatsApp } from '../whatsapp.mjs';

const effective = effectiveEnvironment();
const faults = new Faults();
const deliveries = new Deliveries(effective);

const ROUTES = {
  'POST /instance/create': (whatsapp, body) => [201, whatsapp.create(body)],
  'GET /instance/connectionState/': (_, __, { name, connectionStatus }) => [200, { instance: { instanceName: name, state: connectionStatus } }],
  'POST /webhook/set/': (whatsapp, body, { name }) => [201, whatsapp.setWebhook(name, body.webhook)],
  'GET /webhook/find/': (whatsapp, _, { name }) => [200, whatsapp.webhook(name)],
  'POST /message/sendText/': (whatsapp, body, instance) => [201, whatsapp.sendText(instance, body)],
  'POST /message/sendMedia/': (whatsapp, body, instance) => [201, whatsapp.sendMedia(instance, body)],
  'POST /message/sendWhatsAppAudio/': (whatsapp, body, instance) => [201, whatsapp.sendAudio(instance, body)],
  'POST /chat/getBase64FromMediaMessage/': (whatsapp, body, instance) => [201, whatsapp.media(instance, body)],
  'POST /chat/findMessages/': (whatsapp, body, instance) => [200, whatsapp.findMessages(instance, body)],
  'POST /chat/whatsappNumbers/': (whatsapp, body) => [200, whatsapp.numbers(body)],
};

async function answer(whatsapp, control, request, url, body) {
  const { method } = request;
  if (url.pathname.startsWith('/_standin/')) {
    const route = control[`${method} ${url.pathname.slice('/_standin/'.length)}`];
    if (!route || request.headers['x-forwarded-for']) throw new Refusal(404, 'not here');
    return [200, await route(body)];
  }
  // With a list, the published image refuses whoever names no origin, too.
  const origins = effective.CORS_ORIGIN.split(',');
  if (!origins.includes('*') && !origins.includes(request.headers.origin)) throw new Refusal(500, 'Not allowed by CORS');
  if (method === 'GET' && url.pathname === '/')
    return [200, {
      status: 200, message: 'Welcome to the Evolution API, it is working!', version: VERSION,
      clientName: effective.DATABASE_CONNECTION_CLIENT_NAME, documentation: 'https://doc.evolution-api.com',
      ...(effective.SERVER_DISABLE_MANAGER === 'true' ? {} : { manager: `http://${request.headers.host}/manager` }),
    }];
  if (url.pathname === '/manager' && effective.SERVER_DISABLE_MANAGER !== 'true') return [200, 'manager'];
  const fault = faults.take(method, url.pathname);
  if (fault) {
    await new Promise((resolve) => setTimeout(resolve, fault.delay * 1000));
    return [fault.status, fault.body ?? { status: fault.status, error: 'injected' }, fault.headers];
  }
  return routed(whatsapp, request, url, body);
}

async function routed(whatsapp, request, url, body) {
  const key = request.headers.apikey;
  const route = Object.entries(ROUTES).find(([start]) => `${request.method} ${url.pathname}`.startsWith(start));
  const rest = route ? url.pathname.slice(route[0].split(' ')[1].length) : '';
  const instance = rest ? await whatsapp.instance(decodeURIComponent(rest)) : null;
  // The instance is looked for before the key, in the published image too.
  if (rest && !instance) throw new Refusal(404, [`The "${decodeURIComponent(rest)}" instance does not exist`]);
  if (key !== effective.AUTHENTICATION_API_KEY && !(instance && key === instance.token)) throw new Refusal(401, 'Unauthorized');
  if (request.method === 'POST' && url.pathname === '/verify-creds') return [200, { status: 200, message: 'Credentials are valid' }];
  if (request.method === 'GET' && url.pathname === '/instance/fetchInstances') {
    // Whole rows, their tokens too: AUTHENTICATION_EXPOSE_IN_FETCH_INSTANCES is about the bodies of webhooks only.
    return [200, await whatsapp.instances(url.searchParams.get('instanceName'))];
  }
  if (!route) throw new Refusal(404, [`Cannot ${request.method} ${url.pathname}`]);
  const [status, content] = route[1](whatsapp, body, instance);
  return [status, await content];
}

async function handle(context, request, response) {
  const url = new URL(request.url, 'http://standin');
  let result;
  try {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = chunks.length ? JSON.parse(Buffer.concat(chunks).toString()) : {};
    result = await answer(context.whatsapp, context.control, request, url, body);
  } catch (error) {
    result = error instanceof Refusal ? [error.status, error.body] : [500, new Refusal(500, error.message).body];
    if (!(error instanceof Refusal)) logger.error(error);
  }
  const [status, content, headers = {}] = result;
  if (!url.pathname.startsWith('/_standin/')) faults.note(request.method, url.pathname, status);
  const { origin } = request.headers;
  const cors = origin ? { 'access-control-allow-origin': origin, vary: 'Origin' } : {};
  if (origin && effective.CORS_CREDENTIALS === 'true') cors['access-control-allow-credentials'] = 'true';
  response.writeHead(status, { 'content-type': 'application/json', ...cors, ...headers });
  response.end(JSON.stringify(content));
}

try {
  const pool = connect(effective.DATABASE_CONNECTION_URI);
  await pool.query('CREATE TEMPORARY TABLE proof (kept text)');
  const cache = await openCache(effective);
  await cache.prove();
  const storage = await openStorage(effective);
  await storage.keep('proof', Buffer.from('kept'), 'text/plain');
  if ((await storage.read('proof')).toString() !== 'kept') throw new Error('the bucket does not keep what it is given');
  const whatsapp = new WhatsApp({ pool, storage, cache, deliveries, effective });
  const control = controlRoutes({ whatsapp, deliveries, faults, storage, effective });
  createServer((request, response) => void handle({ whatsapp, control }, request, response)).listen(Number(effective.SERVER_PORT));
  console.log(`stand-in for Evolution API ${VERSION} listens on ${effective.SERVER_PORT}`);
} catch (error) {
  console.error(`not ready: ${error.message}`);
  process.exit(1);
}
