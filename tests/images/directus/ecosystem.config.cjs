// The process manager's settings: the same ones, from the same variables, as the published image's (CONTRACT.md).
const given = process.env;

module.exports = {
  apps: [
    {
      name: "directus",
      script: "cli.js",
      args: ["start"],
      instances: given.PM2_INSTANCES ?? "1",
      exec_mode: given.PM2_EXEC_MODE ?? "cluster",
      max_memory_restart: given.PM2_MAX_MEMORY_RESTART,
      min_uptime: given.PM2_MIN_UPTIME,
      listen_timeout: given.PM2_LISTEN_TIMEOUT,
      kill_timeout: given.PM2_KILL_TIMEOUT,
      wait_ready: true,
      max_restarts: given.PM2_MAX_RESTARTS,
      restart_delay: given.PM2_RESTART_DELAY ?? 0,
      autorestart: given.PM2_AUTO_RESTART ?? false,
    },
  ],
};
