"""A stand-in for Lowcoder: users in MongoDB, sessions in Redis, the super administrator from the environment."""

from __future__ import annotations

import hashlib
import os
import threading
import time
import uuid
from http.cookies import SimpleCookie

import pymongo
import redis
from web import Answer, Request, Site

COOKIE = os.environ.get("LOWCODER_COOKIE_NAME", "LOWCODER_CE_SELFHOST_TOKEN")
HOURS = int(os.environ.get("LOWCODER_COOKIE_MAX_AGE", "24"))
ADMIN = os.environ["LOWCODER_SUPERUSER_USERNAME"]
ANONYMOUS = {"id": "", "name": "ANONYMOUS", "isAnonymous": True}

database = pymongo.MongoClient(os.environ["LOWCODER_MONGODB_URL"], serverSelectionTimeoutMS=2000).get_default_database()
sessions = redis.Redis.from_url(os.environ["LOWCODER_REDIS_URL"], decode_responses=True, socket_timeout=2)


def answer(data, code: int = 1, message: str = "", status: int = 200, headers: dict | None = None) -> Answer:
    """Return what Lowcoder wraps every answer in."""
    body = {"code": code, "message": message, "data": data, "success": code == 1}
    return Answer(status, body, headers or {})


def digest(password: str, salt: str) -> str:
    """Return what is stored of a password."""
    return hashlib.pbkdf2_hmac("sha256", password.encode(), salt.encode(), 10000).hex()


def keep_administrator() -> None:
    """Make the super administrator, or set its password again, as Lowcoder does at every start."""
    salt = uuid.uuid4().hex
    password = digest(os.environ["LOWCODER_SUPERUSER_PASSWORD"], salt)
    found = database.user.find_one({"name": ADMIN})
    changes = {"name": ADMIN, "salt": salt, "password": password, "superAdmin": True}
    database.user.update_one({"_id": found["_id"] if found else uuid.uuid4().hex}, {"$set": changes}, upsert=True)


def health(_request: Request) -> Answer:
    """Be up only while both datastores take a write and give it back."""
    token = uuid.uuid4().hex
    try:
        database.healthProbe.update_one({"_id": "probe"}, {"$set": {"token": token}}, upsert=True)
        sessions.set(token, "probe", px=5000)
        sessions.info("server")
        kept = database.healthProbe.find_one({"_id": "probe"})["token"]
        is_up = kept == token and sessions.get(token) == "probe" and sessions.delete(token) == 1
    except (pymongo.errors.PyMongoError, redis.RedisError) as error:
        print(f"health: {error}", flush=True)
        is_up = False
    state = "UP" if is_up else "DOWN"
    components = {name: {"status": state} for name in ("mongo", "ping", "redis")}
    return Answer(200 if is_up else 503, {"status": state, "components": components})


def login(request: Request) -> Answer:
    """Log somebody in, or make an account where that is open."""
    wanted = request.body
    user = database.user.find_one({"name": wanted["loginId"]})
    if wanted.get("register"):
        if os.environ.get("LOWCODER_EMAIL_SIGNUP_ENABLED", "true") != "true":
            return answer(None, 5003, "Bad request.", 400)
        if user:
            return answer(None, 5607, "The email already exists.", 403)
        salt = uuid.uuid4().hex
        user = {"_id": uuid.uuid4().hex, "name": wanted["loginId"], "salt": salt, "superAdmin": False}
        database.user.insert_one({**user, "password": digest(wanted["password"], salt)})
    elif not user or user["password"] != digest(wanted["password"], user["salt"]):
        return answer(None, 5608, "Invalid email or password.", 403)
    token = uuid.uuid4().hex
    sessions.set(token, user["_id"], px=HOURS * 3600 * 1000)
    return answer(True, headers={"Set-Cookie": f"{COOKIE}={token}; Path=/; Max-Age={HOURS * 3600}; HttpOnly"})


def token_of(request: Request) -> str:
    """Return the session's token."""
    cookies = SimpleCookie(request.headers.get("Cookie", ""))
    return cookies[COOKIE].value if COOKIE in cookies else ""


def me(request: Request) -> Answer:
    """Say who asks."""
    token = token_of(request)
    owner = sessions.get(token) if token else None
    user = database.user.find_one({"_id": owner}) if owner else None
    if not user:
        return answer(ANONYMOUS)
    sessions.pexpire(token, HOURS * 3600 * 1000)
    return answer({"id": user["_id"], "name": user["name"], "isAnonymous": False, "superAdmin": user["superAdmin"]})


def logout(request: Request) -> Answer:
    """End a session."""
    if token := token_of(request):
        sessions.delete(token)
    return answer(True)


def warm(_request: Request) -> Answer:
    """Answer the health check from outside, which looks how long a mark in Redis lives."""
    return answer(sessions.pttl("warmUpKey"))


def keep_warm() -> None:
    """Write a mark into Redis every two minutes; what Redis says to that goes into the log."""
    while True:
        try:
            sessions.set("#warmup", "1")
            print("warm-up: written", flush=True)
        except redis.RedisError as error:
            print(f"warm-up: {error}", flush=True)
        time.sleep(120)


def main() -> None:
    """Start as soon as MongoDB lets it in, and serve."""
    while True:
        try:
            keep_administrator()
            break
        except pymongo.errors.PyMongoError as error:
            print(f"MongoDB: {error}", flush=True)
            time.sleep(1)
    threading.Thread(target=keep_warm, daemon=True).start()
    Site(
        3000,
        {
            ("HEAD", "/api/state/healthCheck"): warm,
            ("GET", "/"): lambda _request: Answer(200, "Lowcoder (stand-in)"),
            ("GET", "/api/status/health"): health,
            ("GET", "/api/status/prometheus"): lambda _request: Answer(200, "jvm_threads_live_threads 1.0\n"),
            ("GET", "/api/status/metrics"): lambda _request: Answer(200, {"names": []}),
            ("POST", "/api/auth/form/login"): login,
            ("POST", "/api/auth/logout"): logout,
            ("GET", "/api/users/me"): me,
        },
    ).run()


if __name__ == "__main__":
    main()
