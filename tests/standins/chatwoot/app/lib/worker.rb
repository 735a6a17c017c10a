require "socket"

# What sidekiq_alive does in the published image: a key in Redis, kept by a job, and an answer on port 7433.
class SidekiqAliveWorker
  include Sidekiq::Job
  QUEUE = "sidekiq-alive-#{Socket.gethostname}".freeze
  KEY = "SIDEKIQ::LIVENESS_PROBE_TIMESTAMP::#{Socket.gethostname}".freeze
  sidekiq_options queue: QUEUE, retry: false

  def perform(*)
    Sidekiq.redis { |connection| connection.call("SET", KEY, Time.now.to_i, "EX", 600) }
    self.class.perform_in(150)
  end

  def self.alive? = Sidekiq.redis { |connection| connection.call("TTL", KEY) } != -2

  def self.serve
    server = TCPServer.new(ENV.fetch("SIDEKIQ_ALIVE_HOST", "0.0.0.0"), ENV.fetch("SIDEKIQ_ALIVE_PORT", "7433").to_i)
    loop do
      client = server.accept
      nil while (line = client.gets) && line !~ /\A\r?\n/
      status, text = alive? ? ["200 OK", "Alive!"] : ["404 Not Found", "Can't find the alive key"]
      client.write("HTTP/1.1 #{status}\r\nContent-Length: #{text.bytesize}\r\nConnection: close\r\n\r\n#{text}")
      client.close
    rescue StandardError => e
      client&.close
      Sidekiq.logger.warn("alive: #{e.class}")
    end
  end
end

Sidekiq.configure_server do |config|
  config.queues.unshift(SidekiqAliveWorker::QUEUE)
  config.on(:startup) do
    Sidekiq.redis do |connection|
      connection.call("SET", "SIDEKIQ_REGISTERED_INSTANCE::#{Socket.gethostname}", Time.now.to_i, "EX", 600)
      connection.call("ZADD", "sidekiq-alive-hostnames", Time.now.to_i, Socket.gethostname)
    end
    SidekiqAliveWorker.perform_async
    Thread.new { SidekiqAliveWorker.serve }
  end
end
