require "redis"
require "redis-namespace"
require "connection_pool"

module Redis::Config
  def self.app
    { url: ENV.fetch("REDIS_URL"), password: ENV.fetch("REDIS_PASSWORD", nil).presence }
  end
end

$alfred = ConnectionPool.new(size: 5, timeout: 3) { Redis::Namespace.new("alfred", redis: Redis.new(Redis::Config.app)) }
$velma = Redis::Namespace.new("velma", redis: Redis.new(Redis::Config.app))

module Redis::Alfred
  CHATWOOT_INSTALLATION_ONBOARDING = "CHATWOOT_INSTALLATION_ONBOARDING".freeze

  class << self
    def get(key) = $alfred.with { |connection| connection.get(key) }
    def set(key, value) = $alfred.with { |connection| connection.set(key, value.to_s) }
    def delete(key) = $alfred.with { |connection| connection.del(key) }
  end
end

# Kept in Redis for a day; the published one forgets them by the command KEYS too.
class GlobalConfig
  def self.clear_cache
    $alfred.with { |connection| connection.keys("V1:GLOBAL_CONFIG:*").each { |key| connection.expire(key, 0) } }
  end
end

Sidekiq.configure_client { |config| config.redis = Redis::Config.app }
Sidekiq.configure_server { |config| config.redis = Redis::Config.app }
