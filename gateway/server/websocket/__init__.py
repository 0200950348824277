"""WebSockets: graphql-transport-ws.

endpoint     who may connect
places       how many may
connection   one connection: its operations and their limits
messages     the protocol's messages and close codes
channel      sends and receives them, within bounds
telling      the messages of one operation
"""

from gateway.server.websocket.channel import ConnectionLimits
from gateway.server.websocket.endpoint import WebSocketEndpoint

__all__ = ["ConnectionLimits", "WebSocketEndpoint"]
