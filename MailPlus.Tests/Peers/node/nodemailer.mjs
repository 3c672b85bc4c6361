// Submission with nodemailer: an HTML message with an attachment and an inline image, to one reachable and one unknown recipient.
import assert from 'node:assert/strict';
import nodemailer from 'nodemailer';

const { PORT, SECURE, ADDRESS, PASSWORD, TO, SUBJECT } = process.env;
const secure = SECURE === '1';
const transport = nodemailer.createTransport({
  host: '127.0.0.1', port: Number(PORT), secure, requireTLS: !secure, auth: { user: ADDRESS, pass: PASSWORD }, tls: { rejectUnauthorized: false },
});
assert.ok(await transport.verify());
const info = await transport.sendMail({
  from: { name: '노드 메일러', address: ADDRESS }, to: TO, bcc: ADDRESS, subject: SUBJECT, text: '안녕하세요', html: '<p>안녕하세요 <img src="cid:dot"></p>',
  attachments: [
    { filename: '견적서.pdf', content: Buffer.alloc(70_000, 0x41), contentType: 'application/pdf' },
    { filename: 'dot.png', content: Buffer.from('89504e470d0a1a0a', 'hex'), contentType: 'image/png', cid: 'dot' },
  ],
});
assert.deepEqual(info.accepted.sort(), [TO, ADDRESS].sort());
assert.match(info.response, /^250 /);

await assert.rejects(
  transport.sendMail({ from: ADDRESS, to: `nobody-here@${ADDRESS.split('@')[1]}`, subject: 'no', text: 'no' }),
  error => error.responseCode === 550);
transport.close();

const wrong = nodemailer.createTransport({
  host: '127.0.0.1', port: Number(PORT), secure, requireTLS: !secure, auth: { user: ADDRESS, pass: 'wrong' }, tls: { rejectUnauthorized: false },
});
await assert.rejects(wrong.verify(), error => error.code === 'EAUTH' && error.responseCode === 535);
console.log(JSON.stringify({ ok: true, messageId: info.messageId }));
