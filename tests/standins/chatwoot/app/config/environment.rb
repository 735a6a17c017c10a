require_relative "application"
Rails.application.routes.default_url_options = { host: ENV.fetch("FRONTEND_URL") }
Rails.application.initialize!
%w[models payloads jobs builders channels controllers].each { |part| require_relative "../lib/#{part}" }
require_relative "../lib/worker" if Sidekiq.server?
