"""PURE: a way in which a person or an organisation is reached."""

from msgspec import Struct


class Contact(Struct, frozen=True, kw_only=True):
    """One contact method as the desk uses it; `priority` 1 is tried first."""

    id: int
    channel: str
    address: str
    language: str
    priority: int = 1
    organisation_id: int | None = None
    """whose method it is, or whose person on duty"""
    person_id: int | None = None
