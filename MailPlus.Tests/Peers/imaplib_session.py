"""Daily use of a mailbox with Python's own imaplib; asserts what it sees, prints 'ok' at the end."""
import imaplib
import os
import re
import ssl
import time

imaplib.Debug = 0
context = ssl.create_default_context()
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
host, port, address, password = "127.0.0.1", int(os.environ["PORT"]), os.environ["ADDRESS"], os.environ["PASSWORD"]


def ok(answer):
    assert answer[0] == "OK", answer
    return answer[1]


if os.environ["SECURE"] == "1":
    box = imaplib.IMAP4_SSL(host, port, ssl_context=context)
else:
    box = imaplib.IMAP4(host, port)
    ok(box.starttls(ssl_context=context))
try:
    box.login(address, "wrong password")
    raise SystemExit("a wrong password was accepted")
except imaplib.IMAP4.error as refused:
    assert "AUTHENTICATIONFAILED" in str(refused), refused
ok(box.authenticate("PLAIN", lambda _: b"\0" + address.encode() + b"\0" + password.encode()))
capabilities = ok(box.capability())[0].decode().upper().split()
assert {"IDLE", "UIDPLUS", "MOVE", "NAMESPACE"} <= set(capabilities), capabilities

ok(box.create("python"))
ok(box.subscribe("python"))
assert any(b"python" in line for line in ok(box.lsub())), "LSUB"
for n in range(10):
    text = (f"From: Py <py@example.net>\r\nTo: {address}\r\nSubject: python {n}\r\nMessage-ID: <py-{n}@example.net>\r\n"
            f"Date: Tue, 24 Nov 2026 10:00:{n:02d} +0000\r\n\r\nbody {n}\r\n.leading dot\r\n").encode()
    answer = ok(box.append("python", r"(\Seen)" if n % 2 else None, imaplib.Time2Internaldate(1_700_000_000 + n), text))
    assert re.search(rb"APPENDUID \d+ %d\b" % (n + 1), answer[0]), answer

assert ok(box.select("python")) == [b"10"]
assert ok(box.search(None, "UNSEEN")) == [b"1 3 5 7 9"]
assert ok(box.uid("SEARCH", None, 'SUBJECT "python 4"')) == [b"5"]
dates = ok(box.fetch("1", "(INTERNALDATE RFC822.SIZE)"))
assert time.mktime(imaplib.Internaldate2tuple(dates[0])) == 1_700_000_000, dates
body = ok(box.uid("FETCH", "3", "(BODY.PEEK[])"))[0][1]
assert body.endswith(b"body 2\r\n.leading dot\r\n"), body
part = ok(box.fetch("3", "(BODY.PEEK[TEXT]<2.3>)"))[0][1]
assert part == b"dy ", part
assert ok(box.search(None, "UNSEEN")) == [b"1 3 5 7 9"], "PEEK sets no flag"
ok(box.fetch("1", "(BODY[])"))
assert ok(box.search(None, "UNSEEN")) == [b"3 5 7 9"], "BODY[] sets \\Seen"
ok(box.store("2:4", "+FLAGS", r"(\Deleted Keyword)"))
assert ok(box.search(None, "KEYWORD Keyword")) == [b"2 3 4"]
assert len(ok(box.expunge())) == 3
assert ok(box.search(None, "ALL")) == [b"1 2 3 4 5 6 7"]
ok(box.uid("COPY", "1,5:*", "Archive"))
assert ok(box.status("Archive", "(MESSAGES UIDNEXT)"))[0].startswith(b"")
ok(box.close())
ok(box.rename("python", "python2"))
ok(box.delete("python2"))
box.logout()
print("ok")
