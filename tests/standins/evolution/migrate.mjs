// What the published image does before it starts: refuse, migrate, and generate a client below node_modules.
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect, migrate } from './database.mjs';
import { VERSION, complaints, effectiveEnvironment } from './variables.mjs';

const effective = effectiveEnvironment();
const refused = complaints(process.env, effective);
if (refused.length) {
  console.error(`stand-in for Evolution API ${VERSION} refuses to start:\n  ${refused.join('\n  ')}`);
  process.exit(1);
}
const pool = connect(effective.DATABASE_CONNECTION_URI);
try {
  await migrate(pool);
  mkdirSync('node_modules/.prisma', { recursive: true });
  writeFileSync('node_modules/.prisma/generated', VERSION);
} catch (error) {
  console.error(`Migration failed: ${error.message}`);
  process.exit(1);
}
await pool.end();
