"""What callers of a client ask again and again, and what is answered in the client's words (FAQ); the search over it.

The search index of the seat lies here too: entries are put into it by this slice, nodes of scripts by `scripts`.
"""

from denwaban.knowledge.acts import NoSuchFaq, add_faq, change_faq, remove_faq, restore_faq
from denwaban.knowledge.model import Author, Bound, Content, Faq, veiled
from denwaban.knowledge.queries import Found, faq, faqs_page, find
from denwaban.knowledge.rows import FAQ, NODE, index

__all__ = [
    "Author",
    "Bound",
    "Content",
    "FAQ",
    "Faq",
    "Found",
    "NODE",
    "NoSuchFaq",
    "add_faq",
    "change_faq",
    "faq",
    "faqs_page",
    "find",
    "index",
    "remove_faq",
    "restore_faq",
    "veiled",
]
