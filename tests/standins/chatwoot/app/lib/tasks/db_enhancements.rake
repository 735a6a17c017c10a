namespace :db do
  desc "Make the schema of an empty database and seed it; migrate another"
  task chatwoot_prepare: :environment do
    puts "statement_timeout: #{ActiveRecord::Base.connection.select_value('show statement_timeout')}"
    unless ActiveRecord::Base.connection.table_exists?("ar_internal_metadata")
      load "/app/lib/schema.rb"
      GlobalConfig.clear_cache
      InstallationConfig.create!(name: "ENABLE_ACCOUNT_SIGNUP", value: false)
      Redis::Alfred.set(Redis::Alfred::CHATWOOT_INSTALLATION_ONBOARDING, true)
    end
    puts "Loading Installation config"
  end
end
