require "bcrypt"

class ApplicationRecord < ActiveRecord::Base
  self.abstract_class = true
end

class AccessToken < ApplicationRecord
  has_secure_token :token
  belongs_to :owner, polymorphic: true
end

class InstallationConfig < ApplicationRecord
  after_commit { GlobalConfig.clear_cache }
  def value = serialized_value["value"]

  def value=(given)
    self.serialized_value = { "value" => given }
  end
end

class Account < ApplicationRecord
  LOCALES = %w[en ar nl fr de hi it ja ko pt ru zh es ml ca el pt_BR].freeze
  enum :locale, LOCALES
  enum :status, { active: 0, suspended: 1 }
  validates :name, presence: true
  has_many :account_users
  has_many :users, through: :account_users
  has_many :inboxes
  has_many :contacts
  has_many :conversations
  # A trigger does it in the published schema.
  after_create { self.class.connection.execute("create sequence if not exists conv_dpid_seq_#{Integer(id)}") }
  def webhook_data = { id: id, name: name }
end

class User < ApplicationRecord
  attr_reader :password
  attr_accessor :password_confirmation

  has_many :account_users
  has_many :accounts, through: :account_users
  has_many :inbox_members
  has_many :inboxes, through: :inbox_members
  has_one :access_token, as: :owner
  has_secure_token :pubsub_token
  validates :email, presence: true, uniqueness: { case_sensitive: false }, format: URI::MailTo::EMAIL_REGEXP
  validates :name, presence: true
  validates :password, length: { in: 6..128 }, confirmation: true, if: :password
  validate :password_has_required_content, if: :password
  before_validation do
    self.email = email&.downcase
    self.uid = email if new_record?
  end
  before_save { self.encrypted_password = BCrypt::Password.create(password, cost: 8) if password }
  after_create { AccessToken.create!(owner: self) }
  after_save { @password = nil }

  def self.from_email(email) = find_by(email: email&.downcase)

  def password=(value)
    @password = value
    encrypted_password_will_change!
  end

  def valid_password?(value) = encrypted_password.present? && BCrypt::Password.new(encrypted_password) == value
  def confirmed? = confirmed_at.present?
  def skip_confirmation! = self.confirmed_at = Time.now.utc
  def confirm = (skip_confirmation!; new_record? || save)
  def available_name = display_name.presence || name
  def webhook_data = { id: id, name: name, email: email, type: "user" }
  def push_event_data = { id: id, name: name, available_name: available_name, avatar_url: "", type: "user", thumbnail: "" }

  private

  def password_has_required_content
    { "an uppercase letter" => /[A-Z]/, "a lowercase letter" => /[a-z]/, "a number" => /[0-9]/,
      "a special character" => /[^A-Za-z0-9]/ }.each do |name, pattern|
      errors.add(:password, "must contain at least 1 #{name.split(' ', 2)[1]}") unless password.match?(pattern)
    end
  end
end

class SuperAdmin < User; end

class AccountUser < ApplicationRecord
  belongs_to :account
  belongs_to :user
  enum :role, { agent: 0, administrator: 1 }
  enum :availability, { online: 0, offline: 1, busy: 2 }
  validates :user_id, uniqueness: { scope: :account_id }
end

module Channel; end

class Channel::Api < ApplicationRecord
  self.table_name = "channel_api"
  belongs_to :account
  has_one :inbox, as: :channel
  has_secure_token :identifier
  has_secure_token :hmac_token
  validates :webhook_url, length: { maximum: 2048 }
end

class Inbox < ApplicationRecord
  belongs_to :account
  belongs_to :channel, polymorphic: true
  has_many :inbox_members
  has_many :members, through: :inbox_members, source: :user
  has_many :contact_inboxes
  has_many :conversations
  validates :name, presence: true, format: { with: %r{\A[^/\\<>@]*\z} }
  def api? = channel_type == "Channel::Api"
  def webhook_data = { id: id, name: name }
end

class InboxMember < ApplicationRecord
  belongs_to :user
  belongs_to :inbox
  validates :user_id, uniqueness: { scope: :inbox_id }
end

class Contact < ApplicationRecord
  belongs_to :account
  has_many :contact_inboxes
  has_many :conversations
  validates :email, allow_blank: true, uniqueness: { scope: :account_id, case_sensitive: false }
  validates :identifier, allow_blank: true, uniqueness: { scope: :account_id }
  validates :phone_number, allow_blank: true, uniqueness: { scope: :account_id },
                           format: { with: /\A\+[1-9]\d{1,14}\z/, message: "should be in e164 format" }
  before_validation { %i[email identifier phone_number].each { |name| self[name] = self[name].presence } }
end

class ContactInbox < ApplicationRecord
  belongs_to :contact
  belongs_to :inbox
  has_many :conversations
  has_secure_token :pubsub_token
end

class Conversation < ApplicationRecord
  belongs_to :account
  belongs_to :inbox
  belongs_to :contact
  belongs_to :contact_inbox
  belongs_to :assignee, class_name: "User", optional: true
  has_many :messages
  enum :status, { open: 0, resolved: 1, pending: 2, snoozed: 3 }
  before_create do
    self.display_id = self.class.connection.select_value("select nextval('conv_dpid_seq_#{Integer(account_id)}')")
  end

  def toggle_status
    update!(status: open? ? :resolved : :open)
  end
end

class Message < ApplicationRecord
  belongs_to :account
  belongs_to :inbox
  belongs_to :conversation
  belongs_to :sender, polymorphic: true, optional: true
  has_many :attachments
  enum :message_type, { incoming: 0, outgoing: 1, activity: 2, template: 3 }
  enum :content_type, { text: 0, input_text: 1, input_select: 4, cards: 5, form: 6, article: 7 }
  enum :status, { sent: 0, delivered: 1, read: 2, failed: 3 }
  after_create do
    conversation.update!({ last_activity_at: created_at }.merge(incoming? && conversation.resolved? ? { status: :open } : {}))
  end
  after_create_commit { EventDispatcherJob.perform_later("message_created", id) }
  after_update_commit { EventDispatcherJob.perform_later("message_updated", id) }
  def webhook_sendable? = incoming? || outgoing? || template?
end

class Attachment < ApplicationRecord
  belongs_to :message
  has_one_attached :file
  enum :file_type, { image: 0, audio: 1, video: 2, file: 3 }
end

class Delivery < ApplicationRecord
  self.table_name = "standin_deliveries"
end
