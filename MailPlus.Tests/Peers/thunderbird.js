// Runs inside Thunderbird, before each script of ThunderbirdTests: names for what the scripts use.
const { MailServices } = ChromeUtils.importESModule("resource:///modules/MailServices.sys.mjs");

const server = () => MailServices.accounts.allServers.find(one => one.type === "imap");
const inbox = () => server().rootFolder.getFolderWithFlags(Ci.nsMsgFolderFlags.Inbox);
const folder = name => server().rootFolder.descendants.find(one => one.name === name);
const subjects = where => [...where.messages].map(message => message.subject);
const bySubject = (where, subject) => [...where.messages].find(message => message.subject === subject);

// Waits until an answer is truthy.
const eventually = async ask => {
  for (let tries = 0; tries < 600; tries++) {
    const answer = ask();
    if (answer) {
      return answer;
    }
    await new Promise(resolve => setTimeout(resolve, 100));
  }
  throw new Error(`still not: ${ask}`);
};

// Starts something that reports its end to a listener, and waits for that end.
const finished = start => new Promise((resolve, reject) => {
  const end = status => (status === 0 ? resolve() : reject(new Error(`ended with 0x${(status >>> 0).toString(16)}`)));
  start({
    QueryInterface: ChromeUtils.generateQI(["nsIUrlListener", "nsIMsgCopyServiceListener"]),
    OnStartRunningUrl() {},
    OnStopRunningUrl: (url, status) => end(status),
    onStartCopy() {},
    onProgress() {},
    setMessageKey() {},
    getMessageId: () => null,
    onStopCopy: end,
  });
});

// The source of a message, fetched from the server.
const source = message => new Promise((resolve, reject) => {
  const uri = message.folder.getUriForMsg(message);
  let text = "";
  MailServices.messageServiceFromURI(uri).streamMessage(uri, {
    QueryInterface: ChromeUtils.generateQI(["nsIStreamListener"]),
    onStartRequest() {},
    onDataAvailable(request, stream, offset, count) {
      const reader = Cc["@mozilla.org/scriptableinputstream;1"].createInstance(Ci.nsIScriptableInputStream);
      reader.init(stream);
      text += reader.read(count);
    },
    onStopRequest: (request, status) => (status === 0 ? resolve(text) : reject(new Error(`reading ended with ${status}`))),
  }, null, null, false, "");
});

// Subjects of the messages whose text contains words, found by the server.
const search = (where, words) => new Promise((resolve, reject) => {
  const session = Cc["@mozilla.org/messenger/searchSession;1"].createInstance(Ci.nsIMsgSearchSession);
  const hits = [];
  session.addScopeTerm(Ci.nsMsgSearchScope.onlineMail, where);
  const term = session.createTerm();
  term.attrib = Ci.nsMsgSearchAttrib.Body;
  term.op = Ci.nsMsgSearchOp.Contains;
  const value = term.value;
  value.attrib = term.attrib;
  value.str = words;
  term.value = value;
  session.appendTerm(term);
  session.registerListener({
    QueryInterface: ChromeUtils.generateQI(["nsIMsgSearchNotify"]),
    onNewSearch() {},
    onSearchHit: hit => hits.push(hit.subject),
    onSearchDone: status => (status === 0 ? resolve(hits) : reject(new Error(`searching ended with ${status}`))),
  });
  session.search(null);
});

// Sends a message as the account's own identity; a copy goes to its folder of sent mail.
const send = async (to, subject, text) => {
  const account = MailServices.accounts.accounts.find(one => one.incomingServer.type === "imap");
  const fields = Cc["@mozilla.org/messengercompose/composefields;1"].createInstance(Ci.nsIMsgCompFields);
  fields.from = account.defaultIdentity.fullAddress;
  fields.to = to;
  fields.subject = subject;
  let failure = null;
  await Cc["@mozilla.org/messengercompose/send;1"].createInstance(Ci.nsIMsgSend).createAndSendMessage(
    null, account.defaultIdentity, account.key, fields, false, false, Ci.nsIMsgCompDeliverMode.Now, null, "text/plain", text, null, null,
    {
      QueryInterface: ChromeUtils.generateQI(["nsIMsgSendListener"]),
      onStartSending() {},
      onSendProgress() {},
      onStatus() {},
      onGetDraftFolderURI() {},
      onStopSending: (id, status) => { failure = status === 0 ? failure : `sending ended with ${status}`; },
      onSendNotPerformed() { failure = "not sent"; },
      onTransportSecurityError() { failure = "the certificate was refused"; },
    },
    "", null, Ci.nsIMsgCompType.New);
  if (failure) {
    throw new Error(failure);
  }
};

// Finds the settings for an address as the dialog for new accounts does, tries them and makes the account.
const setUp = async ({ name, address, password, certificate }) => {
  const load = module => ChromeUtils.importESModule(`resource:///modules/accountcreation/${module}.sys.mjs`)[module];
  const search = load("FindConfig").parallelAutoDiscovery(address.split("@")[1], address, new AbortController().signal, password);
  const found = (await search.next()).value;
  if (!found) {
    throw new Error("no settings were found");
  }
  load("AccountConfig").replaceVariables(found, name, address, password);
  found.rememberPassword = true;

  // What the user says to the warning about a certificate that no authority issued.
  const made = Cc["@mozilla.org/security/x509certdb;1"].getService(Ci.nsIX509CertDB).constructX509FromBase64(certificate);
  const exceptions = Cc["@mozilla.org/security/certoverride;1"].getService(Ci.nsICertOverrideService);
  for (const one of [found.incoming, found.outgoing]) {
    exceptions.rememberValidityOverride(one.hostname, one.port, {}, made, true);
  }
  const verifier = new (load("ConfigVerifier"))(null, new AbortController().signal);
  const right = await verifier.verifyConfig(found, false);
  verifier.cleanup();
  await load("CreateInBackend").createAccountInBackend(right);
  const { incoming, outgoing } = right;
  return { source: right.subSource, incoming: [incoming.type, incoming.hostname, incoming.port, incoming.username], outgoing: [outgoing.hostname, outgoing.port] };
};
