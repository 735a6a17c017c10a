// What tests ask for: WhatsApp's side, faults, and what was seen. Never through the proxy.

export class Faults {
  constructor() {
    this.waiting = [];
    this.seen = [];
  }

  add({ path, method, status = 500, times = 1, headers = {}, body, delay_seconds: delay = 0 }) {
    this.waiting.push({ path, method, status, times, headers, body, delay });
  }

  take(method, path) {
    const fault = this.waiting.find((item) => path.startsWith(item.path) && (item.method ?? method) === method);
    if (!fault) return null;
    fault.times -= 1;
    if (fault.times < 1) this.waiting.splice(this.waiting.indexOf(fault), 1);
    return fault;
  }

  note(method, path, status) {
    this.seen.push({ method, path, status, at: new Date().toISOString() });
    if (this.seen.length > 1000) this.seen.shift();
  }
}

const HIDDEN = /KEY$|_URI$|PASSWORD$|SECRET/;

export function controlRoutes({ whatsapp, deliveries, faults, storage, effective }) {
  return {
    'POST incoming': (body) => whatsapp.incoming(body),
    'POST change': (body) => whatsapp.change(body),
    'POST status': (body) => whatsapp.status(body),
    'POST connect': (body) => whatsapp.setState(body.instance, body.state ?? 'open'),
    'GET sent': () => whatsapp.sent(),
    'GET deliveries': () => deliveries.log,
    'POST retries': (body) => { deliveries.seconds = body.delay_seconds; return { delay_seconds: body.delay_seconds ?? null }; },
    'POST faults': (body) => { faults.add(body); return { waiting: faults.waiting.length }; },
    'DELETE faults': () => { faults.waiting = []; return { waiting: 0 }; },
    'GET requests': () => faults.seen,
    'GET configuration': () => ({
      policyRefused: storage.policyRefused,
      effective: Object.fromEntries(
        Object.entries(effective).map(([name, value]) => [name, HIDDEN.test(name) && value ? '***' : value]),
      ),
    }),
  };
}
