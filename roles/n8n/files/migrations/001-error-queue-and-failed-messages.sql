-- Tables of the integrations, beside n8n's own, which are n8n's business alone.

-- What could not be done and waits for somebody to replay it.
CREATE TABLE integration.error_queue (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    workflow text NOT NULL,
    step text NOT NULL,
    message_key text NOT NULL,
    payload jsonb NOT NULL,
    error text NOT NULL,
    attempts integer NOT NULL DEFAULT 1,
    status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'replaying', 'delivered', 'abandoned')),
    next_attempt_at timestamptz
);
CREATE INDEX error_queue_by_status ON integration.error_queue (status, created_at);
-- One message waits once, however often it fails.
CREATE UNIQUE INDEX error_queue_open ON integration.error_queue (workflow, message_key)
    WHERE status IN ('pending', 'replaying');

-- Replies that WhatsApp did not take in time; those over its limit are sent again by themselves.
CREATE TABLE integration.failed_messages (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    workflow text NOT NULL,
    step text NOT NULL,
    message_key text NOT NULL,
    instance text NOT NULL,
    payload jsonb NOT NULL,
    error text NOT NULL,
    attempts integer NOT NULL DEFAULT 1,
    status text NOT NULL DEFAULT 'rate_limited' CHECK (status IN ('rate_limited', 'sending', 'delivered', 'failed')),
    next_attempt_at timestamptz
);
CREATE INDEX failed_messages_by_status ON integration.failed_messages (status, next_attempt_at);
CREATE UNIQUE INDEX failed_messages_open ON integration.failed_messages (workflow, message_key)
    WHERE status IN ('rate_limited', 'sending');

-- Which message here is which one there, and how far its delivery has come.
CREATE TABLE integration.sent_messages (
    whatsapp_id text PRIMARY KEY,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    instance text NOT NULL,
    account_id bigint NOT NULL,
    conversation_id bigint NOT NULL,
    message_id bigint NOT NULL,
    status text NOT NULL DEFAULT 'sent'
);
CREATE INDEX sent_messages_by_message ON integration.sent_messages (message_id);
