"""Mail servers (aiosmtpd) and web addresses (http.server), each with a habit; prints one JSON line for what it is sent.

post.py CERTIFICATE KEY [PORT]: all at free ports, but for the plain mail server, which takes PORT where it is given.
"""

import asyncio
import json
import ssl
import sys
import threading
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword


def tell(**what):
    print(json.dumps(what), flush=True)


class Habit:
    """A mail server's handler. Of `grey`, `cut` and `slow` each address is treated so once."""

    def __init__(self, name):
        self.name = name
        self.seen = set()

    def first(self, address):
        is_first = address not in self.seen
        self.seen.add(address)
        return is_first

    async def handle_RCPT(self, server, session, envelope, address, options):
        if self.name == "refuse":
            return "550 5.1.1 no such user here"
        if self.name == "grey" and self.first(address):
            return "451 4.7.1 greylisted, come back later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        address = envelope.rcpt_tos[0]
        if self.name == "cut" and self.first(address):
            tell(event="cut", to=address)
            server.transport.abort()
            return "451 never sent"
        message = message_from_bytes(envelope.content, policy=policy.default)
        tell(
            event="mail",
            server=self.name,
            to=address,
            sender=envelope.mail_from,
            subject=message["Subject"],
            id=message["Message-ID"],
            auto=message["Auto-Submitted"],
            body=message.get_content(),
            tls=server.transport.get_extra_info("ssl_object") is not None,
            user=session.auth_data.decode() if session.auth_data else "",
        )
        if self.name == "slow" and self.first(address):
            await asyncio.sleep(4)
        return "250 2.0.0 queued"


def authenticate(server, session, envelope, mechanism, data):
    is_good = isinstance(data, LoginPassword) and (data.login, data.password) == (b"plant", b"secret")
    # The name alone: the password belongs nowhere.
    return AuthResult(success=is_good, handled=False, auth_data=data.login if is_good else None)


async def mail_servers(context, plain_port):
    loop, ports = asyncio.get_running_loop(), {}
    for name in ["plain", "refuse", "grey", "cut", "slow", "starttls", "tls"]:
        more = {}
        if name == "starttls":
            more = dict(tls_context=context, require_starttls=True, authenticator=authenticate, auth_required=True)
        if name == "tls":
            more = dict(authenticator=authenticate, auth_require_tls=False)
        habit = Habit(name)
        server = await loop.create_server(
            lambda habit=habit, more=more: SMTP(habit, hostname="localhost", enable_SMTPUTF8=True, loop=loop, **more),
            "127.0.0.1",
            plain_port if name == "plain" else 0,
            ssl=context if name == "tls" else None,
        )
        ports[name] = server.sockets[0].getsockname()[1]
    return ports


class Web(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    busy = set()

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        status = {"/refuse": 400, "/elsewhere": 302}.get(self.path, 200)
        if self.path == "/busy" and self.path not in Web.busy:
            Web.busy.add(self.path)
            status = 503
        if self.path == "/token" and headers.get("authorization") != "Bearer hush":
            status = 401
        tell(event="post", path=self.path, status=status, headers=headers, body=json.loads(body))
        answer = b"so be it"
        self.send_response(status)
        self.send_header("Content-Length", str(len(answer)))
        if status == 302:
            self.send_header("Location", "http://127.0.0.1:1/")
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


def web(context):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Web)
    if context:
        # The hand-shake is each connection's own business: one that says nothing must not hold up the next.
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


async def main():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[1], sys.argv[2])
    ports = await mail_servers(context, int(sys.argv[3]) if len(sys.argv) > 3 else 0)
    tell(event="listening", http=web(None), https=web(context), **ports)
    await asyncio.Event().wait()


asyncio.run(main())
