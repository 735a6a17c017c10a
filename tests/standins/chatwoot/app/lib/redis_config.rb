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
  PREFIX = "V1:GLOBAL_CONFIG:".freeze

  def self.get(name)
    cached = $alfred.with { |connection| connection.get("#{PREFIX}#{name}") }
    unless cached
      cached = { value: InstallationConfig.find_by(name: name)&.value }.to_json
      $alfred.with { |connection| connection.set("#{PREFIX}#{name}", cached, ex: 86_400) }
    end
    JSON.parse(cached)["value"]
  end

  def self.clear_cache
    $alfred.with { |connection| connection.keys("#{PREFIX}*").each { |key| connection.expire(key, 0) } }
  end
end

# The environment is asked only where the table has no row; a row with the boolean false counts as one.
class GlobalConfigService
  def self.load(name, default)
    stored = GlobalConfig.get(name)
    return stored if stored.present?

    row = InstallationConfig.find_by(name: name) || InstallationConfig.create!(name: name, value: ENV[name] || default)
    GlobalConfig.clear_cache
    row.value
  end
end

Sidekiq.configure_client { |config| config.redis = Redis::Config.app }
Sidekiq.configure_server do |config|
  config.redis = Redis::Config.app
  config.logger.formatter = Sidekiq::Logger::Formatters::JSON.new
  config[:skip_default_job_logging] = true
  config.logger.level = Logger.const_get(ENV.fetch("LOG_LEVEL", "info").upcase)
end
