class AccountBuilder
  def initialize(account_name:, email:, user_full_name:, user_password:, super_admin: false, confirmed: false)
    @account_name, @email, @name, @password = account_name, email, user_full_name, user_password
    @super_admin, @confirmed = super_admin, confirmed
  end

  def perform
    ApplicationRecord.transaction do
      account = Account.create!(name: @account_name)
      user = User.new(email: @email, name: @name, password: @password, password_confirmation: @password)
      user.type = "SuperAdmin" if @super_admin
      user.confirm if @confirmed
      user.save!
      AccountUser.create!(account_id: account.id, user_id: user.id, role: "administrator")
      [user, account]
    end
  end
end

class ContactInboxBuilder
  def initialize(contact:, inbox:, source_id: nil) = (@contact, @inbox, @source_id = contact, inbox, source_id)

  def perform
    source_id = @source_id.presence || SecureRandom.uuid
    ContactInbox.where(contact_id: @contact.id, inbox_id: @inbox.id, source_id: source_id).first_or_create!
  end
end

# An inbox that is locked to a single conversation reopens nothing here: the last one of the contact is used.
class ConversationBuilder
  def initialize(params:, contact_inbox:) = (@params, @contact_inbox = params, contact_inbox)

  def perform
    found = @contact_inbox.conversations.order(:id).last if @contact_inbox.inbox.lock_to_single_conversation?
    found || Conversation.create!(
      account_id: @contact_inbox.inbox.account_id, inbox_id: @contact_inbox.inbox_id,
      contact_id: @contact_inbox.contact_id, contact_inbox_id: @contact_inbox.id,
      status: @params[:status].presence || "open", assignee_id: @params[:assignee_id],
      additional_attributes: @params[:additional_attributes]&.to_unsafe_h || {},
      custom_attributes: @params[:custom_attributes]&.to_unsafe_h || {}
    )
  end
end

class MessageBuilder
  def initialize(user, conversation, params) = (@user, @conversation, @params = user, conversation, params)

  def perform
    type = @params[:message_type].presence || "outgoing"
    raise "Incoming messages are only allowed in Api inboxes" if type == "incoming" && !@conversation.inbox.api?

    message = @conversation.messages.build(
      account_id: @conversation.account_id, inbox_id: @conversation.inbox_id, message_type: type,
      content: @params[:content], private: @params[:private].to_s == "true", source_id: @params[:source_id],
      sender: type == "outgoing" ? @user : @conversation.contact, content_type: @params[:content_type].presence || "text",
      content_attributes: @params[:content_attributes].is_a?(ActionController::Parameters) ? @params[:content_attributes].to_unsafe_h : {}
    )
    attach(message)
    message.save!
    message
  end

  private

  def attach(message)
    Array(@params[:attachments]).each do |file|
      kind = file.content_type.to_s[%r{\A(image|audio|video)/}, 1] || "file"
      message.attachments.build(account_id: message.account_id, file_type: kind, file: file)
    end
  end
end
