// Webhooks: who gets which event, and what happens when it is not taken. In memory only, as in the published image.
import { logger } from './logger.mjs';
import { SINCE_2_3 } from './variables.mjs';

const wait = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));
const number = (text, otherwise) => Number.parseFloat(text) || otherwise;

export class Deliveries {
  constructor(effective) {
    const final = effective.WEBHOOK_RETRY_NON_RETRYABLE_STATUS_CODES ?? '400,401,403,404,422';
    this.attempts = SINCE_2_3 ? number(effective.WEBHOOK_RETRY_MAX_ATTEMPTS, 10) : 10;
    this.final = SINCE_2_3 ? final.split(',').map(Number) : [];
    this.timeout = SINCE_2_3 ? number(effective.WEBHOOK_REQUEST_TIMEOUT_MS, 30000) : 30000;
    this.first = SINCE_2_3 ? number(effective.WEBHOOK_RETRY_INITIAL_DELAY_SECONDS, 5) : 30;
    this.longest = SINCE_2_3 ? number(effective.WEBHOOK_RETRY_MAX_DELAY_SECONDS, 300) : 30;
    this.log = [];
  }

  // The delay after an attempt, in seconds; `seconds` of /_standin/retries makes it short for tests.
  delay(attempt) {
    return this.seconds ?? Math.min(this.first * 2 ** (attempt - 1), this.longest);
  }

  emit(webhook, event, payload) {
    const name = event.replace(/[.-]/g, '_').toUpperCase();
    if (!webhook?.enabled || !webhook.events.includes(name)) return;
    const suffix = webhook.webhookByEvents ? `/${name.replaceAll('_', '-').toLowerCase()}` : '';
    const entry = { event, url: `${webhook.url}${suffix}`, id: payload.data.key?.id ?? payload.data.keyId, attempts: [], state: 'pending' };
    this.log.push(entry);
    void this.deliver(entry, webhook.headers ?? {}, payload);
  }

  async deliver(entry, headers, payload) {
    for (let attempt = 1; attempt <= this.attempts; attempt += 1) {
      const status = await this.post(entry.url, headers, payload);
      entry.attempts.push(status);
      if (status >= 200 && status < 300) { entry.state = 'delivered'; return; }
      if (this.final.includes(status)) break;
      if (attempt < this.attempts) await wait(this.delay(attempt));
    }
    entry.state = 'dropped';
    // The published one logs what failed with parts of what it was sending.
    logger.error({ local: 'sendData', message: `dropped after ${entry.attempts.join(', ')}`, url: entry.url, data: payload.data });
  }

  async post(url, headers, payload) {
    try {
      const answer = await fetch(url, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json' },
        body: JSON.stringify(payload),
        signal: AbortSignal.timeout(this.timeout),
      });
      await answer.arrayBuffer();
      return answer.status;
    } catch (error) {
      return error.cause?.code ?? error.name;
    }
  }
}
