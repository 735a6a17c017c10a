"""The variables that lowcoder-ce 2.7.4 knows, by its default.env and application.yaml."""

from __future__ import annotations

PUBLISHED = {
    "LOWCODER_DB_ENCRYPTION_PASSWORD": "lowcoder.org",
    "LOWCODER_DB_ENCRYPTION_SALT": "lowcoder.org",
    "LOWCODER_API_KEY_SECRET": "5a41b090758b39b226603177ef48d73ae9839dd458ccb7e66f7e7cc028d5a50b",
    "LOWCODER_NODE_SERVICE_SECRET": "62e348319ab9f5c43c3b5a380b4d82525cdb68740f21140e767989b509ab0aa2",
    "LOWCODER_NODE_SERVICE_SECRET_SALT": "lowcoder.org",
}
REQUIRED = (
    *PUBLISHED,
    "LOWCODER_MONGODB_URL",
    "LOWCODER_REDIS_URL",
    "LOWCODER_SUPERUSER_USERNAME",
    "LOWCODER_SUPERUSER_PASSWORD",
)
VARIABLES = {
    *REQUIRED,
    "APP_PROPERTIES",
    "CONTEXT_PATH",
    "JAVA_OPTS",
    *(
        f"LOWCODER_{name}"
        for name in (
            "ADMIN_SMTP_AUTH",
            "ADMIN_SMTP_HOST",
            "ADMIN_SMTP_PASSWORD",
            "ADMIN_SMTP_PORT",
            "ADMIN_SMTP_SSL_ENABLED",
            "ADMIN_SMTP_STARTTLS_ENABLED",
            "ADMIN_SMTP_STARTTLS_REQUIRED",
            "ADMIN_SMTP_USERNAME",
            "API_RATE_LIMIT",
            "API_SERVICE_ENABLED",
            "API_SERVICE_URL",
            "APP_SNAPSHOT_RETENTIONTIME",
            "COOKIE_MAX_AGE",
            "COOKIE_NAME",
            "CORS_DOMAINS",
            "CREATE_WORKSPACE_ON_SIGNUP",
            "DEFAULT_QUERY_TIMEOUT",
            "EMAIL_AUTH_ENABLED",
            "EMAIL_NOTIFICATIONS_SENDER",
            "EMAIL_SIGNUP_ENABLED",
            "FRONTEND_ENABLED",
            "MARKETPLACE_PRIVATE_MODE",
            "MAX_APPS_PER_ORG",
            "MAX_DEVELOPERS",
            "MAX_GROUPS_PER_ORG",
            "MAX_MEMBERS_PER_ORG",
            "MAX_ORGS_PER_USER",
            "MAX_QUERY_TIMEOUT",
            "MAX_REQUEST_SIZE",
            "MONGODB_ENABLED",
            "MONGODB_EXPOSED",
            "NODE_SERVICE_ENABLED",
            "NODE_SERVICE_URL",
            "PGID",
            "PLUGINS_DIR",
            "PUBLIC_URL",
            "PUID",
            "REDIS_ENABLED",
            "WORKSPACE_MODE",
        )
    ),
}
