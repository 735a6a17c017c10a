# Chatwoot's tables and columns, as far as the stand-in uses them.
ActiveRecord::Schema.define(version: 2025_09_22_000000) do
  %w[pg_stat_statements pg_trgm pgcrypto plpgsql vector].each { |name| enable_extension name }

  create_table :accounts, id: :serial do |t|
    t.string :name, null: false
    t.integer :locale, default: 0
    t.integer :status, default: 0
    t.timestamps
  end
  create_table :users, id: :serial do |t|
    t.string :provider, default: "email", null: false
    t.string :uid, default: "", null: false
    t.string :encrypted_password, default: "", null: false
    t.string :name, null: false
    t.string :display_name
    t.string :email
    t.string :type
    t.string :pubsub_token
    t.json :tokens
    t.datetime :confirmed_at
    t.integer :sign_in_count, default: 0, null: false
    t.timestamps
    t.index :email
    t.index %i[uid provider], unique: true
  end
  create_table :account_users do |t|
    t.bigint :account_id
    t.bigint :user_id
    t.integer :role, default: 0
    t.integer :availability, default: 0, null: false
    t.boolean :auto_offline, default: true, null: false
    t.timestamps
    t.index %i[account_id user_id], unique: true
  end
  create_table :access_tokens do |t|
    t.string :owner_type
    t.bigint :owner_id
    t.string :token
    t.timestamps
    t.index :token, unique: true
  end
  create_table :channel_api do |t|
    t.integer :account_id, null: false
    t.string :webhook_url
    t.string :identifier
    t.string :hmac_token
    t.boolean :hmac_mandatory, default: false
    t.jsonb :additional_attributes, default: {}
    t.timestamps
  end
  create_table :inboxes, id: :serial do |t|
    t.integer :channel_id, null: false
    t.string :channel_type
    t.integer :account_id, null: false
    t.string :name, null: false
    t.boolean :enable_auto_assignment, default: true
    t.boolean :lock_to_single_conversation, default: false, null: false
    t.boolean :allow_messages_after_resolved, default: true
    t.string :timezone, default: "UTC"
    t.timestamps
  end
  create_table :inbox_members, id: :serial do |t|
    t.integer :user_id, null: false
    t.integer :inbox_id, null: false
    t.timestamps
    t.index %i[inbox_id user_id], unique: true
  end
  create_table :contacts, id: :serial do |t|
    t.integer :account_id, null: false
    t.string :name, default: ""
    t.string :email
    t.string :phone_number
    t.string :identifier
    t.jsonb :additional_attributes, default: {}
    t.jsonb :custom_attributes, default: {}
    t.datetime :last_activity_at
    t.timestamps
    t.index %i[phone_number account_id]
    t.index %i[identifier account_id], unique: true
    t.index %i[email account_id], unique: true
  end
  create_table :contact_inboxes do |t|
    t.bigint :contact_id
    t.bigint :inbox_id
    t.string :source_id, null: false
    t.boolean :hmac_verified, default: false
    t.string :pubsub_token
    t.timestamps
    t.index %i[inbox_id source_id], unique: true
  end
  create_table :conversations, id: :serial do |t|
    t.integer :account_id, null: false
    t.integer :inbox_id, null: false
    t.integer :status, default: 0, null: false
    t.integer :assignee_id
    t.bigint :contact_id
    t.bigint :contact_inbox_id
    t.integer :display_id, null: false
    t.uuid :uuid, default: -> { "gen_random_uuid()" }, null: false
    t.jsonb :additional_attributes, default: {}
    t.jsonb :custom_attributes, default: {}
    t.datetime :last_activity_at, default: -> { "CURRENT_TIMESTAMP" }, null: false
    t.datetime :waiting_since
    t.timestamps
    t.index %i[account_id display_id], unique: true
  end
  create_table :messages, id: :serial do |t|
    t.text :content
    t.integer :account_id, null: false
    t.integer :inbox_id, null: false
    t.integer :conversation_id, null: false
    t.integer :message_type, null: false
    t.boolean :private, default: false, null: false
    t.integer :status, default: 0
    t.string :source_id
    t.integer :content_type, default: 0, null: false
    t.jsonb :content_attributes, default: {}
    t.jsonb :additional_attributes, default: {}
    t.string :sender_type
    t.bigint :sender_id
    t.timestamps
    t.index :source_id
  end
  create_table :attachments, id: :serial do |t|
    t.integer :file_type, default: 0
    t.integer :message_id, null: false
    t.integer :account_id, null: false
    t.timestamps
  end
  create_table :installation_configs do |t|
    t.string :name, null: false
    t.jsonb :serialized_value, default: {}, null: false
    t.boolean :locked, default: true, null: false
    t.timestamps
    t.index :name, unique: true
  end
  create_table :active_storage_blobs do |t|
    t.string :key, null: false
    t.string :filename, null: false
    t.string :content_type
    t.text :metadata
    t.string :service_name, null: false
    t.bigint :byte_size, null: false
    t.string :checksum
    t.datetime :created_at, null: false
    t.index :key, unique: true
  end
  create_table :active_storage_attachments do |t|
    t.string :name, null: false
    t.string :record_type, null: false
    t.bigint :record_id, null: false
    t.bigint :blob_id, null: false
    t.datetime :created_at, null: false
  end
  # The stand-in's own: what the worker delivered.
  create_table :standin_deliveries do |t|
    t.string :url
    t.string :event
    t.integer :message_id
    t.integer :status
    t.timestamps
  end
end
