"""What changes, and who watches it.

A change is told: by the gateway's own writes, and by a provider's webhooks. What is
watched by its id is read now and then, too, and a difference is a change. Whoever
watches sees it as their own credentials show it.

    change      Change: what a watcher is told
    notices     Notices: what providers say has changed, read again
    snapshots   what of an object is compared, and what is passed over
    schedule    Schedule: when to look again, within the provider's quota
    inbox       Inbox, Stream: what one watcher has yet to be told, within bounds
    reading     many objects of one provider, as one account sees them
    told        ToldQueue, Repeats: what waits to be read, and what was told last
    named       NamedObjects: what is watched by its id, and how it stood
    accounts    AccountWatch: all that is watched with one account's credentials
    shares      Shares: how much may be watched, by one caller and with one account
    hub         Changes: one for the process
"""

from gateway.changes.change import Change
from gateway.changes.hub import Changes
from gateway.changes.notices import Notices

__all__ = ["Change", "Changes", "Notices"]
