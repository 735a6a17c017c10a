Rails.application.routes.draw do
  post "/api/v2/accounts", to: "accounts#create", defaults: { format: "json" }
  mount ActionCable.server => "/cable"
  root to: "pages#dashboard"
  get "/app/*rest", to: "pages#dashboard"
  get "/widget", to: "pages#widget"
  get "/super_admin/sign_in", to: "pages#dashboard"
  get "/installation/onboarding", to: "onboarding#index"
  post "/installation/onboarding", to: "onboarding#create"
  get "/health", to: "api#health"
  get "/api", to: "api#index"
  post "/auth/sign_in", to: "sessions#create"

  scope "/api/v1", defaults: { format: "json" } do
    get "profile", to: "profile#show"
    post "accounts", to: "accounts#create"
    scope "accounts/:account_id" do
      resources :inboxes, only: [:index, :show]
      resources :contacts, only: [:index, :show, :create, :update] do
        get :search, on: :collection
        get :conversations, on: :member
        post :contact_inboxes, on: :member
      end
      resources :conversations, only: [:index, :show, :create] do
        post :toggle_status, on: :member
        resources :messages, only: [:index, :create, :update]
      end
    end
  end
end
