"""Who somebody is: accounts, sessions, API keys, signing in."""

from denwaban.access.accounts import add_user, disable_user, list_users, set_password, user
from denwaban.access.keys import list_api_keys, make_api_key, principal_of_key, revoke_api_key
from denwaban.access.lookup import Lookup
from denwaban.access.model import (
    LONGEST,
    AccessError,
    ApiKey,
    Principal,
    Role,
    Session,
    SignInRefused,
    TooManyTries,
    User,
)
from denwaban.access.rows import TOPIC
from denwaban.access.secret import Hashed, hash_password, new_password
from denwaban.access.sessions import (
    end_sessions,
    open_session,
    principal_of_session,
    sessions_of,
    sign_out,
)
from denwaban.access.signing_in import sign_in

__all__ = [
    "LONGEST",
    "TOPIC",
    "AccessError",
    "ApiKey",
    "Hashed",
    "Lookup",
    "Principal",
    "Role",
    "Session",
    "SignInRefused",
    "TooManyTries",
    "User",
    "add_user",
    "disable_user",
    "end_sessions",
    "hash_password",
    "list_api_keys",
    "list_users",
    "make_api_key",
    "new_password",
    "open_session",
    "principal_of_key",
    "principal_of_session",
    "revoke_api_key",
    "sessions_of",
    "set_password",
    "sign_in",
    "sign_out",
    "user",
]
