require "net/http"

class ApplicationJob < ActiveJob::Base; end

class EventDispatcherJob < ApplicationJob
  queue_as :critical

  def perform(event, message_id)
    message = Message.find_by(id: message_id)
    return unless message

    broadcast(event, message)
    url = message.inbox.channel.try(:webhook_url)
    return if url.blank? || !message.webhook_sendable?

    WebhookJob.perform_later(url, Payloads.message_webhook(message).merge(event: event).as_json)
  end

  private

  def broadcast(event, message)
    tokens = message.account.users.where.not(pubsub_token: nil).pluck(:pubsub_token)
    tokens.each do |token|
      ActionCable.server.broadcast(token, { event: event.sub("_", "."), data: Payloads.message_event(message) })
    end
  end
end

# One try; the message of an API inbox that could not be delivered is marked as failed.
class WebhookJob < ApplicationJob
  queue_as :medium

  def perform(url, payload)
    status = post(URI(url), payload)
    Delivery.create!(url: url.sub(%r{//[^/]*@}, "//").sub(/\?.*/, ""), event: payload["event"], message_id: payload["id"], status: status)
  end

  private

  def post(uri, payload)
    answer = Net::HTTP.start(uri.host, uri.port, use_ssl: uri.scheme == "https", open_timeout: 5, read_timeout: 5) do |http|
      request = Net::HTTP::Post.new(uri.request_uri, "content-type" => "application/json", "accept" => "application/json")
      request.basic_auth(*[uri.user, uri.password].map { |part| CGI.unescape(part.to_s) }) if uri.user
      request.body = payload.to_json
      http.request(request)
    end
    lost(uri, payload, "#{answer.code} #{answer.message}") unless answer.is_a?(Net::HTTPSuccess)
    answer.code.to_i
  rescue SystemCallError, SocketError, Timeout::Error => e
    lost(uri, payload, e.message)
    0
  end

  # The published one writes the whole address into its log, with the password that stands in it.
  def lost(uri, payload, error)
    mark_failed(payload, error)
    Rails.logger.warn "Exception: Invalid webhook URL #{uri} : #{error}"
  end

  def mark_failed(payload, error)
    return unless %w[message_created message_updated].include?(payload["event"])

    message = Message.find_by(id: payload["id"])
    message&.update_columns(status: :failed, content_attributes: message.content_attributes.merge(external_error: error))
  end
end
