// Tells other services of events, as they ask for in their needs. Flows of Directus itself can only ask what its users can
// have files imported from, and that is nothing inside of the platform.
const WAITS = [1, 2, 4];

async function tell(webhook, key, logger) {
  const request = {
    method: "POST",
    headers: { "Content-Type": "application/json", ...webhook.headers },
    body: JSON.stringify({ key }),
  };
  let problem;
  for (const wait of [...WAITS, 0]) {
    try {
      const answer = await fetch(webhook.url, { ...request, signal: AbortSignal.timeout(20_000) });
      if (answer.ok) return;
      problem = `status ${answer.status}`;
    } catch (error) {
      problem = error.cause?.code ?? error.message;
    }
    if (wait) await new Promise((resolve) => setTimeout(resolve, wait * 1000));
  }
  logger.error(`${webhook.url} was not told of ${webhook.event} ${key}: ${problem}`);
}

export default ({ action }, { logger }) => {
  for (const webhook of JSON.parse(process.env.PLATFORM_WEBHOOKS ?? "[]")) {
    action(webhook.event, ({ key }) => void tell(webhook, key, logger));
  }
};
