// The tables that the published image's migrations make, as far as they are used here, in PostgreSQL itself.
import pg from 'pg';

const MIGRATIONS = {
  '20240609181238_init': `
    CREATE TYPE "InstanceConnectionStatus" AS ENUM ('open', 'close', 'connecting');
    CREATE TABLE "Instance" (
      "id" TEXT PRIMARY KEY, "name" VARCHAR(255) NOT NULL UNIQUE,
      "connectionStatus" "InstanceConnectionStatus" NOT NULL DEFAULT 'close', "ownerJid" VARCHAR(100),
      "integration" VARCHAR(100), "number" VARCHAR(100), "token" VARCHAR(255), "clientName" VARCHAR(100),
      "createdAt" TIMESTAMP DEFAULT CURRENT_TIMESTAMP, "updatedAt" TIMESTAMP);
    CREATE TABLE "Message" (
      "id" TEXT PRIMARY KEY, "key" JSONB NOT NULL, "pushName" VARCHAR(100), "messageType" VARCHAR(100) NOT NULL,
      "message" JSONB NOT NULL, "contextInfo" JSONB, "messageTimestamp" INTEGER NOT NULL, "source" VARCHAR(100),
      "instanceId" TEXT NOT NULL REFERENCES "Instance" ON DELETE CASCADE);
    CREATE TABLE "MessageUpdate" (
      "id" TEXT PRIMARY KEY, "keyId" VARCHAR(100) NOT NULL, "remoteJid" VARCHAR(100) NOT NULL,
      "fromMe" BOOLEAN NOT NULL, "status" VARCHAR(30) NOT NULL,
      "messageId" TEXT NOT NULL REFERENCES "Message" ON DELETE CASCADE,
      "instanceId" TEXT NOT NULL REFERENCES "Instance" ON DELETE CASCADE);
    CREATE TABLE "Webhook" (
      "id" TEXT PRIMARY KEY, "url" VARCHAR(500) NOT NULL, "enabled" BOOLEAN DEFAULT true, "events" JSONB,
      "webhookByEvents" BOOLEAN DEFAULT false, "webhookBase64" BOOLEAN DEFAULT false,
      "createdAt" TIMESTAMP DEFAULT CURRENT_TIMESTAMP, "updatedAt" TIMESTAMP,
      "instanceId" TEXT NOT NULL UNIQUE REFERENCES "Instance" ON DELETE CASCADE);`,
  '20240906202019_add_headers_on_webhook_config': `ALTER TABLE "Webhook" ADD COLUMN "headers" JSONB;`,
};

// Prisma's own parameter: the schema that everything lives in.
export function connect(uri) {
  const schema = new URL(uri).searchParams.get('schema') ?? 'public';
  const pool = new pg.Pool({ connectionString: uri, max: 5, options: `-c search_path=${schema}` });
  pool.on('error', (error) => console.error(`database: ${error.message}`));
  return pool;
}

export async function migrate(pool) {
  await pool.query(`CREATE TABLE IF NOT EXISTS "_prisma_migrations" (
    "id" VARCHAR(36) PRIMARY KEY, "migration_name" VARCHAR(255) NOT NULL UNIQUE, "finished_at" TIMESTAMPTZ)`);
  for (const [name, statements] of Object.entries(MIGRATIONS)) {
    const { rowCount } = await pool.query('SELECT 1 FROM "_prisma_migrations" WHERE "migration_name" = $1', [name]);
    if (rowCount) continue;
    await pool.query(statements);
    await pool.query('INSERT INTO "_prisma_migrations" VALUES (gen_random_uuid()::text, $1, now())', [name]);
    console.log(`Applied migration ${name}`);
  }
}
