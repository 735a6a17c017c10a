// GET /NAME reads a page, PUT /NAME writes it; the pages are in PostgreSQL.
const http = require('http');
const { Pool } = require('pg');

const pool = new Pool();
const ready = pool.query('CREATE TABLE IF NOT EXISTS page (name text PRIMARY KEY, body text NOT NULL)');

async function answer(request, body) {
  await ready;
  const name = request.url.slice(1);
  if (name === 'health') {
    await pool.query('SELECT 1');
    return [200, 'well'];
  }
  if (request.method === 'PUT') {
    const write = 'INSERT INTO page VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET body = excluded.body';
    await pool.query(write, [name, body]);
    return [204, ''];
  }
  const found = await pool.query('SELECT body FROM page WHERE name = $1', [name]);
  return found.rowCount ? [200, found.rows[0].body] : [404, 'no such page'];
}

http
  .createServer((request, response) => {
    const parts = [];
    request.on('data', (part) => parts.push(part));
    request.on('end', async () => {
      try {
        const [status, text] = await answer(request, Buffer.concat(parts).toString());
        response.writeHead(status).end(text);
      } catch (error) {
        response.writeHead(503).end(error.message);
      }
    });
  })
  .listen(8000);
