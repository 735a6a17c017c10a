# What Chatwoot's API and webhooks show of a record: presenters and JSON templates of the published image.
module Payloads
  module_function

  def contact(record, with_inboxes: false)
    shown = record.slice(:additional_attributes, :email, :id, :name, :phone_number, :identifier, :custom_attributes)
    shown.merge!("availability_status" => "offline", "thumbnail" => "", "blocked" => false,
                 "created_at" => record.created_at.to_i)
    shown["last_activity_at"] = record.last_activity_at.to_i if record.last_activity_at
    shown["contact_inboxes"] = record.contact_inboxes.map { |item| contact_inbox(item) } if with_inboxes
    shown
  end

  def contact_inbox(record) = { source_id: record.source_id, inbox: inbox(record.inbox) }

  def inbox(record, administrator: false)
    shown = record.slice(:id, :channel_id, :name, :channel_type, :enable_auto_assignment, :lock_to_single_conversation,
                         :allow_messages_after_resolved, :timezone)
    shown.merge!("avatar_url" => "", "phone_number" => nil)
    return shown unless record.api?

    shown["hmac_token"] = record.channel.hmac_token if administrator
    shown.merge("webhook_url" => record.channel.webhook_url, "inbox_identifier" => record.channel.identifier,
                "additional_attributes" => record.channel.additional_attributes)
  end

  def user(record)
    shown = record.slice(:id, :name, :email, :display_name, :uid, :provider, :pubsub_token, :type)
    memberships = record.account_users.includes(:account)
    shown.merge("access_token" => record.access_token.token, "account_id" => memberships.first&.account_id,
                "role" => memberships.first&.role, "confirmed" => record.confirmed?,
                "available_name" => record.available_name,
                "accounts" => memberships.map do |item|
                  { id: item.account_id, name: item.account.name, status: item.account.status, role: item.role,
                    availability: item.availability, auto_offline: item.auto_offline }
                end)
  end

  def conversation(record)
    last = record.messages.order(:created_at).last
    { meta: { sender: contact(record.contact), channel: record.inbox.channel_type,
              assignee: record.assignee&.push_event_data, hmac_verified: record.contact_inbox.hmac_verified }.compact,
      id: record.display_id, messages: [last && message_event(last)].compact, account_id: record.account_id,
      uuid: record.uuid, additional_attributes: record.additional_attributes, can_reply: true,
      custom_attributes: record.custom_attributes, inbox_id: record.inbox_id, labels: [], muted: false,
      status: record.status, created_at: record.created_at.to_i, timestamp: record.last_activity_at.to_i,
      last_activity_at: record.last_activity_at.to_i, unread_count: record.messages.incoming.count, priority: nil }
  end

  def message(record)
    { id: record.id, content: record.content, inbox_id: record.inbox_id,
      conversation_id: record.conversation.display_id, message_type: record.message_type_before_type_cast,
      content_type: record.content_type, status: record.status, content_attributes: record.content_attributes,
      created_at: record.created_at.to_i, private: record.private, source_id: record.source_id,
      sender: sender(record), attachments: attachments(record) }.compact
  end

  def message_event(record)
    record.attributes.except("additional_attributes").merge(
      "created_at" => record.created_at.to_i, "message_type" => record.message_type_before_type_cast,
      "conversation_id" => record.conversation.display_id, "sender" => sender(record),
      "attachments" => attachments(record)
    ).compact
  end

  def message_webhook(record)
    sender = record.sender
    { account: record.account.webhook_data, additional_attributes: record.additional_attributes,
      content_attributes: record.content_attributes, content_type: record.content_type, content: record.content,
      conversation: conversation_webhook(record.conversation), created_at: record.created_at, id: record.id,
      inbox: record.inbox.webhook_data, message_type: record.message_type, private: record.private,
      sender: sender.is_a?(Contact) ? contact_webhook(sender) : sender&.webhook_data, source_id: record.source_id
    }.merge({ attachments: attachments(record) }.compact)
  end

  def conversation_webhook(record)
    last = record.messages.where(private: false).order(:created_at).last
    { additional_attributes: record.additional_attributes, can_reply: true, channel: record.inbox.channel_type,
      contact_inbox: record.contact_inbox, id: record.display_id, inbox_id: record.inbox_id,
      messages: [last && message_event(last)].compact, labels: [],
      meta: { sender: contact_event(record.contact), assignee: record.assignee&.push_event_data, team: nil,
              hmac_verified: record.contact_inbox.hmac_verified },
      status: record.status, custom_attributes: record.custom_attributes, snoozed_until: nil,
      unread_count: record.messages.incoming.count, first_reply_created_at: nil, priority: nil,
      waiting_since: record.waiting_since.to_i, agent_last_seen_at: 0, contact_last_seen_at: 0,
      last_activity_at: record.last_activity_at.to_i, timestamp: record.last_activity_at.to_i,
      created_at: record.created_at.to_i, updated_at: record.updated_at.to_f }
  end

  def contact_event(record)
    record.slice(:additional_attributes, :custom_attributes, :email, :id, :identifier, :name, :phone_number)
          .merge("thumbnail" => "", "blocked" => false, "type" => "contact")
  end

  def contact_webhook(record)
    record.slice(:additional_attributes, :custom_attributes, :email, :id, :identifier, :name, :phone_number)
          .merge("account" => record.account.webhook_data, "avatar" => "", "thumbnail" => "", "blocked" => false)
  end

  def sender(record)
    return unless record.sender

    record.sender.is_a?(Contact) ? contact_event(record.sender) : record.sender.push_event_data
  end

  # The address is Chatwoot's own; it answers with a redirect to the object storage.
  def attachments(record)
    record.attachments.map do |item|
      address = Rails.application.routes.url_helpers.rails_blob_url(item.file)
      { id: item.id, message_id: record.id, file_type: item.file_type, account_id: item.account_id,
        extension: nil, data_url: address, thumb_url: item.image? ? address : "", file_size: item.file.byte_size }
    end.presence
  end
end
