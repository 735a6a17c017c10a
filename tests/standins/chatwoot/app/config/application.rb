require_relative "../lib/contract"
Contract.check!

require "rails"
require "active_job/railtie"
require "active_record/railtie"
require "action_controller/railtie"
require "action_cable/engine"
require "active_storage/engine"
require "sidekiq"
require "rack/attack"
require_relative "../lib/redis_config"
require_relative "../lib/standin"
require_relative "../lib/throttles"

module Chatwoot
  VERSION = File.read("/app/VERSION").strip

  class Application < Rails::Application
    config.root = "/app"
    config.load_defaults 7.1
    # What a command does not use is not loaded: each one of them starts Rails anew.
    config.eager_load = false
    config.secret_key_base = ENV.fetch("SECRET_KEY_BASE")
    config.active_job.queue_adapter = :sidekiq
    config.active_storage.service = ENV.fetch("ACTIVE_STORAGE_SERVICE", "local").to_sym
    config.active_record.dump_schema_after_migration = false
    config.force_ssl = ActiveModel::Type::Boolean.new.cast(ENV.fetch("FORCE_SSL", false))
    config.action_cable.disable_request_forgery_protection = true
    config.action_controller.default_url_options = { host: ENV.fetch("FRONTEND_URL") }
    config.filter_parameters += [:password, :secret, :_key, :auth, :crypt, :salt, :certificate, :otp, :access, :private,
                                 :protected, :ssn, /\A(?!.*\bwebsite_token\b).*token/i]
    config.log_level = ENV.fetch("LOG_LEVEL", "info").to_sym
    config.logger = ActiveSupport::Logger.new($stdout) if ENV["RAILS_LOG_TO_STDOUT"].present?
    config.middleware.use Rack::Attack
    config.middleware.use Standin
  end
end
