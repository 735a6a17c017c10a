# The limits that an automation can run into; the published image has more.
class Rack::Attack
  Rack::Attack.cache.store = ActiveSupport::Cache::RedisCacheStore.new(redis: $velma)

  throttle("req/ip", limit: ENV.fetch("RACK_ATTACK_LIMIT", "3000").to_i, period: 60, &:ip)
  throttle("login/ip", limit: 5, period: 300) { |req| req.ip if req.path == "/auth/sign_in" && req.post? }
  throttle("accounts/ip", limit: 5, period: 1800) { |req| req.ip if req.path[/\A[^.]+/] == "/api/v1/accounts" && req.post? }
  throttle("contacts/search", limit: ENV.fetch("RATE_LIMIT_CONTACT_SEARCH", "100").to_i, period: 60) do |req|
    req.path[%r{\A/api/v1/accounts/(\d+)/contacts/search}, 1]
  end
  Rack::Attack.enabled = ENV.fetch("ENABLE_RACK_ATTACK", "true") != "false"
end
