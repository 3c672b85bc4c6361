using System.Text;
using MailPlus.Engine.Mime;
using MailPlus.Engine.Sieve.Language;
using MailPlus.Engine.Sieve.Runtime;
using MailPlus.Tests.Sieve;

namespace MailPlus.Tests.Fuzz.Inputs;

/// <summary>Scripts of Sieve: read, compiled, run on a message, and done. A script may be wrong, never a fault.</summary>
internal sealed class SieveReader : FuzzReader
{
    private const string Message =
        "From: =?utf-8?q?J=C3=BCrgen?= <juergen@example.net>\r\nTo: kim+lists@example.test, (c) \"a b\"@example.org\r\nCc: group: x@y.test;\r\nSubject: [list] a long subject\r\nDate: Tue, 24 Nov 2026 10:00:00 +0900\r\n"
        + "Message-ID: <1@example.net>\r\nX-Spam: yes; 3.2\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nHello \u00e9\r\n"
        + "--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\nContent-Type: text/html\r\n\r\n<b>bold</b>\r\n--b\r\nContent-Type: image/png; name=\"p.png\"\r\nContent-Disposition: attachment\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA\r\n--b--\r\n";

    public override IReadOnlyList<byte[]> Seeds { get; } = Text(
        "require [\"fileinto\", \"envelope\", \"imap4flags\", \"copy\", \"mailbox\"];\r\nif anyof (header :contains [\"Subject\", \"X-Spam\"] [\"list\", \"no\"], not address :all :is \"from\" \"a@b.test\", size :over 2K) {\r\n  addflag [\"\\\\Seen\", \"label\"];\r\n  fileinto :create :copy :flags \"\\\\Flagged\" \"Lists/한글\";\r\n} elsif envelope :localpart \"to\" \"kim\" { keep; } else { discard; }\r\nstop;",
        "require [\"variables\", \"relational\", \"comparator-i;ascii-numeric\", \"regex\", \"date\", \"index\", \"subaddress\"];\nset :upperfirst :length \"ab\" \"x\";\nset :lower \"name\" \"${1}X${global}\";\nif header :regex \"subject\" \"^\\\\[([a-z]+)\\\\] (.*)$\" { set \"n\" \"${1}-${2}\"; }\nif header :matches :index 1 :last \"Received\" \"*from *\" { set \"f\" \"${2}\"; }\nif string :value \"gt\" :comparator \"i;ascii-numeric\" \"${n}\" \"10\" { stop; }\nif currentdate :zone \"+0900\" :is \"weekday\" [\"0\", \"6\"] { keep; }\nif date :originalzone \"date\" \"hour\" \"10\" { keep; }\nif address :user \"to\" \"kim\" { keep; }",
        "require [\"vacation\", \"vacation-seconds\", \"enotify\", \"reject\", \"ereject\", \"fcc\", \"duplicate\", \"environment\"];\nvacation :days 3 :subject \"away\" :addresses [\"kim@example.test\"] :handle \"h\" :fcc \"Sent\" text:\nI am away.\n..\n.\n;\nif not duplicate :seconds 60 :header \"Message-ID\" { notify :importance \"1\" :message \"new\" \"mailto:a@b.test?subject=x&cc=c%40d.test&body=b\"; }\nif environment :contains \"domain\" \"test\" { reject \"no\"; }",
        "require [\"mime\", \"foreverypart\", \"extracttext\", \"variables\", \"replace\", \"enclose\", \"editheader\", \"body\", \"encoded-character\"];\nforeverypart :name \"l\" { if header :mime :param \"name\" :contains \"Content-Type\" \".png\" { extracttext :first 10 \"t\"; replace \"gone\"; break :name \"l\"; } }\nenclose :subject \"s\" :headers \"X-A: b\" \"text\";\naddheader :last \"X-New\" \"${hex:41 42}${unicode:AC00}\";\ndeleteheader :index 1 :contains \"X-Spam\" \"yes\";\nif body :content \"text\" :contains \"Hello\" { keep; }\nif exists :mime :anychild \"Content-Disposition\" { stop; }",
        "require [\"include\", \"ihave\", \"variables\", \"special-use\", \"mailboxid\", \"mboxmetadata\", \"servermetadata\", \"extlists\", \"spamtest\", \"spamtestplus\", \"virustest\", \"fileinto\", \"mailbox\", \"copy\", \"relational\"];\nglobal [\"g\"];\ninclude :personal :once :optional \"other\";\nif ihave \"nothing\" { nothing :at \"all\"; } elsif true { error \"e\"; }\nif specialuse_exists \"INBOX\" [\"\\\\Junk\"] { fileinto :specialuse \"\\\\Junk\" \"Spam\"; }\nif metadata \"INBOX\" \"/private/comment\" \"x\" { redirect :copy \"a@b.test\"; }\nif allof(servermetadataexists \"/shared/admin\", mailboxexists \"INBOX\", mailboxidexists \"F1\") { return; }\nif spamtest :percent :value \"ge\" :comparator \"i;ascii-casemap\" \"50\" { discard; }\nif header :list \"from\" \":addrbook:default\" { keep; }\nif valid_ext_list \"urn:x:y\" { keep; }");

    public override IReadOnlyList<string> Words { get; } =
    [
        "if ", "elsif ", "else ", "not ", "anyof (", "allof (", "{", "}", ";", "[\"a\", \"b\"]", "text:\r\n", "\r\n.\r\n", "/*", "*/", "#", "require \"variables\";", ":matches ", ":regex ", ":count \"ge\" ",
        "${0}", "${unicode:10FFFF}", "${hex:ff fe}", "${a.b}", "*?*?*", "(a|b|ab)*c", "[[:alpha:]]+", "\\\\", "9999999999G", "foreverypart {", "set \"a\" \"${a}${a}\";", "stop;", "keep;", "redirect \"x@y.test\";",
    ];

    public override async ValueTask ReadAsync(byte[] input, Random random)
    {
        var text = OctetText.Read(input);
        Xunit.Assert.True(input.AsSpan().SequenceEqual(OctetText.Write(text)), "octets were lost");
        var problems = new SieveProblems();
        var script = SieveCompiler.Compile(text, SieveDialect.Standard, IncludedScripts.None, problems);
        Xunit.Assert.True(script is null == problems.HasErrors, "neither a script nor a reason");
        if (script is null)
        {
            return;
        }

        var world = new SuiteWorld(System.IO.Path.GetTempPath());
        await using var message = await SieveMessage.ReadAsync(MessageContent.FromMemory(Encoding.UTF8.GetBytes(Message)), default);
        var run = new SieveRun(message, new SieveEnvelope("juergen@example.net", "kim+lists@example.test"), world, SieveDialect.Standard);
        try
        {
            await run.RunAsync(script, default);
        }
        catch (SieveRuntimeException)
        {
            return;
        }

        await new SieveExecution(run, world).ExecuteAsync(default);
        Xunit.Assert.True(world.Mailboxes.Values.Sum(mailbox => mailbox.Count) <= run.Limits.Actions + 1 && world.Sent.Count <= 2 * run.Limits.Actions, "more was done than may be");
    }
}
