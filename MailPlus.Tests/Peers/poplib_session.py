"""A POP3 session with Python's own poplib; asserts what it sees, prints 'ok' at the end. The INBOX holds COUNT messages."""
import os
import poplib
import ssl

context = ssl.create_default_context()
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
host, port, address, password = "127.0.0.1", int(os.environ["PORT"]), os.environ["ADDRESS"], os.environ["PASSWORD"]
count = int(os.environ["COUNT"])


def connect():
    if os.environ["SECURE"] == "1":
        return poplib.POP3_SSL(host, port, context=context)
    box = poplib.POP3(host, port)
    assert "STLS" in box.capa()
    box.stls(context=context)
    return box


box = connect()
capabilities = box.capa()
assert {"TOP", "UIDL", "PIPELINING", "RESP-CODES", "AUTH-RESP-CODE", "LANG", "UTF8", "USER", "SASL"} <= set(capabilities), capabilities
assert "SCRAM-SHA-256-PLUS" in capabilities["SASL"] and "STLS" not in capabilities, capabilities
box.user(address)
try:
    box.pass_("wrong password")
    raise SystemExit("a wrong password was accepted")
except poplib.error_proto as refused:
    assert "[AUTH]" in str(refused), refused
box.user(address)
box.pass_(password)
messages, octets = box.stat()
assert messages == count, messages
sizes = [int(line.split()[1]) for line in box.list()[1]]
ids = [line.split()[1] for line in box.uidl()[1]]
assert len(sizes) == count and sum(sizes) == octets and len(set(ids)) == count
for n in range(1, count + 1):
    lines = box.retr(n)[1]
    assert sum(len(line) + 2 for line in lines) == sizes[n - 1], (n, sizes[n - 1], lines)
    assert b".leading dot" in lines, lines
    top = box.top(n, 1)[1]
    assert top == lines[: lines.index(b"") + 2], top
box.dele(1)
assert box.stat()[0] == count - 1
box.rset()
box.dele(count)
box.quit()

box = connect()
box.utf8()
box.user(address)
box.pass_(password)
assert [line.split()[1] for line in box.uidl()[1]] == ids[:-1]
box.dele(1)
box.close()  # without QUIT nothing is deleted
box = connect()
box.user(address)
for attempt in range(100):
    try:
        box.pass_(password)
        break
    except poplib.error_proto as refused:
        assert "[IN-USE]" in str(refused), refused
        box.user(address)
assert box.stat()[0] == count - 1
box.quit()
print("ok")
