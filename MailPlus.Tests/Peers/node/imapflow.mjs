// Daily use of a mailbox with imapflow: append, list, search, flags, move, idle. Prints one JSON object; fails with a message.
import assert from 'node:assert/strict';
import { ImapFlow } from 'imapflow';

const { PORT, SECURE, ADDRESS, PASSWORD } = process.env;
const options = {
  host: '127.0.0.1', port: Number(PORT), secure: SECURE === '1', auth: { user: ADDRESS, pass: PASSWORD },
  tls: { rejectUnauthorized: false }, logger: false,
};
const client = new ImapFlow(options);
await client.connect();

const special = (await client.list()).map(m => m.specialUse).filter(Boolean).sort();
for (const use of ['\\Drafts', '\\Junk', '\\Sent', '\\Trash', '\\Archive', '\\Inbox']) assert.ok(special.includes(use), `no ${use} in ${special}`);

await client.mailboxCreate('imapflow 받은편지');
const names = (await client.list()).map(m => m.path);
assert.ok(names.includes('imapflow 받은편지'), names.join());

const text = n => `From: Flow <flow@example.net>\r\nTo: ${ADDRESS}\r\nSubject: =?utf-8?B?${Buffer.from(`주문 ${n}`).toString('base64')}?=\r\n`
  + `Message-ID: <flow-${n}@example.net>\r\nDate: Tue, 24 Nov 2026 10:00:0${n} +0000\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n`
  + `Content-Transfer-Encoding: 8bit\r\n\r\n본문 ${n}\r\n`;
for (let n = 0; n < 5; n++) {
  const done = await client.append('imapflow 받은편지', text(n), n % 2 ? ['\\Seen'] : []);
  assert.equal(done.uid, n + 1, 'UIDPLUS gives the UID of an appended message');
}

const lock = await client.getMailboxLock('imapflow 받은편지');
try {
  assert.equal(client.mailbox.exists, 5);
  const subjects = [];
  for await (const m of client.fetch('1:*', { uid: true, flags: true, envelope: true, bodyStructure: true, source: true, size: true })) {
    subjects.push(m.envelope.subject);
    assert.equal(m.bodyStructure.type, 'text/plain');
    assert.equal(m.source.length, m.size, 'RFC822.SIZE is the length of BODY[]');
    assert.equal(m.flags.has('\\Seen'), m.uid % 2 === 0);
  }
  assert.deepEqual(subjects, [0, 1, 2, 3, 4].map(n => `주문 ${n}`));
  assert.deepEqual(await client.search({ seen: false }, { uid: true }), [1, 3, 5]);
  assert.deepEqual(await client.search({ body: '본문 3' }, { uid: true }), [4]);
  assert.ok(await client.messageFlagsAdd('1:2', ['\\Flagged', 'Important'], { uid: true }));
  assert.deepEqual(await client.search({ keyword: 'Important' }, { uid: true }), [1, 2]);
  const moved = await client.messageMove('1', 'Archive', { uid: true });
  assert.equal(moved.uidMap.size, 1, 'MOVE answers COPYUID');
  assert.ok(await client.messageDelete('2', { uid: true }));
  assert.equal((await client.status('imapflow 받은편지', { messages: true })).messages, 3);
} finally {
  lock.release();
}

// What another session appends is announced to an idling one.
const watcher = new ImapFlow(options);
await watcher.connect();
await watcher.mailboxOpen('imapflow 받은편지');
const announced = new Promise((resolve, reject) => {
  watcher.on('exists', event => resolve(event.count));
  setTimeout(() => reject(new Error('no EXISTS within 30 s')), 30_000).unref();
});
const idle = watcher.idle();
await client.append('imapflow 받은편지', text(7));
assert.equal(await announced, 4);
await watcher.logout();
await idle.catch(() => {});

await client.mailboxRename('imapflow 받은편지', 'imapflow moved');
await client.mailboxDelete('imapflow moved');
await client.logout();
console.log(JSON.stringify({ ok: true }));
