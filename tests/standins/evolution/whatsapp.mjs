// Instances, messages and what happens to them: state in PostgreSQL, media in S3, events to the webhooks.
import { randomBytes, randomUUID } from 'node:crypto';
import { isBase64, isURL } from 'class-validator';
import { logger } from './logger.mjs';
import { Refusal } from './refusal.mjs';

const row = (result) => result.rows[0] ?? null;
const messageId = () => `3EB0${randomBytes(10).toString('hex').toUpperCase()}`;
const jidOf = (number) => (number.includes('@') ? number : `${number.replace(/\D/g, '')}@s.whatsapp.net`);
const MEDIA = { image: 'imageMessage', video: 'videoMessage', audio: 'audioMessage', document: 'documentMessage', ptv: 'ptvMessage', sticker: 'stickerMessage' };
const WRAPPED = ['ephemeralMessage', 'viewOnceMessage', 'viewOnceMessageV2', 'documentWithCaptionMessage'];

export class WhatsApp {
  constructor({ pool, storage, cache, deliveries, effective }) {
    Object.assign(this, { pool, storage, cache, deliveries, effective });
  }

  async query(statement, values = []) {
    return this.pool.query(statement, values);
  }

  async instances(name) {
    const found = await this.query('SELECT * FROM "Instance" WHERE $1::text IS NULL OR "name" = $1 ORDER BY "createdAt"', [name]);
    return found.rows;
  }

  async instance(name) {
    return row(await this.query('SELECT * FROM "Instance" WHERE "name" = $1', [name]));
  }

  async create(body) {
    if (!body.instanceName || !body.integration) throw new Refusal(400, ['instance requires property "instanceName"']);
    if (await this.instance(body.instanceName)) throw new Refusal(403, [`This name "${body.instanceName}" is already in use.`]);
    const token = body.token ?? randomUUID().toUpperCase();
    const id = randomUUID();
    await this.query(
      'INSERT INTO "Instance" ("id", "name", "integration", "number", "token", "clientName") VALUES ($1, $2, $3, $4, $5, $6)',
      [id, body.instanceName, body.integration, body.number ?? null, token, this.effective.DATABASE_CONNECTION_CLIENT_NAME],
    );
    if (body.webhook) await this.setWebhook(body.instanceName, { ...body.webhook, enabled: true });
    const webhook = body.webhook
      ? { webhookUrl: body.webhook.url, webhookHeaders: body.webhook.headers, webhookByEvents: body.webhook.byEvents, webhookBase64: body.webhook.base64 }
      : {};
    return {
      instance: { instanceName: body.instanceName, instanceId: id, integration: body.integration, webhookWaBusiness: null, accessTokenWaBusiness: '', status: 'close' },
      hash: token, webhook, websocket: {}, rabbitmq: {}, sqs: {},
      settings: { rejectCall: false, msgCall: '', groupsIgnore: body.groupsIgnore === true, alwaysOnline: false, readMessages: false, readStatus: false, syncFullHistory: false },
    };
  }

  async setWebhook(name, webhook) {
    if (!webhook || !/^https?:\/\/[^/\s]+/.test(webhook.url ?? '')) throw new Refusal(400, 'Invalid "url" property');
    const { id } = await this.instance(name);
    return row(await this.query(
      `INSERT INTO "Webhook" ("id", "url", "enabled", "events", "headers", "webhookByEvents", "webhookBase64", "updatedAt", "instanceId")
       VALUES (gen_random_uuid()::text, $1, $2, $3, $4, $5, $6, now(), $7)
       ON CONFLICT ("instanceId") DO UPDATE SET "url" = $1, "enabled" = $2, "events" = $3, "headers" = $4,
         "webhookByEvents" = $5, "webhookBase64" = $6, "updatedAt" = now() RETURNING *`,
      [webhook.url, webhook.enabled === true, JSON.stringify(webhook.enabled ? webhook.events ?? [] : []),
        JSON.stringify(webhook.headers ?? null), webhook.byEvents === true, webhook.base64 === true, id],
    ));
  }

  async webhook(name) {
    return row(await this.query('SELECT w.* FROM "Webhook" w JOIN "Instance" i ON i."id" = w."instanceId" WHERE i."name" = $1', [name]));
  }

  async setState(name, state) {
    const found = await this.query('UPDATE "Instance" SET "connectionStatus" = $2 WHERE "name" = $1 RETURNING *', [name, state]);
    if (!found.rowCount) throw new Refusal(404, [`The "${name}" instance does not exist`]);
    return found.rows[0];
  }

  async emit(instance, event, data) {
    const expose = this.effective.AUTHENTICATION_EXPOSE_IN_FETCH_INSTANCES === 'true';
    const webhook = await this.webhook(instance.name);
    this.deliveries.emit(webhook, event, {
      event, instance: instance.name, data, destination: webhook?.url, date_time: new Date().toISOString(),
      sender: instance.ownerJid ?? '5511900000000@s.whatsapp.net', server_url: this.effective.SERVER_URL,
      apikey: expose ? instance.token : null,
    });
  }

  async keep(instance, { key, pushName, message, messageType, messageTimestamp, source }) {
    const id = randomUUID();
    await this.query(
      `INSERT INTO "Message" ("id", "key", "pushName", "messageType", "message", "messageTimestamp", "source", "instanceId")
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
      [id, key, pushName, messageType, message, messageTimestamp, source, instance.id],
    );
    return id;
  }

  // Somebody writes to the number; `media` is {type, mimetype, fileName, caption, base64}, `message` any content as
  // WhatsApp wraps it. A `lid` without a number is all that is known of somebody.
  async incoming({ instance: name, number, name: pushName = '', text, media, message: given, id = messageId(), fromMe = false, lid, timestamp }) {
    const instance = await this.setState(name, 'open');
    const jid = number ? jidOf(number) : null;
    const key = { remoteJid: lid ? `${lid}@lid` : jid, fromMe, id, ...(lid ? { addressingMode: 'lid', ...(jid ? { remoteJidAlt: jid } : {}) } : {}) };
    const message = given ?? (media ? await this.stored(id, media) : { conversation: text });
    const messageType = Object.keys(message)[0];
    const entry = { key, pushName, message, messageType, messageTimestamp: timestamp ?? Math.floor(Date.now() / 1000), source: 'android' };
    if (this.effective.DATABASE_SAVE_DATA_NEW_MESSAGE === 'true') await this.keep(instance, entry);
    await this.cache.set('baileys', `message_${id}`, true, 3600);
    // The webhook names the number where it is known; what is kept goes on naming the LID.
    const shown = { ...entry, key: lid && jid ? { ...key, remoteJid: jid } : key };
    console.log({ ...shown, status: 'DELIVERY_ACK', instanceId: instance.id });
    await this.emit(instance, 'messages.upsert', { ...shown, status: 'DELIVERY_ACK', contextInfo: null, instanceId: instance.id });
    return { id };
  }

  // Somebody changes what was written: `text` is the new one; without one it is taken back.
  async change({ instance: name, id, text }) {
    const instance = await this.instance(name);
    const found = row(await this.query('SELECT "key" FROM "Message" WHERE "instanceId" = $1 AND "key" ->> \'id\' = $2', [instance?.id, id]));
    if (!found) throw new Refusal(404, [`no message ${id} of ${name}`]);
    // As the sender says it: it is his own message.
    const key = { ...found.key, fromMe: true };
    const edited = text ? { type: 'MESSAGE_EDIT', editedMessage: { conversation: text }, timestampMs: String(Date.now()) } : { type: 'REVOKE' };
    await this.emit(instance, 'messages.edited', { key, ...edited });
    if (!text) await this.emit(instance, 'messages.delete', found.key);
    return { id };
  }

  async stored(id, { type, mimetype, fileName, caption, base64 }) {
    const mediaUrl = await this.storage.keep(`${id}/${fileName}`, Buffer.from(base64, 'base64'), mimetype);
    return { [MEDIA[type]]: { mimetype, fileName, caption }, mediaUrl };
  }

  // WhatsApp tells what became of a message that was sent.
  async status({ instance: name, id, status }) {
    const instance = await this.instance(name);
    const found = row(await this.query('SELECT * FROM "Message" WHERE "instanceId" = $1 AND "key" ->> \'id\' = $2', [instance?.id, id]));
    if (!found) throw new Refusal(404, [`no message ${id} of ${name}`]);
    const { remoteJid, fromMe } = found.key;
    await this.query('INSERT INTO "MessageUpdate" VALUES (gen_random_uuid()::text, $1, $2, $3, $4, $5, $6)', [id, remoteJid, fromMe, status, found.id, instance.id]);
    console.log('CACHE:', `${instance.id}_${id}_${status}`, found.message);
    await this.emit(instance, 'messages.update', { messageId: found.id, keyId: id, remoteJid, fromMe, participant: null, status, instanceId: instance.id });
    return { id, status };
  }

  async send(instance, number, message, messageType) {
    if (instance.connectionStatus !== 'open') throw new Refusal(400, ['Error: Connection Closed']);
    if (!number || number.replace(/\D/g, '').length < 10)
      throw new Refusal(400, [{ jid: jidOf(number ?? ''), exists: false, number }]);
    const key = { remoteJid: jidOf(number), fromMe: true, id: messageId() };
    const entry = { key, pushName: '', message, messageType, messageTimestamp: Math.floor(Date.now() / 1000), source: 'web' };
    await this.keep(instance, entry);
    setTimeout(() => void this.status({ instance: instance.name, id: key.id, status: 'SERVER_ACK' }).catch((error) => logger.error(error)), 200);
    return { ...entry, status: 'PENDING', contextInfo: null, instanceId: instance.id };
  }

  sendText(instance, { number, text }) {
    if (!text) throw new Refusal(400, [['instance requires property "text"']]);
    return this.send(instance, number, { conversation: text }, 'conversation');
  }

  async sendMedia(instance, { number, mediatype, mimetype, caption, media, fileName }) {
    if (!MEDIA[mediatype] || !media) throw new Refusal(400, [['instance requires property "media"']]);
    if (isBase64(media) && !fileName && mediatype === 'document') throw new Refusal(400, 'For base64 the file name must be informed.');
    const content = await this.owned(media, 'Owned media must be a url or base64');
    const name = fileName ?? mediatype;
    const mediaUrl = await this.storage.keep(`sent/${randomUUID()}/${name}`, content, mimetype ?? 'application/octet-stream');
    return this.send(instance, number, { [MEDIA[mediatype]]: { mimetype, fileName: name, caption, fileLength: content.length }, mediaUrl }, MEDIA[mediatype]);
  }

  // A voice note.
  async sendAudio(instance, { number, audio }) {
    const content = await this.owned(audio, 'Owned media must be a url, base64, or valid file with buffer');
    const mediaUrl = await this.storage.keep(`sent/${randomUUID()}/audio.ogg`, content, 'audio/ogg');
    return this.send(instance, number, { audioMessage: { ptt: true, mimetype: 'audio/ogg; codecs=opus', fileLength: content.length }, mediaUrl }, 'audioMessage');
  }

  // Judged by the same library as in the published image, which takes no host name without a dot for one.
  async owned(media, refusal) {
    if (isURL(media)) {
      const answer = await fetch(media);
      if (!answer.ok) throw new Error(`Request failed with status code ${answer.status}`);
      return Buffer.from(await answer.arrayBuffer());
    }
    if (isBase64(media)) return Buffer.from(media, 'base64');
    throw new Refusal(400, refusal);
  }

  // A medium that was kept, whatever it is wrapped in; tests put its content beside it.
  async media(instance, { message: { key } }) {
    const found = row(await this.query('SELECT * FROM "Message" WHERE "instanceId" = $1 AND "key" ->> \'id\' = $2', [instance.id, key?.id]));
    let content = found?.message ?? {};
    for (const name of WRAPPED) content = content[name]?.message ?? content;
    const type = Object.values(MEDIA).find((name) => content[name]);
    if (!type) throw new Refusal(400, found ? 'The message is not of the media type' : 'Message not found');
    const { mimetype, fileName = `${key.id}.bin`, caption, base64 } = content[type];
    return { mediaType: type, fileName, caption, size: {}, mimetype, base64, buffer: null };
  }

  async findMessages(instance, { where = {}, offset = 50, page = 1 }) {
    const { gte, lte } = where.messageTimestamp ?? {};
    const seconds = (text) => (gte && lte ? Math.floor(new Date(text).getTime() / 1000) : null);
    const condition = `"instanceId" = $1 AND ($2::int IS NULL OR "messageTimestamp" BETWEEN $2 AND $3)
      AND ($4::text IS NULL OR "key" ->> 'id' = $4) AND ($5::text IS NULL OR "key" ->> 'remoteJid' = $5)
      AND ($6::boolean IS NOT TRUE OR ("key" ->> 'fromMe')::boolean)`;
    const values = [instance.id, seconds(gte), seconds(lte), where.key?.id ?? null, where.key?.remoteJid ?? null, where.key?.fromMe === true];
    const { count } = row(await this.query(`SELECT count(*)::int AS count FROM "Message" WHERE ${condition}`, values));
    const records = await this.query(
      `SELECT m.*, (SELECT coalesce(json_agg(json_build_object('status', u."status")), '[]') FROM "MessageUpdate" u
         WHERE u."messageId" = m."id") AS "MessageUpdate"
       FROM "Message" m WHERE ${condition} ORDER BY "messageTimestamp" DESC LIMIT $7 OFFSET $8`,
      [...values, offset, offset * (page - 1)],
    );
    return { messages: { total: count, pages: Math.ceil(count / offset), currentPage: page, records: records.rows } };
  }

  numbers(body) {
    if (!Array.isArray(body.numbers)) throw new Refusal(400, [['instance requires property "numbers"']]);
    return body.numbers.map((number) => ({ jid: jidOf(number), exists: number.replace(/\D/g, '').length >= 10, number }));
  }

  async sent() {
    const found = await this.query(
      `SELECT i."name" AS instance, m."key" ->> 'id' AS id, split_part(m."key" ->> 'remoteJid', '@', 1) AS number,
         m."message" ->> 'conversation' AS text, m."message", m."messageType"
       FROM "Message" m JOIN "Instance" i ON i."id" = m."instanceId"
       WHERE m."source" = 'web' ORDER BY m."messageTimestamp"`,
    );
    return found.rows;
  }
}
