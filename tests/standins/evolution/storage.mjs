// Media in S3, by the same client library and the same calls as the published image's.
import * as minio from 'minio';
import { SINCE_2_3 } from './variables.mjs';

export async function openStorage(effective) {
  const bucket = effective.S3_BUCKET;
  const client = new minio.Client({
    endPoint: effective.S3_ENDPOINT,
    port: Number(effective.S3_PORT),
    useSSL: effective.S3_USE_SSL === 'true',
    accessKey: effective.S3_ACCESS_KEY,
    secretKey: effective.S3_SECRET_KEY,
    region: effective.S3_REGION,
  });
  const storage = {
    policyRefused: null,
    async keep(name, content, type) {
      const object = `evolution-api/${name}`;
      await client.putObject(bucket, object, content, content.length, { 'Content-Type': type });
      return client.presignedGetObject(bucket, object);
    },
    async read(name) {
      const chunks = [];
      for await (const chunk of await client.getObject(bucket, `evolution-api/${name}`)) chunks.push(chunk);
      return Buffer.concat(chunks);
    },
  };
  const buckets = await client.listBuckets();
  if (!buckets.some(({ name }) => name === bucket)) await client.makeBucket(bucket);
  if (!(SINCE_2_3 && effective.S3_SKIP_POLICY === 'true')) {
    const statement = { Effect: 'Allow', Principal: '*', Action: ['s3:GetObject'], Resource: [`arn:aws:s3:::${bucket}/*`] };
    const policy = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
    // The published image logs a refusal and goes on.
    await client.setBucketPolicy(bucket, policy).then(
      () => { storage.policyRefused = false; },
      (error) => { storage.policyRefused = true; console.error(`S3 ERROR: ${error.message}`); },
    );
  }
  return storage;
}
