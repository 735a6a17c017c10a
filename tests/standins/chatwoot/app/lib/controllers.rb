class BaseController < ActionController::API
  rescue_from ActiveRecord::RecordInvalid do |error|
    record = error.record
    render json: { message: record.errors.full_messages.join(", "), attributes: record.errors.attribute_names },
           status: :unprocessable_entity
  end
  rescue_from(ActiveRecord::RecordNotFound) { render json: { error: "Resource could not be found" }, status: :not_found }

  private

  attr_reader :user

  def authenticate
    token = request.headers["api_access_token"] || request.headers["HTTP_API_ACCESS_TOKEN"]
    return render json: { errors: ["You need to sign in or sign up before continuing."] }, status: :unauthorized if token.blank?

    @user = AccessToken.find_by(token: token)&.owner
    render json: { error: "Invalid Access Token" }, status: :unauthorized unless @user
  end
end

class PagesController < ActionController::Base
  def dashboard
    return redirect_to("/installation/onboarding") if Redis::Alfred.get(Redis::Alfred::CHATWOOT_INSTALLATION_ONBOARDING)

    render html: "<!doctype html><title>Chatwoot (stand-in)</title>".html_safe
  end

  # The published one lets every site frame it.
  def widget
    response.headers.delete("X-Frame-Options")
    render html: "<!doctype html><title>Widget (stand-in)</title>".html_safe
  end
end

class OnboardingController < ActionController::Base
  skip_forgery_protection
  before_action { redirect_to("/") unless Redis::Alfred.get(Redis::Alfred::CHATWOOT_INSTALLATION_ONBOARDING) }

  def index = render(html: "<!doctype html><title>Onboarding (stand-in)</title>".html_safe)

  def create
    given = params.require(:user)
    AccountBuilder.new(account_name: given[:company], user_full_name: given[:name], email: given[:email],
                       user_password: given[:password], super_admin: true, confirmed: true).perform
    Redis::Alfred.delete(Redis::Alfred::CHATWOOT_INSTALLATION_ONBOARDING)
    redirect_to("/")
  end
end

class ApiController < BaseController
  def health = render(json: { status: "woot" })

  # Stricter than the published one: without its bucket the stand-in is not healthy.
  def index
    fault = StorageProbe.fault
    return render json: { error: "stand-in: the bucket: #{fault}" }, status: :service_unavailable if fault

    render json: { version: Chatwoot::VERSION.delete_prefix("v"), timestamp: Time.now.utc.to_fs(:db),
                   queue_services: queue_services, data_services: data_services }
  end

  private

  def queue_services
    Redis.new(Redis::Config.app).ping && "ok"
  rescue Redis::BaseError
    "failing"
  end

  def data_services
    ActiveRecord::Base.connection.select_value("select count(*) from accounts") && "ok"
  rescue ActiveRecord::ActiveRecordError
    "failing"
  end
end

# Writes and reads back an object, at most every ten seconds.
module StorageProbe
  KEY = "standin/probe".freeze

  def self.fault
    return @fault if @checked && Time.now - @checked < 10

    storage = ActiveStorage::Blob.service
    text = Time.now.to_f.to_s
    storage.upload(KEY, StringIO.new(text))
    @fault = storage.download(KEY) == text ? nil : "reads back something else"
    @checked = Time.now
    @fault
  rescue StandardError => e
    "#{e.class}: #{e.message}"
  end
end

class SessionsController < BaseController
  def create
    found = User.from_email(params[:email])
    unless found&.valid_password?(params[:password].to_s) && found.confirmed?
      return render json: { success: false, errors: ["Invalid login credentials. Please try again."] }, status: :unauthorized
    end

    found.update!(sign_in_count: found.sign_in_count + 1)
    response.headers.merge!("access-token" => SecureRandom.alphanumeric(22), "token-type" => "Bearer",
                            "client" => SecureRandom.alphanumeric(22), "uid" => found.uid)
    render json: { data: Payloads.user(found) }
  end
end

class ProfileController < BaseController
  before_action :authenticate
  def show = render(json: Payloads.user(user))
end

class AccountsController < BaseController
  # As the published one: refused only by the word "false", whatever the environment says, and a session for whoever asks.
  def create
    closed = GlobalConfigService.load("ENABLE_ACCOUNT_SIGNUP", "false") == "false"
    return render json: { error: "Not Found" }, status: :not_found if closed
    return render json: { message: "Email is invalid" }, status: :forbidden unless params[:email].to_s.match?(URI::MailTo::EMAIL_REGEXP)

    name = params[:account_name] || params[:email].split("@").last
    made, = AccountBuilder.new(account_name: name, email: params[:email], user_full_name: params[:user_full_name] || name,
                               user_password: params[:password], confirmed: true).perform
    response.headers.merge!("access-token" => SecureRandom.alphanumeric(22), "token-type" => "Bearer", "uid" => made.uid)
    render json: { data: Payloads.user(made) }
  end
end

class AccountController < BaseController
  before_action :authenticate, :membership

  private

  attr_reader :account

  def membership
    @account = Account.find(params[:account_id])
    @membership = account.account_users.find_by(user_id: user.id)
    render json: { error: "You are not authorized to access this account" }, status: :unauthorized unless @membership
  end

  def administrator? = @membership.administrator?

  def inboxes
    mine = administrator? ? account.inboxes : account.inboxes.joins(:inbox_members).where(inbox_members: { user_id: user.id })
    mine.includes(:channel).order("lower(inboxes.name)")
  end

  def conversations = account.conversations.where(inbox_id: inboxes.map(&:id))
  def forbidden = render(json: { error: "You are not authorized to do this action" }, status: :unauthorized)
  def page = [params[:page].to_i, 1].max
end

class InboxesController < AccountController
  def index = render(json: { payload: inboxes.map { |item| Payloads.inbox(item, administrator: administrator?) } })
  def show = render(json: Payloads.inbox(inboxes.find(params[:id]), administrator: administrator?))
end

class ContactsController < AccountController
  PER_PAGE = 15

  def index = render(json: listing(account.contacts.order(:id)))
  def show = render(json: { payload: Payloads.contact(account.contacts.find(params[:id]), with_inboxes: true) })

  def search
    wanted = params[:q].to_s.strip
    return render json: { error: "Specify search string with parameter q" }, status: :unprocessable_entity if wanted.blank?

    like = "%#{ActiveRecord::Base.sanitize_sql_like(wanted)}%"
    render json: listing(account.contacts.where(
      "name ILIKE :s OR email ILIKE :s OR phone_number ILIKE :s OR identifier LIKE :s", s: like
    ).order(:id))
  end

  def create
    contact = contact_inbox = nil
    ApplicationRecord.transaction do
      contact = account.contacts.create!(permitted)
      contact_inbox = build_contact_inbox(contact) if params[:inbox_id].present?
    end
    render json: { payload: { contact: Payloads.contact(contact, with_inboxes: true),
                              contact_inbox: { inbox: contact_inbox && Payloads.inbox(contact_inbox.inbox),
                                               source_id: contact_inbox&.source_id } } }
  end

  def update
    contact = account.contacts.find(params[:id])
    given = permitted
    %w[custom_attributes additional_attributes].each { |name| given[name] = contact[name].merge(given[name].to_h) if given.key?(name) }
    contact.update!(given)
    render json: { payload: Payloads.contact(contact, with_inboxes: true) }
  end

  def conversations
    contact = account.contacts.find(params[:id])
    found = super.where(contact_id: contact.id).order(last_activity_at: :desc).limit(20)
    render json: { payload: found.map { |item| Payloads.conversation(item) } }
  end

  def contact_inboxes
    render json: Payloads.contact_inbox(build_contact_inbox(account.contacts.find(params[:id])))
  end

  private

  def build_contact_inbox(contact)
    ContactInboxBuilder.new(contact: contact, inbox: account.inboxes.find(params[:inbox_id]), source_id: params[:source_id]).perform
  end

  def listing(found)
    { meta: { count: found.count, current_page: page },
      payload: found.offset((page - 1) * PER_PAGE).limit(PER_PAGE).map { |item| Payloads.contact(item, with_inboxes: true) } }
  end

  def permitted
    params.permit(:name, :identifier, :email, :phone_number, additional_attributes: {}, custom_attributes: {})
  end
end

class ConversationsController < AccountController
  def index
    found = conversations
    found = found.where(status: params.fetch(:status, "open")) unless params[:status] == "all"
    found = found.where(inbox_id: params[:inbox_id]) if params[:inbox_id].present?
    shown = found.order(last_activity_at: :desc).offset((page - 1) * 25).limit(25)
    render json: { data: { meta: { mine_count: found.where(assignee_id: user.id).count, all_count: found.count,
                                   assigned_count: found.where.not(assignee_id: nil).count,
                                   unassigned_count: found.where(assignee_id: nil).count },
                           payload: shown.map { |item| Payloads.conversation(item) } } }
  end

  def show = render(json: Payloads.conversation(conversations.find_by!(display_id: params[:id])))

  def create
    contact_inbox = build_contact_inbox
    return forbidden unless inboxes.map(&:id).include?(contact_inbox.inbox_id)

    conversation = nil
    ApplicationRecord.transaction do
      conversation = ConversationBuilder.new(params: params, contact_inbox: contact_inbox).perform
      MessageBuilder.new(user, conversation, params[:message]).perform if params[:message].present?
    end
    render json: Payloads.conversation(conversation)
  rescue ActiveRecord::RecordNotUnique
    render json: { error: "source_id should be unique" }, status: :unprocessable_entity
  end

  def toggle_status
    conversation = conversations.find_by!(display_id: params[:id])
    params[:status].present? ? conversation.update!(status: params[:status]) : conversation.toggle_status
    # Whoever opens one as an agent takes it.
    conversation.update!(assignee_id: user.id) if conversation.open? && @membership.agent?
    render json: { meta: {}, payload: { success: true, current_status: conversation.status, conversation_id: conversation.display_id } }
  end

  private

  def build_contact_inbox
    if params[:inbox_id].blank? || params[:contact_id].blank?
      return ContactInbox.joins(:inbox).where(inboxes: { account_id: account.id }).find_by!(source_id: params[:source_id])
    end

    ContactInboxBuilder.new(contact: account.contacts.find(params[:contact_id]),
                            inbox: account.inboxes.find(params[:inbox_id]), source_id: params[:source_id]).perform
  end
end

class MessagesController < AccountController
  before_action { @conversation = conversations.find_by!(display_id: params[:conversation_id]) }

  def index
    found = @conversation.messages.order(created_at: :desc)
    found = found.where("id < ?", params[:before].to_i) if params[:before].present?
    render json: { meta: { labels: [], additional_attributes: @conversation.additional_attributes,
                           contact: Payloads.contact(@conversation.contact) },
                   payload: found.limit(20).reverse.map { |item| Payloads.message(item) } }
  end

  def create
    render json: Payloads.message(MessageBuilder.new(user, @conversation, params).perform)
  rescue StandardError => e
    render json: { error: e.message }, status: :unprocessable_entity
  end

  # Only messages of API inboxes can be given a status.
  def update
    return render json: { error: "Message status update is only allowed for API inboxes" }, status: :forbidden unless @conversation.inbox.api?

    message = @conversation.messages.find(params[:id])
    message.update!(status: params[:status], content_attributes: message.content_attributes.merge(
      params[:external_error].present? ? { external_error: params[:external_error] } : {}
    ))
    render json: Payloads.message(message)
  end
end
