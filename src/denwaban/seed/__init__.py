"""The example installation: for the first minutes, and to learn from."""

from denwaban.seed.acts import plant
from denwaban.seed.companies import COMPANIES
from denwaban.seed.model import Credentials, Seat, SignIn

__all__ = ["COMPANIES", "Credentials", "Seat", "SignIn", "plant"]
