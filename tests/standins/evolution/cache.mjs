// The cache in Redis: the commands of the published image's cache class, below its prefix.
import { createClient } from 'redis';

export async function openCache(effective) {
  const client = createClient({ url: effective.CACHE_REDIS_URI });
  client.on('error', (error) => console.error(`redis disconnected: ${error.message}`));
  await client.connect();
  const key = (module, name) => `${effective.CACHE_REDIS_PREFIX_KEY}:${module}:${name}`;
  return {
    get: async (module, name) => JSON.parse(await client.get(key(module, name))),
    set: (module, name, value, ttl = 604800) => client.setEx(key(module, name), ttl, JSON.stringify(value)),
    async prove() {
      await this.set('standin', 'proof', 'kept', 60);
      if ((await this.get('standin', 'proof')) !== 'kept') throw new Error('the cache does not keep what it is given');
      await client.hSet(key('standin', 'hash'), 'field', '1');
      await client.hGet(key('standin', 'hash'), 'field');
      await client.hDel(key('standin', 'hash'), 'field');
      await client.exists(key('standin', 'proof'));
      for await (const name of client.scanIterator({ MATCH: `${effective.CACHE_REDIS_PREFIX_KEY}:standin:*` })) await client.del(name);
    },
  };
}
