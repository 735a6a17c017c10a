# Makes Chatwoot what the inventory declares, in one transaction, and prints one line of JSON that says what changed.
# `rails runner -` reads it; a first line that is put before it gives `declared`, the settings as JSON in Base64.
# Names and columns are those of Chatwoot 4.6.
require "base64"
require "json"

class PlatformConfiguration
  ONBOARDING = Redis::Alfred::CHATWOOT_INSTALLATION_ONBOARDING

  attr_reader :changes

  def initialize(declared)
    @declared = declared
    @changes = []
  end

  def apply
    ActiveRecord::Base.transaction do
      keep_account
      keep_administrator
      keep_automation
      keep_inboxes
    end
    close_sign_up
    # Last: from here on nobody can make himself the first administrator.
    finish_onboarding
  end

  private

  def keep_account
    wanted = @declared.fetch("account")
    number = Integer(wanted.fetch("id"))
    @account = Account.find_by(id: number)
    raise "there is no account #{number}, but there are others" if @account.nil? && Account.exists?

    # By its number: a sequence is not rolled back with what failed after it, so it cannot be relied on for one.
    @account ||= Account.new(id: number)
    made = @account.new_record?
    keep(@account, "account", name: wanted.fetch("name"), locale: wanted.fetch("locale"))
    Account.connection.reset_pk_sequence!(Account.table_name) if made
  end

  def keep_administrator
    wanted = @declared.fetch("admin")
    user = user_of(wanted)
    unless user.persisted? && user.valid_password?(wanted.fetch("password"))
      user.password = user.password_confirmation = wanted.fetch("password")
      # Whoever logged in with the old one has to log in again.
      user.tokens = {}
    end
    user.type = "SuperAdmin"
    keep(user, "administrator")
    keep(membership_of(user), "the administrator's membership", role: "administrator")
  end

  # Nobody logs in as this user, so nobody has to know the password.
  def keep_automation
    wanted = @declared.fetch("automation")
    @automation = user_of(wanted)
    if @automation.new_record?
      @automation.password = @automation.password_confirmation = "#{SecureRandom.alphanumeric(60)}aA1!"
    end
    keep(@automation, "automation user")
    # It is never online, so that no conversation is assigned to it.
    keep(membership_of(@automation), "the automation user's membership",
         role: wanted.fetch("role"), availability: "offline", auto_offline: false)
    keep_token(wanted.fetch("token"))
  end

  def keep_token(wanted)
    token = AccessToken.find_or_initialize_by(owner: @automation)
    holder = AccessToken.find_by(token: wanted)
    if holder && holder != token
      holder.regenerate_token
      @changes << "took the access token from its former holder"
    end
    keep(token, "access token", token: wanted)
  end

  def keep_inboxes
    @declared.fetch("inboxes").each do |wanted|
      inbox = @account.inboxes.find_by(channel_type: "Channel::Api", name: wanted.fetch("name"))
      channel = inbox&.channel || Channel::Api.new(account: @account)
      keep(channel, "webhook of inbox #{wanted['name']}", webhook_url: wanted.fetch("webhook_url"))
      inbox ||= Inbox.new(account: @account, channel: channel, name: wanted.fetch("name"))
      keep(inbox, "inbox #{wanted['name']}", lock_to_single_conversation: wanted.fetch("single_conversation"))
      member = InboxMember.find_or_initialize_by(inbox: inbox, user: @automation)
      keep(member, "the automation user's place in inbox #{wanted['name']}")
    end
  end

  # The word, not the boolean: Chatwoot compares with the word, so that the boolean false, which its own seed stores,
  # leaves sign-up open. What is stored wins over the environment.
  def close_sign_up
    setting = InstallationConfig.find_or_initialize_by(name: "ENABLE_ACCOUNT_SIGNUP")
    unless setting.persisted? && setting.value == "false"
      setting.value = "false"
      @changes << "closed sign-up"
      setting.save!
    end
    # Always: whoever wrote the row past the application left the old value in the cache, for a day.
    GlobalConfig.clear_cache
  end

  def finish_onboarding
    return unless Redis::Alfred.get(ONBOARDING)

    Redis::Alfred.delete(ONBOARDING)
    @changes << "closed the page that makes a first administrator"
  end

  def user_of(wanted)
    user = User.from_email(wanted.fetch("email")) || User.new(email: wanted.fetch("email"), name: wanted.fetch("name"))
    user.skip_confirmation! unless user.confirmed?
    user
  end

  def membership_of(user)
    AccountUser.find_or_initialize_by(account_id: @account.id, user_id: user.id)
  end

  def keep(record, what, **values)
    record.assign_attributes(values)
    return unless record.new_record? || record.changed?

    @changes << "#{record.new_record? ? 'made' : 'changed'} #{what}"
    record.save!
  end
end

begin
  configuration = PlatformConfiguration.new(JSON.parse(Base64.strict_decode64(declared)))
  configuration.apply
  puts({ changes: configuration.changes }.to_json)
rescue StandardError => e
  puts({ failed: "#{e.class}: #{e.message}" }.to_json)
  exit 1
end
